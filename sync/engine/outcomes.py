"""What comes of a try is recorded: trail, claim, parked; and what happens next is put into the
queue."""

import logging
import traceback
from typing import Any

from sync.core.errors import Later, Never, said_in
from sync.core.ports import Clock
from sync.core.skipped import Skipped
from sync.engine.claim import SUSPECTED, Claim, State
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.gateways import still_open
from sync.engine.intake import Intake
from sync.engine.ledger import LeaseLost, Ledger
from sync.engine.loops import CIRCLE, MOST_HOPS, hops_to
from sync.engine.message import Message
from sync.engine.numbers import keep_numbers
from sync.engine.outcome_rows import entry_of, is_as_before, settled, undecided
from sync.engine.plan import Delivered, PassedOn
from sync.engine.sign_in_alerts import report_refused_sign_in
from sync.engine.suspects import Suspected
from sync.engine.timing import next_try
from sync.engine.trail import Entry
from sync.pacing.retry import ABSENT_WAITS, Park, Wait, decide, reason_of

log = logging.getLogger("sync.engine.outcomes")

ITEMS = "items"
"""How the tables begin in which SKUs are mapped."""
REFUSED = "refused"
"""The kind of copy that holds a refusal in the other system's own words."""


class Outcomes:
    """Records the outcomes of tries under held claims, and lets the claims go."""

    def __init__(
        self, ledger: Ledger, documents: DocumentCopies, intake: Intake, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._documents = documents
        self._intake = intake
        self._clock = clock

    async def record(self, delivery: Delivery, outcome: Delivered | Skipped) -> None:
        """Trail first, then the claim: a crash between repeats the try, which finds the target as
        it should be. That a record is skipped for the same reason as before is no news."""
        message, entry = delivery.message, entry_of(delivery, outcome, self._clock.now())
        before = delivery.claim.differs
        if message.is_asked or not is_as_before(delivery.claim, outcome):
            await self.write(delivery, entry)
        if isinstance(outcome, Delivered):
            await keep_numbers(self._ledger.tables, delivery, outcome)
        if isinstance(outcome, Delivered | PassedOn):
            await self._hand_on(message, outcome)
        if undecided(delivery, outcome):
            delivery.claim = await self._ledger.park(
                delivery.claim, reason=entry.reason, remedy=entry.remedy,
                worth=delivery.worth,
            )  # fmt: skip
        elif delivery.claim.may_be_listed:
            await self._ledger.unpark(delivery.claim)
        released = await self._ledger.release(
            delivery.claim, reason=entry.reason, remedy=entry.remedy, read_at=delivery.read_at,
            seen=delivery.seen or delivery.claim.seen, retry_at=None,
            **settled(delivery, outcome, self._clock.now()),
        )  # fmt: skip
        log.info(
            "%s.%s key=%s connection=%s attempt=%d ms=%d",
            message.flow, entry.event, message.key, message.connection, message.attempt,
            entry.details["ms"],
        )  # fmt: skip
        if released.differs not in ("", before):
            named = (message.flow, message.key, message.connection)
            log.error("%s.differs key=%s connection=%s reason=%s", *named, entry.reason)
        await self.let_go(message, released)

    async def _hand_on(self, message: Message, outcome: Delivered | PassedOn) -> None:
        action = outcome.action if isinstance(outcome, Delivered) else ""
        for then in outcome.follow_ups:
            hops = hops_to(then.flow, message, action)
            if hops > MOST_HOPS:
                log.error(
                    "%s.circle key=%s connection=%s to=%s to_key=%s reason=%s",
                    message.flow, message.key, message.connection, then.flow, then.key, CIRCLE,
                )  # fmt: skip
                continue
            origin = message.origin if then.goes_on and message.is_asked else "told"
            keys = [then.key]
            await self._intake.accept(then.flow, message.connection, keys, origin, hops=hops)

    async def write(self, delivery: Delivery, entry: Entry) -> None:
        """Append to the record's trail, with the copies of this try beside it."""
        full = Entry(
            **{
                **entry.__dict__,
                "origin": delivery.message.origin,
                "attempt": delivery.message.attempt,
            }
        )
        claim = delivery.claim = await self._ledger.write(delivery.claim, full)
        record = f"{claim.partition}|{claim.key}"
        await self._documents.store(record, claim.told, delivery.copies)

    async def failed(self, delivery: Delivery, error: Exception) -> None:
        """Wait and try again, or park."""
        report_refused_sign_in(delivery.message.flow, delivery.message.connection, error)
        if said := said_in(error):
            delivery.keep(REFUSED, {"said": said})
        decision = decide(error, delivery.message.attempt)
        if not isinstance(decision, Wait):
            if not isinstance(error, Later | Never):
                log.error(
                    "%s.bug key=%s connection=%s error=%s at=%s",
                    delivery.message.flow, delivery.message.key, delivery.message.connection,
                    decision.reason, _places(error),
                )  # fmt: skip
            await self.park(delivery.message, delivery.claim, decision, delivery, error)
        else:
            await self._wait(delivery, error, decision)

    async def _wait(self, delivery: Delivery, error: Exception, decision: Wait) -> None:
        """Schedule the next try, and let go."""
        now = self._clock.now()
        due, is_stored = next_try(delivery.claim, delivery.message, now, decision.after)
        is_counted = decision.attempt != delivery.message.attempt
        reason, deaths = reason_of(error), 0 if is_counted else delivery.claim.deaths
        is_news = isinstance(error, Later) and error.is_outage and reason != delivery.claim.reason
        if is_counted or is_news:
            waited = Entry(now, "waited", reason=reason, details={"until": due.isoformat()})
            await self.write(delivery, waited)
        log.warning(
            "%s.waits key=%s connection=%s attempt=%d s=%d reason=%s",
            delivery.message.flow, delivery.message.key, delivery.message.connection,
            delivery.message.attempt, decision.after.total_seconds(), reason,
        )  # fmt: skip
        if not is_stored:
            await self._intake.reschedule(delivery.message.again(attempt=decision.attempt), due)
        try:
            released = await self._ledger.release(
                delivery.claim, reason=reason, retry_at=due,
                heard_at=delivery.claim.heard_with(delivery.message.notified_at),
                seen=delivery.seen or delivery.claim.seen,
                deaths=max(deaths, SUSPECTED) if isinstance(error, Suspected) else deaths,
                **delivery.settles_sooner(error),
            )  # fmt: skip
            await self.let_go(delivery.message, released)
        except LeaseLost:
            log.warning(
                "%s.lease_lost key=%s connection=%s attempt=%d",
                delivery.message.flow, delivery.message.key, delivery.message.connection,
                delivery.message.attempt,
            )  # fmt: skip

    async def park(
        self,
        message: Message,
        claim: Claim,
        park: Park,
        delivery: Delivery | None = None,
        error: Exception | None = None,
    ) -> None:
        """Give the record to a person. `error`: what has ended the try."""
        now = self._clock.now()
        known = delivery.claim if delivery is not None else claim
        said: dict[str, Any] = still_open(known, park.reason, park.remedy)
        entry = Entry(now, "parked", "", message.origin, message.attempt, code=park.code, **said)
        if delivery is not None:
            await self.write(delivery, entry)
            claim = delivery.claim
        else:
            claim = await self._ledger.write(claim, entry)
        worth = delivery.worth if delivery is not None else ""
        claim = await self._ledger.park(claim, **said, worth=worth, skus=_skus_in(error))
        log.warning(
            "%s.parked key=%s connection=%s attempt=%d reason=%s",
            message.flow, message.key, message.connection, message.attempt, park.reason,
        )  # fmt: skip
        read_at, seen = (delivery.read_at, delivery.seen) if delivery is not None else (now, "")
        settles = (
            delivery.settles_sooner(error) if delivery is not None and error is not None else {}
        )
        released = await self._ledger.release(
            claim,
            state=State.PARKED,
            read_at=read_at,
            seen=seen or claim.seen,
            retry_at=None,
            **said,
            **settles,
        )
        await self.let_go(message, released)

    async def absent(self, message: Message, claim: Claim) -> None:
        """The owner does not show the record: hooks may be early, replicas late; after some looks
        it has vanished."""
        if message.looks <= len(ABSENT_WAITS):
            after = ABSENT_WAITS[message.looks - 1]
            due, is_stored = next_try(claim, message, self._clock.now(), after)
            if not is_stored:
                await self._intake.reschedule(message.look_again(), due)
            await self.let_go(message, await self._ledger.release(claim, retry_at=due))
            return
        await self.vanish(message, claim)

    async def vanish(self, message: Message, claim: Claim) -> None:
        """An honest end for a record that is not coming."""
        now = self._clock.now()
        reason = (
            "the record is not there (any more): the change that announced it was rolled back, or"
            " it was deleted"
        )
        entry = Entry(
            now, "vanished", origin=message.origin, attempt=message.attempt, reason=reason
        )
        claim = await self._ledger.write(claim, entry)
        log.warning(
            "%s.vanished key=%s connection=%s attempt=%d",
            message.flow, message.key, message.connection, message.attempt,
        )  # fmt: skip
        if claim.may_be_listed:
            await self._ledger.unpark(claim)
        released = await self._ledger.release(
            claim, state=State.VANISHED, reason=reason, remedy="", read_at=now, retry_at=None
        )
        await self.let_go(message, released)

    async def let_go(self, message: Message, released: Claim) -> None:
        """Somebody notified while we worked: what we read may be older than their notification."""
        if released.again:
            await self._intake.accept(message.flow, message.connection, [message.key], "again")


def _skus_in(error: Exception | None) -> str:
    """The SKUs that have to be mapped first, one per line."""
    missing = error.missing if isinstance(error, Never) else ()
    return "\n".join(dict.fromkeys(one.key for one in missing if one.table.startswith(ITEMS)))


def _places(error: Exception) -> str:
    """Where it went wrong, innermost last; no text of the error, which may quote a document."""
    return " > ".join(
        f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]
    )
