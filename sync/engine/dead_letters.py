"""What a queue has given up, and what no delivery can use.

A queue gives up a message that came too often, or lay too long. The record that it stands for is
parked, so that a person sees it beside all others that wait and replays it when the cause is
mended. What is no message of ours, or what no table can hold, is kept as a row of facts, never its
content, and reported: it is not delivered again and again.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sync.core.encoding import NotJson
from sync.core.ports import Row, Value
from sync.engine.claim import Claim, State
from sync.engine.engine import Engine
from sync.engine.gateways import still_open
from sync.engine.jobs import Job
from sync.engine.message import Message
from sync.engine.queues import POLLS
from sync.engine.refused_keys import RefusedKeys, key_fault
from sync.engine.timing import has_been_read_since, lease_over
from sync.engine.trail import Entry
from sync.engine.troubles import Troubles

log = logging.getLogger("sync.engine.dead_letters")

DEAD_LETTERS: Final = "deadletters"
"""Facts of what is no message of ours, by queue and digest."""
KEEP: Final = timedelta(days=30)
"""How long the facts of one are kept."""
MOST_SAID: Final = 1000
"""Characters of what a broker says; it says whole stack traces where it can."""

CAUSES: Final[Mapping[str, tuple[str, str]]] = {
    "MaxDeliveryCountExceeded": (
        (
            "the queue gave the message up after too many deliveries: the app could not open,"
            " ended, or ran out of time, each time it was at work on it"
        ),
        "Look in the log for what ended the app at these times, mend it, then replay the record.",
    ),
    "TTLExpiredException": (
        "the message lay in the queue until it expired: nothing took it for that long",
        "See that the app runs and its functions are enabled, then replay the record.",
    ),
}
"""What the broker's own reasons mean, and what a person does about them."""
MEND: Final = "Mend what the reason names, then replay the record."


class DeadLetterParking:
    """Parks what dead letters stand for, and keeps facts of what stands for no record."""

    def __init__(self, engine: Engine, refused_keys: RefusedKeys, troubles: Troubles) -> None:
        self._engine = engine
        self._refused_keys = refused_keys
        self._troubles = troubles

    async def park_dead_letter(
        self, queue: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        """Park the record of a dead letter, with why. Returns when the letter may be forgotten;
        safe to repeat.

        A record that was delivered since is left alone. One that somebody is at work on is looked
        at again when their lease ends, in case it was they who died of it. A job that was given up
        is only reported: the next one comes by the timer. Raises what tables and queue raise: the
        letter then stays.
        """
        said = f"{reason}: {description}" if description else reason
        trouble = await self._troubles.last(queue, body)
        if queue == POLLS:
            await self._report_job(body, message_id, trouble or said)
        elif (message := await self.usable(queue, body, message_id, said)) is not None:
            why, remedy = self._told(reason, trouble)
            details = {
                "dead_letter_reason": reason[:MOST_SAID],
                "description": description[:MOST_SAID],
            }
            await self._park(message, why, remedy, details)

    async def usable(self, queue: str, body: bytes, message_id: str, reason: str) -> Message | None:
        """The message in a body. What is none, and what names a record that no table can hold, is
        kept and reported, and None: then it may be forgotten."""
        try:
            message = Message.decode(body)
        except NotJson as fault:
            await self.keep(queue, body, message_id, fault, reason)
            return None
        connection, flow, key = message.connection, message.flow, message.key
        if named := key_fault(connection) or key_fault(flow):
            await self.keep(queue, body, message_id, ValueError(named), reason)
            return None
        if key_fault(key):
            await self._refused_keys.keep(connection, flow, key, message.origin)
            return None
        return message

    async def park_unknown(self, message: Message) -> None:
        """Park the record of a flow that this version does not have."""
        await self._park(
            message,
            f"this version of the product has no flow called {message.flow}",
            "Deploy a version that has the flow, then replay the record.",
            {},
        )

    async def keep(
        self, queue: str, body: bytes, message_id: str, fault: Exception, reason: str
    ) -> None:
        """Facts of what stands for no record: how long it is, its digest, when it was found."""
        digest = self._engine.ledger.digests.of(body)
        shown, why = (ascii(text)[1:-1][:MOST_SAID] for text in (message_id, reason))
        cells: dict[str, Value] = {
            "at": self._engine.clock.now(), "bytes": len(body), "digest": digest,
            "message_id": shown, "reason": why, "fault": type(fault).__name__,
        }  # fmt: skip
        await self._engine.tables.upsert(DEAD_LETTERS, Row(queue, digest, cells))
        log.error(
            "dead_letters.unreadable queue=%s id=%s bytes=%d reason=%s",
            queue, shown, len(body), why,
        )  # fmt: skip

    async def _report_job(self, body: bytes, message_id: str, reason: str) -> None:
        try:
            job = Job.decode(body)
        except NotJson as fault:
            await self.keep(POLLS, body, message_id, fault, reason)
            return
        log.error("jobs.given_up job=%s reason=%s", job.subject, reason)

    def _told(self, reason: str, trouble: str) -> tuple[str, str]:
        """Why the message was given up, and what to do: by what ended its deliveries, where that
        was noted."""
        if trouble:
            return (
                f"the queue gave the message up, since its deliveries ended with: {trouble}",
                MEND,
            )
        unknown = f"the queue set the message aside: {reason or 'it did not say why'}"
        return CAUSES.get(reason, (unknown, MEND))

    async def _park(
        self, message: Message, why: str, remedy: str, details: Mapping[str, str]
    ) -> None:
        flow, key, intake = message.flow, message.key, self._engine.intake
        claim, is_held = await self._engine.ledger.take(
            message.connection, flow, key, self._engine.worker, even_suspect=True
        )
        if not is_held:
            await intake.outlive(message, claim.owner, lease_over(claim, self._engine.clock))
            named = (flow, key, message.connection)
            log.warning("%s.dead_but_held key=%s connection=%s reason=%s", *named, why)
            return
        if has_been_read_since(claim, message):
            named = (flow, key, message.connection)
            log.info("%s.dead_but_delivered key=%s connection=%s reason=%s", *named, why)
            released = await self._engine.ledger.release(claim)
        else:
            released = await self._parked(claim, message, why, remedy, details)
        if released.again:
            await intake.accept(flow, message.connection, [key], "again")

    async def _parked(
        self, claim: Claim, message: Message, why: str, remedy: str, details: Mapping[str, str]
    ) -> Claim:
        ledger, now, attempt = self._engine.ledger, self._engine.clock.now(), message.attempt
        said = still_open(claim, why, remedy)
        origin = message.origin
        entry = Entry(now, "dead-lettered", origin=origin, attempt=attempt, details=details, **said)
        claim = await ledger.park(await ledger.write(claim, entry), **said)
        named = (message.flow, message.key, message.connection)
        log.error("%s.parked key=%s connection=%s attempt=%d reason=%s", *named, attempt, why)
        return await ledger.release(claim, state=State.PARKED, read_at=now, retry_at=None, **said)
