"""What a target must hold for a record, as writes that can be looked for, made, completed and shown.

A flow decides: it returns a `Plan`, or says why there is none (`Skipped`, `Waiting`). The executor
alone carries plans out. A preview prints them, and shows what `create` would send.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Protocol

from sync.errors import Never
from sync.outcome import Skipped, Waiting

__all__ = [
    "Amendment",
    "Conflict",
    "Delivered",
    "Found",
    "Notification",
    "Part",
    "Plan",
    "Removal",
    "Request",
    "Result",
    "Skipped",
    "Target",
    "Waiting",
    "Write",
]


@dataclass(frozen=True)
class Target:
    """A system that is written to, and how long one of its writes may be under way.

    A write is sent within `send_within` of its announcement or not at all. It is given up after
    `write_timeout`. A write that was given up commits within `commit_horizon`, or never.
    """

    name: str
    send_within: timedelta
    write_timeout: timedelta
    commit_horizon: timedelta


@dataclass(frozen=True)
class Request:
    """One request as it would be sent; those of one document may travel in one changeset."""

    method: str
    path: str
    body: Mapping[str, Any] | None


@dataclass(frozen=True)
class Found:
    """A document as the target holds it.

    `number` is the target's key, `keys` are further keys to find it again; no personal data.
    `label` is what people call it beside others; empty where that is the number. `content` is what
    the write read, for its own use.
    """

    number: str
    keys: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    content: Any = None


class Conflict(Never):
    """The target's document cannot become what the plan says; `found` is what the target holds."""

    def __init__(self, reason: str, *, remedy: str, found: Any = None) -> None:
        super().__init__(reason, remedy=remedy)
        self.found = found


class Amendment(Protocol):
    """A change of a document that the target holds."""

    async def apply(self, not_after: datetime) -> None:
        """Send it, at the latest at `not_after`. Repeating it changes nothing more."""
        ...


class Write(ABC):
    """One document of a target, made once.

    `kind` names it in the claim and the trail. `refuses_second`: the target itself refuses a second
    document, by a key of ours; then nobody looks before the first try. `reference` leads a person
    to it. `digest` is of `document`, what the target holds once the plan has been carried out.
    """

    kind: ClassVar[str]
    action: ClassVar[str] = "created"
    target: Target
    refuses_second: bool = False

    @property
    @abstractmethod
    def reference(self) -> str:
        """Our reference, by which people and `find` know the document."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """The digest of `document`."""

    @property
    @abstractmethod
    def document(self) -> Any:
        """What the target is to hold, as JSON; kept encrypted and compared with later."""

    @property
    def placed(self) -> Any:
        """What `create` makes of it, where that is amended at once; otherwise `document`."""
        return self.document

    @property
    def placed_digest(self) -> str:
        """The digest of `placed`."""
        return self.digest

    @abstractmethod
    def requests(self) -> Sequence[Request]:
        """What `create` would send."""

    @abstractmethod
    async def find(self) -> Found | None:
        """The document by natural key and reference; None when the target does not hold it.

        Raises `Never` where the key belongs to another document: another currency, amount,
        account or reference. Both are named then.
        """

    @abstractmethod
    async def create(self, not_after: datetime) -> Found:
        """Send it, at the latest at `not_after`. Raises `AlreadyExists` where its key is taken."""

    async def find_taken(self) -> Found | None:
        """The document whose key `create` found taken; raises `Never` where it is another's."""
        return await self.find()

    def is_whole(self, found: Found) -> bool:
        """Whether what was found lacks nothing that `create` sends."""
        return found is not None

    async def complete(self, found: Found, not_after: datetime) -> Found:
        """Send what a half-made document lacks. Raises `Never` where the target refuses it now."""
        raise TypeError(f"{self.kind} is made by one request and cannot be half made: {found.number}")

    async def amendment(self, number: str, sent: Any | None) -> Amendment | None:
        """What differs from `sent`; None when nothing does. May read the target; writes nothing.

        `sent` is what was sent last, None where nobody knows. Raises `Conflict` where the target's
        state does not allow the change. Posted documents are never amended.
        """
        return None


class Removal(ABC):
    """A document of a target that must not be there any more."""

    kind: ClassVar[str]
    nothing: ClassVar[str]
    """Why there is nothing to do where the document was never there."""
    target: Target

    @abstractmethod
    async def find(self, number: str) -> Found | None:
        """The document, by its number where that is known; None when it is gone already."""

    @abstractmethod
    async def remove(self, found: Found, not_after: datetime) -> None:
        """Remove it. Gone already is fine. Raises `Never` where its state does not allow it."""


@dataclass(frozen=True)
class Part:
    """A record without notifications of its own, delivered under its own claim as part of a plan.

    `kind` names what comes of it in the claim of the whole.
    """

    kind: str
    flow: str
    key: str
    record: Any
    digest: str
    target: Target
    requests: Callable[[], Sequence[Request]]


@dataclass(frozen=True)
class Notification:
    """A record of another flow that the plan gives reason to look at."""

    flow: str
    key: str


@dataclass(frozen=True)
class Result:
    """What was done about one write: created, adopted, amended, cancelled or unchanged."""

    kind: str
    number: str
    digest: str
    action: str
    keys: Mapping[str, str] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True)
class Plan:
    """What the targets must hold for a record. `writes` are made in this order, each once.

    `digest` tells a changed record from the same one seen again. `amounts` are what the trail shows
    as proof. `read` is the record as it was read, kept encrypted. `follow_ups` are stored when
    anything was created or adopted. `then` runs once all is written: our own tables are told, what
    depends on the new numbers is required; safe to repeat. `starts_anew`: what the claim remembers
    is of another document: the last of a series such as a journal's lines, or one that is gone.
    """

    writes: tuple[Write | Removal | Part, ...]
    digest: str
    amounts: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    read: Any = None
    follow_ups: tuple[Notification, ...] = ()
    then: Callable[[Sequence[Result]], Awaitable[None]] | None = None
    starts_anew: bool = False


@dataclass(frozen=True)
class Delivered:
    """The targets hold what `plan` said; `results` are in the order of its writes."""

    plan: Plan
    results: tuple[Result, ...]

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
    def is_new(self) -> bool:
        """Whether anything was made or taken over by this try."""
        return self.action in ("created", "adopted")


ACTIONS: Final = ("created", "adopted", "amended", "cancelled", "unchanged")
