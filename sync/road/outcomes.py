"""What comes of a try is recorded: trail, claim, parked; and what happens next is put into the queue."""

import logging
import traceback
from typing import Any

from sync.errors import Later, Never
from sync.flow import Receipt, Skipped
from sync.ports import Clock
from sync.retry import ABSENT_WAITS, Park, Wait, decide
from sync.road.documents import Documents
from sync.road.hints import Hints
from sync.road.ledger import Claim, Entry, LeaseLost, Ledger, State
from sync.road.message import Message
from sync.road.refusals import tell_of_refused_sign_in
from sync.work import Work

log = logging.getLogger("sync.road.outcomes")


class Outcomes:
    """Records what came of tries under held claims, and lets the claims go."""

    def __init__(self, ledger: Ledger, documents: Documents, hints: Hints, clock: Clock) -> None:
        self._ledger = ledger
        self._documents = documents
        self._hints = hints
        self._clock = clock

    async def record(self, work: Work, outcome: Receipt | Skipped) -> None:
        """Trail first, then the claim: a crash between repeats the try, which finds the target as it should be."""
        now = self._clock.now()
        ms = int((now - work.started).total_seconds() * 1000)
        since_hint = int((now - work.message.hinted_at).total_seconds() * 1000)
        cleared = {"intent_document": "", "intent_not_after": None, "intent_settled_by": None}
        if isinstance(outcome, Receipt):
            details = {
                "digest": outcome.digest,
                "ms": ms,
                "since_hint_ms": since_hint,
                "entity": outcome.entity,
                **outcome.targets,
                "amounts": dict(outcome.amounts),
            }
            await self.write(work, Entry(now, outcome.action, number=outcome.number, details=details))
            for flow, key in outcome.tells:
                await self._hints.accept(flow, work.message.connection, [key], "told")
            stays = outcome.action == "unchanged" and work.claim.state is State.CANCELLED
            state = State.CANCELLED if outcome.action == "cancelled" or stays else State.DELIVERED
            changes = {"digest": outcome.digest, "number": outcome.number, "entity": outcome.entity, **cleared}
        else:
            await self.write(work, Entry(now, "skipped", reason=outcome.reason, details={"ms": ms}))
            state, changes = State.SKIPPED, {}
        was_parked = work.claim.state is State.PARKED or bool(work.claim.reason)
        reason = outcome.reason if isinstance(outcome, Skipped) else ""
        released = await self._ledger.release(
            work.claim, state=state, reason=reason, remedy="", read_at=work.started,
            seen=work.seen or work.claim.seen, **changes,
        )  # fmt: skip
        if was_parked:
            await self._ledger.unpark(released)
        event = outcome.action if isinstance(outcome, Receipt) else "skipped"
        log.info("%s.%s key=%s attempt=%d ms=%d", work.message.flow, event, work.message.key, work.message.attempt, ms)
        await self.let_go(work.message, released)

    async def write(self, work: Work, entry: Entry) -> None:
        """Append to the record's trail, with the copies of this try beside it."""
        full = Entry(**{**entry.__dict__, "origin": work.message.origin, "attempt": work.message.attempt})
        trail_id = await self._ledger.write(work.claim, full)
        await self._documents.store(f"{work.claim.partition}|{work.claim.key}", trail_id, work.copies)

    async def failed(self, work: Work, error: Exception) -> None:
        """Wait and try again, or park."""
        tell_of_refused_sign_in(work.message.flow, work.message.connection, error)
        decision = decide(error, work.message.attempt)
        if not isinstance(decision, Wait):
            if not isinstance(error, Later | Never):
                log.error(
                    "%s.bug key=%s error=%s at=%s", work.message.flow, work.message.key, decision.reason, _places(error)
                )
            await self.park(work.message, work.claim, decision, work, error)
            return
        now = self._clock.now()
        reason = error.reason if isinstance(error, Later) else f"unexpected {type(error).__name__}"
        if decision.attempt != work.message.attempt:
            await self.write(
                work, Entry(now, "waited", reason=reason, details={"until": (now + decision.after).isoformat()})
            )
        log.warning("%s.waits key=%s attempt=%d s=%d reason=%s", work.message.flow, work.message.key, work.message.attempt,
                    decision.after.total_seconds(), reason)  # fmt: skip
        await self._hints.put_off(work.message.again(attempt=decision.attempt), now + decision.after)
        try:
            released = await self._ledger.release(work.claim, reason=reason, **work.settles_sooner(error))
            await self.let_go(work.message, released)
        except LeaseLost:
            log.warning("%s.lease_lost key=%s attempt=%d", work.message.flow, work.message.key, work.message.attempt)

    async def park(
        self, message: Message, claim: Claim, park: Park, work: Work | None = None, error: Exception | None = None
    ) -> None:
        """Give the record to a person. `error`: what has ended the try."""
        now = self._clock.now()
        said: dict[str, Any] = {"reason": park.reason, "remedy": park.remedy}
        entry = Entry(now, "parked", code=park.code, origin=message.origin, attempt=message.attempt, **said)
        if work is not None:
            await self.write(work, entry)
        else:
            await self._ledger.write(claim, entry)
        await self._ledger.park(claim, **said)
        log.warning("%s.parked key=%s attempt=%d reason=%s", message.flow, message.key, message.attempt, park.reason)
        read_at, seen = (work.started, work.seen) if work is not None else (now, "")
        settles = work.settles_sooner(error) if work is not None and error is not None else {}
        released = await self._ledger.release(
            claim, state=State.PARKED, read_at=read_at, seen=seen or claim.seen, **said, **settles
        )
        await self.let_go(message, released)

    async def absent(self, message: Message, claim: Claim) -> None:
        """The owner does not show the record: hooks may be early, replicas late; after some looks it has vanished."""
        if message.attempt <= len(ABSENT_WAITS):
            due = self._clock.now() + ABSENT_WAITS[message.attempt - 1]
            await self._hints.put_off(message.again(attempt=message.attempt + 1), due)
            await self.let_go(message, await self._ledger.release(claim))
            return
        await self.vanish(message, claim)

    async def vanish(self, message: Message, claim: Claim) -> None:
        """An honest end for a record that is not coming."""
        now = self._clock.now()
        reason = "the record is not there (any more): the change that announced it was rolled back, or it was deleted"
        entry = Entry(now, "vanished", origin=message.origin, attempt=message.attempt, reason=reason)
        await self._ledger.write(claim, entry)
        log.warning("%s.vanished key=%s attempt=%d", message.flow, message.key, message.attempt)
        await self.let_go(message, await self._ledger.release(claim, state=State.VANISHED, reason=reason, read_at=now))

    async def let_go(self, message: Message, released: Claim) -> None:
        """Somebody hinted while we worked: what we read may be older than their hint."""
        if released.again:
            await self._hints.accept(message.flow, message.connection, [message.key], "again")


def _places(error: Exception) -> str:
    """Where it went wrong, innermost last; no text of the error, which may quote a document."""
    return " > ".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:])
