"""What is done with a message, by the queue it comes from."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.core.encoding import NotJson
from sync.core.errors import Later
from sync.core.telemetry import Telemetry
from sync.engine.dead_letters import DeadLetterParking
from sync.engine.flow import DocumentFlow
from sync.engine.intake import Intake
from sync.engine.jobs import Jobs
from sync.engine.message import Message
from sync.engine.queues import BUSINESS_EVENTS, DELIVERIES, POLLS
from sync.engine.runner import Runner
from sync.engine.turns import Turns
from sync.intake_http.business_events import BusinessEventsEdge

log = logging.getLogger("sync.app.queue_work")


@dataclass(frozen=True)
class QueueWork:
    """Works off messages of all queues. Returning completes a message; raising gives it back."""

    flows: Mapping[str, DocumentFlow[Any]]
    runner: Runner
    jobs: Jobs
    business_events: BusinessEventsEdge
    dead_letter_parking: DeadLetterParking
    turns: Turns
    intake: Intake
    telemetry: Telemetry

    async def take(
        self, queue: str, body: bytes, message_id: str, deliveries: int, *, trace_parent: str = ""
    ) -> None:
        """One message of a queue."""
        log.debug(
            "%s.received id=%s deliveries=%d within=%s",
            queue, message_id, deliveries, trace_parent[36:52],
        )  # fmt: skip
        if queue in DELIVERIES:
            await self._deliver(queue, body, message_id, trace_parent)
            return
        is_job = queue == POLLS
        work = self.jobs.run if is_job else self.business_events.from_queue
        unreadable = NotJson if is_job else ValueError
        try:
            await work(body)
        except unreadable as fault:  # it does not become readable
            await self.dead_letter_parking.keep(queue, body, message_id, fault, "unreadable")

    async def park_dead_letter(
        self, queue: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        """One message that a queue has given up. A business event is tried once more: it stands for
        no record that could be parked."""
        if queue == BUSINESS_EVENTS:
            await self.take(queue, body, message_id, 1)
        else:
            await self.dead_letter_parking.park_dead_letter(
                queue, body, message_id, reason, description
            )

    async def _deliver(self, queue: str, body: bytes, message_id: str, trace_parent: str) -> None:
        message = await self.dead_letter_parking.usable(queue, body, message_id, "unreadable")
        if message is None:
            return
        if message.flow not in self.flows:
            await self.dead_letter_parking.park_unknown(message)
            return
        if await self._gave_back(message):
            return
        named = (message.flow, message.connection, message.key)
        reported = self.telemetry.delivery(*named, trace_parent=trace_parent)
        with reported, self.turns.taken(message):
            await self.runner.deliver(message)

    async def _gave_back(self, message: Message) -> bool:
        """Whether the message was put off because its connection or flow has its share already. One
        that cannot be put off is delivered."""
        if (due := self.turns.beyond_its_share(message)) is None:
            return False
        try:
            await self.intake.reschedule(message, due)
        except Later:
            return False
        return True
