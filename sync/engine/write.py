"""Documents that a target must hold, or must not hold any more, as what can be looked for, made,
completed, changed and shown. The executor alone calls what writes."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sync.core.encoding import digest as digest_of
from sync.core.errors import Never
from sync.core.request import Request


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
class Result:
    """What was done about one write: created, adopted, amended, cancelled or unchanged."""

    kind: str
    number: str
    digest: str
    action: str
    keys: Mapping[str, str] = field(default_factory=dict)
    label: str = ""


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


PARTIAL: Final = "|partial"
"""How the digest of a document ends that the target holds in part."""
Apply = Callable[[datetime], Awaitable[None]]
"""Sends a change, at the latest at the time given. Repeating it changes nothing more."""


@dataclass(frozen=True)
class Amendment:
    """How a document that the target holds is brought up to date.

    `document`: what the target holds then, as it is kept; None leaves what was kept. `apply`: None
    where nothing is to be sent. `keys`: what the claim remembers of the document from now on; an
    empty one is forgotten. `is_partial`: the target takes only a part of it now; the rest is tried
    again with every delivery.
    """

    document: Any
    apply: Apply | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    is_partial: bool = False

    def result(self, before: Result) -> Result:
        """What was done, with what is remembered from now on. Of a partial one, the digest is no
        document's."""
        keys = {name: key for name, key in {**before.keys, **self.keys}.items() if key}
        digest = f"{before.digest}{PARTIAL}" if self.is_partial else before.digest
        return replace(before, digest=digest, keys=keys)


class TargetDocument(ABC):
    """A document that a target must hold, as what can be looked for and shown. `digest` is of
    `document`, what the target holds once the plan has been carried out."""

    target: Target

    @property
    def digest(self) -> str:
        """The digest of `document`."""
        return digest_of(self.document)

    @property
    @abstractmethod
    def document(self) -> Any:
        """What the target is to hold, as JSON; kept encrypted and compared with later."""

    @abstractmethod
    def requests(self) -> Sequence[Request]:
        """What would be sent where the target holds nothing of it."""

    @abstractmethod
    async def find(self) -> Found | None:
        """The document by natural key and reference; None when the target does not hold it.

        Raises `Never` where the key belongs to another document: another currency, amount,
        account or reference. Both are named then.
        """

    async def linked(self, number: str) -> Found | None:
        """The document of this number, which a person said is this one; None where it is compared
        as it is brought up to date. Raises `Never` where it is not there, or is another one."""
        return None


class Write(TargetDocument):
    """One document of a target, made once.

    `kind` names it in the claim and the trail. `refuses_second`: the target itself refuses a second
    document, by a key of ours; then nobody looks before the first try. `is_one_request`: `create`
    sends one request, which does all or nothing; then nothing is left of one that was refused. What
    the document lacks after that is sent by `complete`.
    `moves_money`: a gateway may pay before the target stores the document; where the target says
    that it could not store it, the gateway is not asked again by itself.
    `reference` leads a person to it. `is_kept`: what was sent is kept beside the trail.
    `shows_late`: what the target lists may lag behind what it has just made, and it would make a
    second one: so the claim says at once what was made.
    """

    kind: ClassVar[str]
    action: ClassVar[str] = "created"
    refuses_second: bool = False
    is_one_request: bool = False
    moves_money: bool = False
    is_kept: ClassVar[bool] = True
    shows_late: ClassVar[bool] = False

    @property
    @abstractmethod
    def reference(self) -> str:
        """Our reference, by which people and `find` know the document."""

    @property
    def expected_number(self) -> str:
        """The number that the document has, or will have; empty where the target chooses one."""
        return ""

    @property
    def placed(self) -> Any:
        """What `create` makes of it, where that is amended at once; otherwise `document`."""
        return self.document

    @property
    def placed_digest(self) -> str:
        """The digest of `placed`."""
        return self.digest

    @property
    def announced(self) -> str:
        """The digest as a change is announced, with what must outlive a crash."""
        return self.digest

    @abstractmethod
    async def create(self, not_after: datetime) -> Found:
        """Send it, at the latest at `not_after`; where it is sent in parts, the first one. Raises
        `AlreadyExists` where its key is taken."""

    async def find_lately(self) -> Found | None:
        """As `find`; that it is not there may have been seen a moment ago. Asked only where none of
        us has ever announced the document, so that nothing of ours can be missed."""
        return await self.find()

    async def find_taken(self) -> Found | None:
        """The document whose key `create` found taken; raises `Never` where it is another's."""
        return await self.find()

    def is_whole(self, found: Found) -> bool:
        """Whether what was found lacks nothing that `create` sends."""
        return found is not None

    async def complete(self, found: Found, not_after: datetime) -> Found:
        """Send what a half-made document lacks. Raises `Never` where the target refuses it now."""
        raise TypeError(
            f"{self.kind} is made by one request and cannot be half made: {found.number}"
        )

    def action_of(self, before: str, *, is_changed: bool) -> str:
        """What was done about a document that was delivered before with the digest `before`."""
        return "amended" if is_changed else "unchanged"

    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        """What differs from `sent`, and how it is sent. May read the target; writes nothing.

        `sent` is what was sent last, None where nobody knows. Raises `Conflict` where the target's
        state does not allow the change. Posted documents are never amended.
        """
        return Amendment(self.document)


class Removal(ABC):
    """A document of a target that must not be there any more."""

    kind: ClassVar[str]
    target: Target

    @property
    @abstractmethod
    def nothing(self) -> str:
        """Why there is nothing to do where the document was never there."""

    @abstractmethod
    async def find(self, number: str) -> Found | None:
        """The document, by its number where that is known; None when it is gone already."""

    def settled(self, found: Found) -> Result | None:
        """What it comes to where it is not removed: gone in effect, or left to another record; None
        where it is to be removed. Raises `Never` where its state does not allow that."""
        return None

    @abstractmethod
    async def remove(self, found: Found, not_after: datetime) -> None:
        """Remove it. Gone already is fine."""
