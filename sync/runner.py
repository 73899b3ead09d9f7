"""The road: hints are accepted into queues, polls find what hints missed, deliveries make the target agree.

Everything happens at least twice and concurrently with itself. What makes that safe: a claim with a lease narrows the
race, the intent written before posting makes a lost answer visible, and only the target closes it (`flows/`).
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.desk import Desk
from sync.documents import Documents
from sync.errors import Later, Never
from sync.flow import Change, Flow, Inner, Receipt, Skipped
from sync.ledger import Claim, Entry, LeaseLost, Ledger, State
from sync.message import Message, hint, scheduled
from sync.pauses import Pauses
from sync.ports import Clock, Row, Tables
from sync.retry import ABSENT_WAITS, Park, Wait, decide
from sync.sending import JoinedSends
from sync.work import Work

log = logging.getLogger("sync.runner")

WATERMARKS = "watermarks"
SEEN_AFTER = timedelta(seconds=5)
"""A record read this long after a hint is newer than the hint; hooks may fire before the commit they announce."""
SETTLED_AFTER = timedelta(seconds=60)
"""A record read this long after its own stamp holds what that stamp announced: stamps are taken before the commit."""
DUE_EARLY = timedelta(seconds=5)
"""Timers fire a little early or late: a poll that is due within this is due."""
BATCH = 100
SHORTEST_LOOK, LONGEST_LOOK = timedelta(seconds=3), timedelta(seconds=30)
"""Waits for a required record that another holds."""
TABLES_WAIT = timedelta(seconds=30)
"""How long a message waits when claims and trail cannot be written at all."""
SPREAD = 10.0
"""Seconds over which the first tries after a pause are spread at most; a short pause is spread over its own length."""


@dataclass(frozen=True)
class Engine:
    """What the runner works with; everything from outside comes in here."""

    flows: Mapping[str, Flow[Any]]
    inner: Mapping[str, Inner[Any]]
    open_desk: Callable[[str], Awaitable[Desk]]
    connections: Callable[[str], Sequence[str]]
    queue: JoinedSends
    tables: Tables
    documents: Documents
    pauses: Pauses
    clock: Clock
    worker: str
    is_alone: bool = False


class Runner:
    """Runs flows. One per process; holds no state of its own that a crash could lose."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.ledger = Ledger(engine.tables, engine.clock, is_alone=engine.is_alone)
        self.pauses = engine.pauses

    async def accept(self, flow: str, connection: str, keys: Sequence[str], origin: str) -> int:
        """Store a hint per key; returns when they are stored. Repeats within a second become one message."""
        now = self._engine.clock.now()
        hints = [hint(Message(flow, connection, key, origin, now)) for key in dict.fromkeys(keys)]
        for start in range(0, len(hints), BATCH):
            await self._engine.queue.send(hints[start : start + BATCH])
        return len(hints)

    async def poll(self, flow_name: str, only: str | None = None, *, at_once: bool = False) -> int:
        """Find what changed since the watermark less the overlap, enqueue it, then move the watermark. Safe to race.

        A connection is polled when its `poll_minutes` have passed, or `at_once`. Returns how many hints were stored.
        """
        flow = self._engine.flows[flow_name]
        found = 0
        for connection in [only] if only else self._engine.connections(flow_name):
            try:
                found += await self._poll_connection(flow, connection, at_once=at_once)
            except (Later, Never) as error:
                log.warning("%s.poll_failed connection=%s reason=%s", flow.name, connection, error.reason)
        return found

    async def _poll_connection(self, flow: Flow[Any], connection: str, *, at_once: bool) -> int:
        if flow.changed is None or flow.horizon is None:
            return 0
        desk = await self._engine.open_desk(connection)
        mark = await self._engine.tables.get(WATERMARKS, connection, flow.name)
        stands, polled = (mark.values.get("at"), mark.values.get("polled")) if mark else (None, None)
        now = self._engine.clock.now()
        every = timedelta(minutes=flow.poll_minutes(desk.settings)) - DUE_EARLY
        is_due = at_once or not isinstance(polled, datetime) or now - polled >= every
        if not is_due or await self._paused(desk) is not None:
            return 0
        until = await flow.horizon(desk)
        behind = self._engine.clock.now() - until
        first = until - timedelta(days=desk.settings.commerce.first_poll_days)
        since = stands - flow.overlap if isinstance(stands, datetime) else first
        found = await self.enqueue(flow, desk, flow.changed(desk, since, until), "poll", behind=behind)
        await self._engine.tables.upsert(WATERMARKS, Row(connection, flow.name, {"at": until, "polled": now}))
        log.info("%s.polled connection=%s found=%d", flow.name, connection, found)
        return found

    async def enqueue(
        self,
        flow: Flow[Any],
        desk: Desk,
        changes: AsyncIterator[Change],
        origin: str,
        *,
        behind: timedelta = timedelta(),
    ) -> int:
        """Hint for every change that no delivery has seen yet; returns how many.

        `behind`: how far the owner's clock, which stamps changes, is behind ours, or a little more.
        """
        found, batch = 0, list[str]()
        async for change in changes:
            if origin == "poll" and await self._has_seen(flow, desk, change, behind):
                continue
            batch.append(change.key)
            if len(batch) == BATCH:
                found += await self.accept(flow.name, desk.name, batch, origin)
                batch = []
        return found + await self.accept(flow.name, desk.name, batch, origin)

    async def _has_seen(self, flow: Flow[Any], desk: Desk, change: Change, behind: timedelta) -> bool:
        """Never for a record that had vanished: now it is there."""
        claim = await self.ledger.claim(desk.name, flow.name, change.key)
        is_settled = claim.state not in (State.NEW, State.POSTING, State.VANISHED)
        if change.fingerprint:
            return is_settled and claim.seen == change.fingerprint
        changed_at = change.changed_at + behind
        return is_settled and claim.read_at is not None and claim.read_at >= changed_at + SETTLED_AFTER

    async def deliver(self, body: bytes) -> None:
        """Work off one message. Returns when it may be completed; raises when it should be given back.

        Trouble of our own tables is no fault of the message: it is sent again for later, so that an outage of minutes
        does not use up its deliveries.
        """
        message = Message.decode(body)
        flow = self._engine.flows.get(message.flow)
        if flow is None:
            raise LookupError(f"no flow is called {message.flow}")
        try:
            await self._deliver(flow, message)
        except Later as trouble:
            log.warning("%s.tables_away key=%s reason=%s", flow.name, message.key, trouble.reason)
            due = self._engine.clock.now() + max(trouble.after or TABLES_WAIT, TABLES_WAIT)
            await self._send_later(message, due + timedelta(seconds=self._engine.clock.between(0, SPREAD)))

    async def _deliver(self, flow: Flow[Any], message: Message) -> None:
        try:
            desk = await self._engine.open_desk(message.connection)
            keys = await flow.resolve(message.key, desk) if flow.resolve else None
        except (Later, Never) as error:
            await self._not_even_opened(message, error)
            return
        if keys is not None:
            await self._resolved(message, keys)
            return
        paused = await self._paused(desk)
        if paused is not None:
            await self._send_later(message, paused)
            return
        claim, is_held = await self.ledger.take(message.connection, flow.name, message.key, self._engine.worker)
        if not is_held:
            await self._look_when_the_lease_ends(message, claim)
        elif _has_been_read_since(claim, message):
            await self._let_go(message, await self.ledger.release(claim))
        else:
            await self._try(flow, desk, message, claim)

    async def _not_even_opened(self, message: Message, error: Later | Never) -> None:
        """The connection or the key could not be opened: no claim is held; wait, or park under the key given."""
        decision = decide(error, message.attempt)
        if isinstance(decision, Wait):
            await self._send_later(message.again(attempt=decision.attempt), self._engine.clock.now() + decision.after)
            return
        claim, is_held = await self.ledger.take(message.connection, message.flow, message.key, self._engine.worker)
        if is_held:
            await self._park(message, claim, decision)

    async def _resolved(self, message: Message, keys: Sequence[str]) -> None:
        if keys:
            await self.accept(message.flow, message.connection, keys, message.origin)
        elif message.attempt <= len(ABSENT_WAITS):
            due = self._engine.clock.now() + ABSENT_WAITS[message.attempt - 1]
            await self._send_later(message.again(attempt=message.attempt + 1), due)
        else:
            claim, is_held = await self.ledger.take(message.connection, message.flow, message.key, self._engine.worker)
            if is_held:
                await self._vanish(message, claim)

    async def _try(self, flow: Flow[Any], desk: Desk, message: Message, claim: Claim) -> None:
        """One try under a held claim; whatever comes of it is recorded, and the claim is let go."""
        work = self._work(desk, message, claim)
        try:
            record = await flow.read(message.key, desk)
            if record is None:
                await self._absent(message, work.claim)
                return
            await self._deliver_record(flow, work, record)
        except LeaseLost:
            log.warning("%s.lease_lost key=%s attempt=%d", flow.name, message.key, message.attempt)
            await self._look_when_the_lease_ends(
                message, await self.ledger.claim(claim.connection, claim.flow, claim.key)
            )
        except Exception as error:  # noqa: BLE001 - the one broad catch: whatever a flow raises becomes a wait or a parked record
            await self._failed(work, error)

    async def _require(self, work: Work, flow_name: str, key: str, record: Any) -> Receipt | Skipped:
        """Deliver another record now, under its own claim, as part of `work`. What stops it stops `work`, which waits
        or parks for both; so nothing is scheduled or parked for the required record itself."""
        flow = self._engine.flows.get(flow_name) or self._engine.inner[flow_name]
        desk = work.desk
        message = Message(flow_name, desk.name, key, "required", self._engine.clock.now())
        claim, is_held = await self.ledger.take(desk.name, flow_name, key, self._engine.worker, is_hint=False)
        if not is_held:
            raise self._held_by_another(work, flow_name, key)
        inner = self._work(desk, message, claim)
        if record is not None:
            inner.started = work.started  # it was read since then
        try:
            return await self._deliver_record(flow, inner, await _required(flow, key, desk, record))
        except LeaseLost:
            raise self._held_by_another(work, flow_name, key) from None
        except Exception as error:
            reason = error.reason if isinstance(error, Later | Never) else f"unexpected {type(error).__name__}"
            await self._write(inner, Entry(self._engine.clock.now(), "stopped", reason=reason))
            released = await self.ledger.release(inner.claim, reason=reason, **inner.settles_sooner(error))
            await self._let_go(message, released)
            raise

    def _held_by_another(self, work: Work, flow_name: str, key: str) -> Later:
        """Wait briefly at first, longer the longer it has lasted: the holder may have died, and has its lease yet."""
        waited = self._engine.clock.now() - work.message.hinted_at
        after = min(max(waited / 2, SHORTEST_LOOK), LONGEST_LOOK)
        return Later(f"{flow_name} {key} is being worked on", after=after, counts=False)

    def _work(self, desk: Desk, message: Message, claim: Claim) -> Work:
        return Work(desk, self.ledger, self._engine.documents, message, claim, self._require)

    async def _deliver_record(self, flow: Flow[Any] | Inner[Any], work: Work, record: Any) -> Receipt | Skipped:
        if isinstance(flow, Flow) and flow.fingerprint is not None:
            work.seen = flow.fingerprint(record)
        outcome = await flow.deliver(record, work)
        await self._record(work, outcome)
        return outcome

    async def _record(self, work: Work, outcome: Receipt | Skipped) -> None:
        """Trail first, then the claim: a crash between repeats the try, which finds the target as it should be."""
        now = self._engine.clock.now()
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
            await self._write(work, Entry(now, outcome.action, number=outcome.number, details=details))
            for flow, key in outcome.tells:
                await self.accept(flow, work.message.connection, [key], "told")
            stays = outcome.action == "unchanged" and work.claim.state is State.CANCELLED
            state = State.CANCELLED if outcome.action == "cancelled" or stays else State.DELIVERED
            changes = {"digest": outcome.digest, "number": outcome.number, "entity": outcome.entity, **cleared}
        else:
            await self._write(work, Entry(now, "skipped", reason=outcome.reason, details={"ms": ms}))
            state, changes = State.SKIPPED, {}
        was_parked = work.claim.state is State.PARKED or bool(work.claim.reason)
        reason = outcome.reason if isinstance(outcome, Skipped) else ""
        released = await self.ledger.release(
            work.claim, state=state, reason=reason, remedy="", read_at=work.started,
            seen=work.seen or work.claim.seen, **changes,
        )  # fmt: skip
        if was_parked:
            await self.ledger.unpark(released)
        event = outcome.action if isinstance(outcome, Receipt) else "skipped"
        log.info("%s.%s key=%s attempt=%d ms=%d", work.message.flow, event, work.message.key, work.message.attempt, ms)
        await self._let_go(work.message, released)

    async def _write(self, work: Work, entry: Entry) -> None:
        full = Entry(**{**entry.__dict__, "origin": work.message.origin, "attempt": work.message.attempt})
        trail_id = await self.ledger.write(work.claim, full)
        await self._engine.documents.store(f"{work.claim.partition}|{work.claim.key}", trail_id, work.copies)

    async def _failed(self, work: Work, error: Exception) -> None:
        decision = decide(error, work.message.attempt)
        if not isinstance(decision, Wait):
            if not isinstance(error, Later | Never):
                log.error(
                    "%s.bug key=%s error=%s", work.message.flow, work.message.key, decision.reason, exc_info=error
                )
            await self._park(work.message, work.claim, decision, work)
            return
        now = self._engine.clock.now()
        reason = error.reason if isinstance(error, Later) else f"unexpected {type(error).__name__}"
        if decision.attempt != work.message.attempt:
            await self._write(
                work, Entry(now, "waited", reason=reason, details={"until": (now + decision.after).isoformat()})
            )
        log.warning("%s.waits key=%s attempt=%d s=%d reason=%s", work.message.flow, work.message.key, work.message.attempt,
                    decision.after.total_seconds(), reason)  # fmt: skip
        await self._send_later(work.message.again(attempt=decision.attempt), now + decision.after)
        try:
            released = await self.ledger.release(work.claim, reason=reason, **work.settles_sooner(error))
            await self._let_go(work.message, released)
        except LeaseLost:
            log.warning("%s.lease_lost key=%s attempt=%d", work.message.flow, work.message.key, work.message.attempt)

    async def _park(self, message: Message, claim: Claim, park: Park, work: Work | None = None) -> None:
        now = self._engine.clock.now()
        said: dict[str, Any] = {"reason": park.reason, "remedy": park.remedy}
        entry = Entry(now, "parked", code=park.code, origin=message.origin, attempt=message.attempt, **said)
        if work is not None:
            await self._write(work, entry)
        else:
            await self.ledger.write(claim, entry)
        await self.ledger.park(claim, **said)
        log.warning("%s.parked key=%s attempt=%d reason=%s", message.flow, message.key, message.attempt, park.reason)
        read_at, seen = (work.started, work.seen) if work is not None else (now, "")
        released = await self.ledger.release(
            claim, state=State.PARKED, read_at=read_at, seen=seen or claim.seen, **said
        )
        await self._let_go(message, released)

    async def _absent(self, message: Message, claim: Claim) -> None:
        if message.attempt <= len(ABSENT_WAITS):
            due = self._engine.clock.now() + ABSENT_WAITS[message.attempt - 1]
            await self._send_later(message.again(attempt=message.attempt + 1), due)
            await self._let_go(message, await self.ledger.release(claim))
            return
        await self._vanish(message, claim)

    async def _vanish(self, message: Message, claim: Claim) -> None:
        now = self._engine.clock.now()
        reason = "the record is not there (any more): the change that announced it was rolled back, or it was deleted"
        entry = Entry(now, "vanished", origin=message.origin, attempt=message.attempt, reason=reason)
        await self.ledger.write(claim, entry)
        log.warning("%s.vanished key=%s attempt=%d", message.flow, message.key, message.attempt)
        await self._let_go(message, await self.ledger.release(claim, state=State.VANISHED, reason=reason, read_at=now))

    async def _let_go(self, message: Message, released: Claim) -> None:
        """Somebody hinted while we worked: what we read may be older than their hint."""
        if released.again:
            await self.accept(message.flow, message.connection, [message.key], "again")

    async def _look_when_the_lease_ends(self, message: Message, claim: Claim) -> None:
        """The holder will look again when it is done; should it die, this message is the one that looks."""
        due = claim.lease_until or self._engine.clock.now()
        await self._engine.queue.send([scheduled(message, due=due, unique=f"lease|{due.isoformat()}")])

    async def _send_later(self, message: Message, due: datetime) -> None:
        await self._engine.queue.send([scheduled(message, due=due, unique=self._engine.clock.unique())])

    async def _paused(self, desk: Desk) -> datetime | None:
        """A moment after the latest pause of the desk's systems, spread; None when none is paused."""
        pauses = [until for system in desk.systems if (until := await self.pauses.until(system)) is not None]
        if not pauses:
            return None
        length = (max(pauses) - self._engine.clock.now()).total_seconds()
        return max(pauses) + timedelta(seconds=self._engine.clock.between(0, min(length, SPREAD)))


async def _required(flow: Flow[Any] | Inner[Any], key: str, desk: Desk, record: Any) -> Any:
    if record is None and isinstance(flow, Flow):
        record = await flow.read(key, desk)
    if record is None:
        raise Later(f"{flow.name} {key} is not there yet", after=timedelta(seconds=15))
    return record


def _has_been_read_since(claim: Claim, message: Message) -> bool:
    is_settled = claim.state in (State.DELIVERED, State.CANCELLED, State.SKIPPED)
    is_asked = message.origin in ("replay", "backfill")
    return is_settled and not is_asked and claim.read_at is not None and claim.read_at >= message.hinted_at + SEEN_AFTER
