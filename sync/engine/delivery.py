"""What a flow is handed beside its record: the connection's systems, what was delivered before, and
how to announce a write before making it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sync.core.errors import Later, Never, Unknown
from sync.core.skipped import Skipped
from sync.engine.claim import Claim, State, targets_json
from sync.engine.copies import DocumentCopies
from sync.engine.intent import Intent
from sync.engine.lease_keeper import TookTooLong
from sync.engine.ledger import Ledger
from sync.engine.loops import require_no_loop
from sync.engine.message import Message
from sync.engine.plan import Delivered
from sync.engine.settling import latest_end
from sync.engine.systems import Systems
from sync.engine.write import Result, Target


@dataclass
class Delivery:
    """One try at one record. Holds the claim; every change of it goes through here, so the lease is
    kept alive."""

    systems: Systems
    ledger: Ledger
    documents: DocumentCopies
    message: Message
    claim: Claim
    requires: Callable[["Delivery", str, str, Any], Awaitable[Delivered | Skipped]]
    copies: dict[str, Any] = field(default_factory=dict)
    seen: str = ""
    """The fingerprint of the record as this try read it, or what a list says of it."""
    worth: str = ""
    """The record's amount with its currency, as in "12.50 EUR"; empty where nobody tells."""
    is_current: Callable[[], Awaitable[bool]] | None = None
    """Whether the record is still as this try read it; asks the source."""
    is_answered: bool = False  # as its flow has it
    started: datetime = field(init=False)
    read_at: datetime = field(init=False)
    """When the record was read, or a little earlier."""
    inherited: Intent | None = field(init=False)
    """What an earlier try announced and nobody knows the outcome of."""
    is_unrecorded: bool = field(init=False)
    """Whether an earlier try did something and never came to record its outcome."""

    def __post_init__(self) -> None:
        self.started = self.read_at = self.systems.clock.now()
        self.inherited = self.claim.intent
        self._held, self.is_unrecorded = self.claim.delivered, self.claim.state is State.POSTING
        self._resolved = set[str]()
        self._horizon = timedelta()

    def looks_first(self, kind: str) -> bool:
        """Whether the target may hold the document already: an earlier try's outcome is unknown, or
        a person asks."""
        return self.message.is_asked or (
            self.inherited is not None and self.inherited.concerns(kind)
        )

    @property
    def is_unannounced(self) -> bool:
        """Whether the claim, read since it is held, shows that none of us has ever announced a
        write of this record, or only what was then refused whole or not sent."""
        claim = self.claim
        traces = (self.inherited, claim.unsettled_until, claim.deaths, claim.number, self._held)
        return not self.message.is_asked and not any(traces)

    @property
    def is_asked(self) -> bool:
        """Whether a person has ever asked for this record: then it is ours, whatever is heard of it
        later."""
        return self.message.is_asked or self.claim.asked

    def held(self, kind: str) -> Result | None:
        """What the target holds of this record as a document of this kind, by what was delivered
        before."""
        return self._held.get(kind)

    @property
    def all_held(self) -> tuple[Result, ...]:
        """All that the targets hold of this record."""
        return tuple(self._held.values())

    def done(self, result: Result) -> None:
        """Remember the result of one write; the claim stores it with the next thing it stores."""
        self._held[result.kind] = result
        self._resolved.add(result.kind)

    def forget_held(self) -> None:
        """What the claim remembers is of another document."""
        self._held.clear()

    @property
    def targets(self) -> str:
        """What the targets hold by now, as the claim stores it."""
        return targets_json(self._held.values())

    def is_known(self, kind: str, digest: str) -> bool:
        """Whether the target holds this very document, and no write of it is open."""
        held = self._held.get(kind)
        is_open = self.inherited is not None and self.inherited.concerns(kind)
        return held is not None and self.is_same(held.digest, digest) and not is_open

    def is_same(self, stored: str, digest: str) -> bool:
        """Whether a digest that is stored is that of this document."""
        return self.ledger.digests.same(stored, digest)

    def inherits_other_than(self, kind: str, document: str) -> bool:
        """Whether an earlier try may have left something else than `document` (a digest) behind."""
        inherited = self.inherited
        if inherited is None or not inherited.concerns(kind):
            return False
        return not self.is_same(inherited.document, document)

    async def require_current(self, most: timedelta) -> None:
        """Raise `Later` when the record was read longer ago than `most` and has changed since."""
        is_old = self.is_current is not None and self.now() - self.read_at >= most
        if is_old and self.is_current is not None and not await self.is_current():
            raise Later(
                "the record changed while it was being prepared",
                after=timedelta(seconds=1),
                counts=False,
            )

    async def intend(self, kind: str, document: str, target: Target) -> Intent:
        """Announce a write of `document` (its digest) before the first byte of it is sent.

        Who takes the record up after a crash finds this and looks before posting, not before
        `settled_by`. Where the outcome of an earlier, different write is open, the intent says so
        (`mixed|`): what is there is then known to nobody, and equals no document's digest.
        """
        require_no_loop(self)
        self.ledger.earliest.now()
        earlier, document = self.inherited, self.ledger.digests(document)
        is_open = earlier is not None and earlier.kind not in self._resolved
        is_equal = earlier is not None and self.is_same(earlier.document, document)
        if earlier is not None and is_open and not (earlier.kind == kind and is_equal):
            kind, document = earlier.beside(kind, document)
        self._horizon = target.commit_horizon
        not_after = self.systems.clock.now() + target.send_within
        settled_by = not_after + target.write_timeout + target.commit_horizon
        is_unsaved = earlier is not None and is_open and earlier.is_unsaved
        intent = Intent(document, not_after, settled_by, kind, is_unsaved)
        self.claim = await self.ledger.save(
            self.claim, state=State.POSTING, intent_document=intent.stored, intent_kind=kind,
            intent_not_after=intent.not_after, intent_settled_by=intent.settled_by,
            unsettled_until=self._unsettled_until(), targets=self.targets,
        )  # fmt: skip
        return intent

    async def keep_done(self) -> None:
        """Store what was done so far, before anything else is asked of a system."""
        intent = self.claim.intent
        is_over = intent is not None and intent.kind in self._resolved
        claim = self.claim.announcing(None) if is_over else self.claim
        self.claim = await self.ledger.save(claim, targets=self.targets)

    async def keep_lease(self) -> None:
        """Show a sign of life in the midst of long work. Raises `LeaseLost` where another has taken
        the record."""
        self.claim = await self.ledger.save(self.claim)

    def was_not_made(self) -> None:
        """The write that was announced last was refused or not sent, and all of it: only what was
        open before it is open still. The claim stores it when it is let go."""
        earlier = self.inherited
        is_over = earlier is not None and earlier.kind in self._resolved
        self.claim = self.claim.announcing(None if is_over else earlier)

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
        if isinstance(error, TookTooLong):
            return {}
        horizon = self._horizon if isinstance(error, Unknown) else timedelta()
        return {"intent_settled_by": min(intent.settled_by, self.ledger.earliest.now() + horizon)}

    def wait_until_settled(self) -> None:
        """Raise `Later` while an earlier write of this record could still commit."""
        until = self._unsettled_until()
        if self.is_unsettled and until is not None:
            after = until - self.ledger.earliest.now()
            raise Later(
                "an earlier write of this record may still commit", after=after, counts=False
            )

    @property
    def is_unsettled(self) -> bool:
        """Whether a write that earlier tries gave up may still commit."""
        until = self._unsettled_until()
        return until is not None and self.ledger.earliest.now() < until

    def _unsettled_until(self) -> datetime | None:
        """When the last write that earlier tries gave up can no longer commit."""
        return latest_end(self.claim.unsettled_until, self.inherited)

    async def require(self, flow: str, key: str, record: Any = None) -> Delivered | Skipped:
        """Have another record delivered first, under its own claim. Raises `Later` while somebody
        else works on it."""
        return await self.requires(self, flow, key, record)

    async def lacks_something(self, flow: str, key: str) -> bool:
        """Whether another record of this connection was delivered without a part of it."""
        return (await self.ledger.claim(self.claim.connection, flow, key)).lacks_something

    async def last_sent(self, kind: str) -> Any | None:
        """The document of this kind that was last sent for this record; None when no copy is kept
        (any more). Copies of before there were kinds are of the record's only document."""
        return await self.sent_for(self.claim.flow, self.claim.key, kind)

    async def sent_for(self, flow: str, key: str, kind: str) -> Any | None:
        """The same for any record of this connection."""
        sent = await self.documents.last(f"{self.claim.connection}|{flow}|{key}", "sent")
        return sent.get(kind, sent) if isinstance(sent, dict) else sent

    def keep_sent(self, kind: str, document: Any) -> None:
        """Keep what the target holds of this kind, beside what it holds of others."""
        self.copies.pop("wanted", None)
        self.copies.setdefault("sent", {})[kind] = document

    def keep(self, kind: str, document: Any) -> None:
        """Keep an encrypted copy beside this try's trail row. Kinds: read, wanted, sent, answered,
        refused.

        `sent` is what the target holds once this try has succeeded, and what later changes are
        compared with; before that, a document is only `wanted`.
        """
        self.copies[kind] = document
        if kind == "sent":
            self.copies.pop("wanted", None)

    def now(self) -> datetime:
        """Aware UTC."""
        return self.systems.clock.now()
