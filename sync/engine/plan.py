"""What a flow decides about a record: what the targets must hold for it, as a `Plan`.

Or it says why there is none (`Skipped`, `Waiting`). The executor alone carries plans out. A preview
prints them.
"""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from sync.core.errors import Missing
from sync.core.proof import Proof
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.engine.write import Removal, Result, TargetDocument, Write


class Part(TargetDocument):
    """A document that is written by another record, under that record's claim, as part of a plan.

    `kind` names what comes of it in the claim of the whole; `flow` is that of the other record.
    `lock`: parts of the same name are placed and written one at a time, as far as one process goes.
    """

    kind: str
    flow: ClassVar[str]

    @property
    @abstractmethod
    def lock(self) -> str:
        """The name of what takes it."""

    @abstractmethod
    async def place(self) -> str:
        """The key of the record that takes it now. Raises `Later` while none may."""

    @abstractmethod
    def record(self, key: str, not_after: datetime) -> Any:
        """What is handed to the other flow; nothing of it is sent after `not_after`."""


@dataclass(frozen=True)
class Notification:
    """A record of another flow that the plan gives reason to look at. `goes_on`: with what this
    delivery has begun; where a person asked for that, they ask for this."""

    flow: str
    key: str
    goes_on: bool = False


@dataclass(frozen=True)
class PassedOn(Skipped):
    """Nothing to do here, but records of other flows have reason to be looked at."""

    follow_ups: tuple[Notification, ...] = ()

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class OpenPoint:
    """What a person has to look at, although the record is delivered and others may go on.

    `remedy`: how it is brought right (`{number}` stands for the document's); `missing`: the rows of
    our configuration that would do it. `sums`: those of both systems, where they differ: such a
    record is listed as parked until they agree, or a person has decided on these very sums.
    """

    reason: str
    remedy: str
    sums: str = ""
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What the targets must hold for a record. `writes` are made in this order, each once.

    `digest` tells a changed record from the same one seen again; empty where that of its one write
    does. Without writes, the targets stay as they are. `shown_by`: what another record's documents
    show instead. `totals` prove the documents; `amounts` are what the trail shows of them, `notes`
    what a person should know beside them. `read` is the record as it was read, kept encrypted.
    `follow_ups` are stored in the end, `when_new` only when anything was created or adopted.
    `before` tells our own tables what was found before anything is written; `then` tells them what
    was written, and requires what depends on the new numbers. Both are safe to repeat.
    `starts_anew`: what the claim remembers is of another document: the last of a series such as a
    journal's lines, or one that is gone. `open_point`: what is left for a person; `look`, called
    last, tells whether it is still there by what the targets hold, and may ask them.
    """

    writes: tuple[Write | Removal | Part, ...]
    digest: str = ""
    shown_by: tuple[Result, ...] = ()
    totals: Proof | None = None
    amounts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    read: Any = None
    follow_ups: tuple[Notification, ...] = ()
    when_new: tuple[Notification, ...] = ()
    before: Callable[[], Awaitable[None]] | None = None
    then: Callable[[Sequence[Result]], Awaitable[None]] | None = None
    starts_anew: bool = False
    open_point: OpenPoint | None = None
    look: Callable[[], Awaitable[OpenPoint | None]] | None = None

    def requests(self) -> list[Request]:
        """What would be sent where the targets hold nothing of it yet."""
        made = (write for write in self.writes if not isinstance(write, Removal))
        return [request for write in made for request in write.requests()]


@dataclass(frozen=True)
class Delivered:
    """The targets hold what `plan` said; `results` are in the order of its writes. `open_point`:
    what is left for a person."""

    plan: Plan
    results: tuple[Result, ...]
    open_point: OpenPoint | None = None

    @property
    def digest(self) -> str:
        """What tells the record as it was delivered from a changed one."""
        return self.plan.digest or self.results[0].digest

    @property
    def number(self) -> str:
        """What people call the documents, all in one text; never read back."""
        return " + ".join(result.label or result.number for result in self.results)

    @property
    def action(self) -> str:
        """What was done in all: the first of these that was done about any write."""
        done = {result.action for result in self.results}
        return next((action for action in ACTIONS if action in done), "unchanged")

    @property
    def reason(self) -> str:
        """Why a person has to look at it; empty where nobody has to."""
        return self.open_point.reason if self.open_point else ""

    @property
    def remedy(self) -> str:
        """What that person does."""
        return self.open_point.remedy.replace("{number}", self.number) if self.open_point else ""

    @property
    def differs(self) -> str:
        """The sums of both systems, where they differ."""
        return self.open_point.sums if self.open_point else ""

    @property
    def follow_ups(self) -> tuple[Notification, ...]:
        """The records to look at now."""
        is_new = self.action in ("created", "adopted")
        return (*self.plan.follow_ups, *(self.plan.when_new if is_new else ()))


ACTIONS: Final = ("created", "adopted", "held", "released", "amended", "cancelled", "unchanged")
