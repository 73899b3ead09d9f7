"""What a flow is handed beside its record: the connection's systems, what was delivered before, and
how to announce a write before making it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sync.core.errors import Later, Never, Unknown
from sync.engine.copies import DocumentCopies
from sync.engine.ledger import Claim, Intent, Ledger, State
from sync.engine.message import Message
from sync.engine.results import Receipt, Skipped
from sync.engine.systems import Systems


@dataclass
class Delivery:
    """One try at one record. Holds the claim; every change of it goes through here, so the lease is
    kept alive."""

    systems: Systems
    ledger: Ledger
    documents: DocumentCopies
    message: Message
    claim: Claim
    requires: Callable[["Delivery", str, str, Any], Awaitable[Receipt | Skipped]]
    copies: dict[str, Any] = field(default_factory=dict)
    seen: str = ""
    """The fingerprint of the record as this try read it."""
    started: datetime = field(init=False)
    inherited: Intent | None = field(init=False)
    """What an earlier try announced and nobody knows the outcome of."""

    def __post_init__(self) -> None:
        self.started = self.systems.clock.now()
        self.inherited = self.claim.intent

    @property
    def looks_first(self) -> bool:
        """Whether the target may hold the record already: an earlier try's outcome is unknown, or a
        person asks."""
        return self.inherited is not None or self.message.is_asked

    @property
    def is_asked(self) -> bool:
        """Whether a person has ever asked for this record: then it is ours, whatever is heard of it
        later."""
        return self.message.is_asked or self.claim.asked

    async def intend(self, document: str) -> Intent:
        """Announce a write of `document` (its digest) before the first byte of it is sent.

        Whoever takes the record up after a crash finds this and looks before posting, not before
        `settled_by`. Where the outcome of an earlier, different write is open, the intent says so
        (`mixed|`): what is there is then known to nobody, and equals no document's digest.
        """
        if self.inherited is not None and self.inherited.document != document:
            document = f"mixed|{document}"
        settings = self.systems.settings.dynamics
        not_after = self.systems.clock.now() + timedelta(seconds=settings.send_within_seconds)
        open_for = timedelta(
            seconds=settings.write_timeout_seconds + settings.commit_horizon_seconds
        )
        intent = Intent(document, not_after, not_after + open_for)
        self.claim = await self.ledger.save(
            self.claim, state=State.POSTING, intent_document=document,
            intent_not_after=intent.not_after, intent_settled_by=intent.settled_by,
            unsettled_until=self._unsettled_until(),
        )  # fmt: skip
        return intent

    def settles_sooner(self, error: Exception) -> dict[str, datetime]:
        """What a claim may say of this try's own intent, now that `error` has ended it.

        A write that was given up commits within the horizon or never. One that was refused (`Never`
        as well as `Later`), throttled or not sent never does, and all of this intent before it were
        answered: no flow goes on after `Unknown`. What earlier tries gave up is not touched by it
        (`unsettled_until`). A crash, or a fault of ours, leaves only the announced times to go by.
        """
        intent = self.claim.intent
        if intent is None or intent == self.inherited or not isinstance(error, Later | Never):
            return {}
        seconds = (
            self.systems.settings.dynamics.commit_horizon_seconds
            if isinstance(error, Unknown)
            else 0
        )
        return {
            "intent_settled_by": min(
                intent.settled_by, self.systems.clock.now() + timedelta(seconds=seconds)
            )
        }

    def wait_until_settled(self) -> None:
        """Raise `Later` while an earlier write of this record could still commit."""
        until = self._unsettled_until()
        if self.is_unsettled and until is not None:
            after = until - self.systems.clock.now()
            raise Later(
                "an earlier write of this record may still commit", after=after, counts=False
            )

    @property
    def is_unsettled(self) -> bool:
        """Whether a write that earlier tries gave up may still commit."""
        until = self._unsettled_until()
        return until is not None and self.systems.clock.now() < until

    def _unsettled_until(self) -> datetime | None:
        """When the last write that earlier tries gave up can no longer commit."""
        return _latest(self.claim.unsettled_until, self.inherited)

    async def require(self, flow: str, key: str, record: Any = None) -> Receipt | Skipped:
        """Have another record delivered first, under its own claim. Raises `Later` while somebody
        else works on it."""
        return await self.requires(self, flow, key, record)

    async def last_sent(self) -> Any | None:
        """The document that was last sent for this record, or None when no copy is kept (any
        more)."""
        return await self.documents.last(f"{self.claim.partition}|{self.claim.key}", "sent")

    def keep(self, kind: str, document: Any) -> None:
        """Keep an encrypted copy beside this try's trail row. Kinds: read, wanted, sent, answered.

        `sent` is what the target holds once this try has succeeded, and what later changes are
        compared with; before that, a document is only `wanted`.
        """
        self.copies[kind] = document
        if kind == "sent":
            self.copies.pop("wanted", None)

    def now(self) -> datetime:
        """Aware UTC."""
        return self.systems.clock.now()


def unsettled_until(claim: Claim) -> datetime | None:
    """Until when a write of a record that nobody is at work on may still commit; None where none
    may."""
    return _latest(claim.unsettled_until, claim.intent)


def _latest(end: datetime | None, intent: Intent | None) -> datetime | None:
    ends = (end, intent.settled_by if intent else None)
    return max((one for one in ends if one is not None), default=None)
