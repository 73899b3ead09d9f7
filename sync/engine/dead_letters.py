"""What a queue has given up: it came too often, or lay too long, and nobody will deliver it any
more.

The record that the message stands for is parked, so that a person sees it beside all others that
wait and replays it when the cause is mended. What is no message of ours is kept as a row of facts,
never its content.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sync.core.encoding import NotJson
from sync.core.ports import Row, Value
from sync.engine.claim import Claim, State
from sync.engine.engine import Engine
from sync.engine.flow import DocumentFlow
from sync.engine.ledger import Entry
from sync.engine.message import Message
from sync.engine.timing import has_been_read_since, lease_over

log = logging.getLogger("sync.engine.dead_letters")

DEAD_LETTERS: Final = "deadletters"
"""Dead letters that are no message of ours, by queue and message id."""
KEEP: Final = timedelta(days=30)
"""How long the facts of one are kept."""
MOST_SAID: Final = 1000
"""Characters of what a broker says; it says whole stack traces where it can."""

CAUSES: Final[Mapping[str, tuple[str, str]]] = {
    "MaxDeliveryCountExceeded": (
        (
            "the queue gave the message up: the app ended, or ran out of time, each time it was at"
            " work on it"
        ),
        "Look in the log for what ended the app at these times, mend it, then replay the record.",
    ),
    "TTLExpiredException": (
        "the message lay in the queue until it expired: nothing took it for that long",
        "See that the app runs and its functions are enabled, then replay the record.",
    ),
}
"""What the broker's own reasons mean, and what a person does about them."""


class DeadLetterParking:
    """Parks what dead letters stand for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def park_dead_letter(
        self, queue: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        """Park the record of a dead letter, with why. Returns when the letter may be forgotten;
        safe to repeat.

        A record that was delivered since is left alone. One that somebody is at work on is looked
        at again when their lease ends, in case it was they who died of it. Raises what tables and
        queue raise: the letter then stays.
        """
        try:
            message = Message.decode(body)
            flow = self._engine.flows[message.flow]
        except (NotJson, KeyError) as fault:
            await self._keep(
                queue,
                body,
                message_id,
                fault,
                f"{reason}: {description}" if description else reason,
            )
            return
        await self._park(flow, message, reason, description)

    async def _park(
        self, flow: DocumentFlow[Any], message: Message, reason: str, description: str
    ) -> None:
        ledger, now = self._engine.ledger, self._engine.clock.now()
        claim, is_held = await ledger.take(
            message.connection, flow.name, message.key, self._engine.worker
        )
        if not is_held:
            due = lease_over(claim, self._engine.clock)
            await self._engine.intake.reschedule(message, due)
            log.warning("%s.dead_but_held key=%s reason=%s", flow.name, message.key, reason)
            return
        if has_been_read_since(claim, message):
            log.info("%s.dead_but_delivered key=%s reason=%s", flow.name, message.key, reason)
            released = await ledger.release(claim)
        else:
            released = await self._give_up(claim, message, now, reason, description)
        if released.again:
            await self._engine.intake.accept(flow.name, message.connection, [message.key], "again")

    async def _give_up(
        self, claim: Claim, message: Message, now: datetime, reason: str, description: str
    ) -> Claim:
        """Park a held record, and let it go."""
        unknown = f"the queue set the message aside: {reason or 'it did not say why'}"
        why, remedy = CAUSES.get(
            reason, (unknown, "Mend what the reason names, then replay the record.")
        )
        said = {"reason": why, "remedy": remedy}
        details = {
            "dead_letter_reason": reason[:MOST_SAID],
            "description": description[:MOST_SAID],
        }
        entry = Entry(
            now, "dead-lettered", origin=message.origin, attempt=message.attempt,
            details=details, **said,
        )  # fmt: skip
        await self._engine.ledger.write(claim, entry)
        claim = await self._engine.ledger.park(claim, **said)
        log.error(
            "%s.parked key=%s attempt=%d reason=%s",
            message.flow, message.key, message.attempt, why,
        )  # fmt: skip
        return await self._engine.ledger.release(
            claim, state=State.PARKED, read_at=now, retry_at=None, **said
        )

    async def _keep(
        self, queue: str, body: bytes, message_id: str, fault: Exception, reason: str
    ) -> None:
        """Facts of what is no message of ours: how long it is, its digest, when it was found."""
        digest = self._engine.ledger.digests.of(body)
        cells: dict[str, Value] = {
            "at": self._engine.clock.now(), "bytes": len(body), "digest": digest,
            "message_id": message_id[:MOST_SAID],
            "reason": reason[:MOST_SAID], "fault": type(fault).__name__,
        }  # fmt: skip
        await self._engine.tables.upsert(DEAD_LETTERS, Row(queue, digest, cells))
        log.error(
            "dead_letters.unreadable queue=%s id=%s bytes=%d reason=%s",
            queue,
            message_id,
            len(body),
            reason,
        )
