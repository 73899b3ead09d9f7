"""Queues in Azure Service Bus, and in its emulator. In production the Functions host receives; this
sends and looks.

Queues are made by the deployment (infra/queues.json), with duplicate detection: it makes every send
safe to repeat. One sender and one receiver per queue are opened when first needed and kept, each on
a connection of its own.

What Service Bus does not tell is not guessed: a look at an empty queue takes `LOOK` because the
broker says nothing about emptiness; locked messages count as due; counts end at `MOST_COUNTED`
(`counts.py`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, Self

from azure.core.credentials_async import AsyncTokenCredential
from azure.servicebus import ServiceBusMessageBatch, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender
from azure.servicebus.exceptions import MessageSizeExceededError

from sync.adapters.queue_limits import MOST_WHY, check
from sync.adapters.servicebus.counts import MOST_COUNTED, counted
from sync.adapters.servicebus.dead import remove
from sync.adapters.servicebus.inbox import ANSWER, OPERATION, Inbox
from sync.adapters.servicebus.links import Aside, Line, Link
from sync.adapters.servicebus.messages import letter, sendable
from sync.adapters.servicebus.peeks import due, peeked
from sync.core.errors import Never
from sync.core.message_queue import DeadLetter, Depth, Outgoing, Received

PATIENCE: Final = timedelta(seconds=4)
"""A shop's customer is waiting for the hook."""
TURN: Final = 0.05
"""Seconds for which a call that waits for a frame keeps the connection to itself; settling waits
for them to end."""


class ServiceBusQueue:
    """`Queue` on one namespace. Safe for concurrent use. Close it when done."""

    def __init__(self, client: ServiceBusClient, *, patience: timedelta = PATIENCE) -> None:
        """`patience`: from the first trouble until the caller hears of it, and for a whole send.
        The client must not try again by itself (`retry_total=0`)."""
        self._client = client
        self._patience = patience
        self._aside = Aside()
        self._outboxes: dict[str, Line[ServiceBusSender]] = {}
        self._inboxes: dict[str, Inbox] = {}
        self._dead: dict[str, Line[ServiceBusReceiver]] = {}
        self._fronts: dict[str, int] = {}

    @classmethod
    def from_connection_string(cls, text: str) -> Self:
        """With a shared access key; for the emulator (`UseDevelopmentEmulator=true`). Raises
        `Never`, without the text."""
        try:
            return cls(ServiceBusClient.from_connection_string(text, retry_total=0))
        except ValueError:
            raise Never(
                "the Service Bus connection string cannot be read",
                remedy=(
                    "Copy it again from the namespace's shared access policies into SERVICE_BUS: it"
                    " begins with Endpoint=sb://."
                ),
            ) from None

    @classmethod
    def of_namespace(cls, host: str, credential: AsyncTokenCredential, **options: Any) -> Self:
        """As an identity; `host` as in name.servicebus.windows.net. The credential stays the
        caller's to close."""
        return cls(ServiceBusClient(host, credential, **{"retry_total": 0, **options}))

    async def open(self, queues: Iterable[str]) -> None:
        """Open senders before they are needed: it takes a second, which the first hook should not
        wait. Raises as `send`."""
        opening = [
            self._outbox(queue).use(_nothing, answer=ANSWER, most=OPERATION) for queue in queues
        ]
        for trouble in await asyncio.gather(*opening, return_exceptions=True):
            if trouble is not None:
                raise trouble

    async def close(self) -> None:
        """Close all links; what they had received and nobody took goes back to its queue. Safe to
        repeat."""
        receivers = [*(inbox.line for inbox in self._inboxes.values()), *self._dead.values()]
        for sender in self._outboxes.values():
            await sender.close()
        for receiver in receivers:
            await receiver.close()
        await self._aside.closed()
        await self._client.close()

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Store the messages; returns when they are stored, and gives up when `patience` is over.

        All or nothing per queue for what fits into one batch (256 KB with properties), which 100
        messages of ours do. Safe to repeat: ids make it so, also after an answer was lost. Raises
        `Later`, `Never`, and `ValueError` beyond a limit.
        """
        for message in messages:
            check(message)
        most = self._patience.total_seconds()
        for queue in dict.fromkeys(message.queue for message in messages):
            those = [message for message in messages if message.queue == queue]
            await self._outbox(queue).use(
                partial(_send, messages=those, seconds=most / 2),
                answer=most / 2,
                most=most,
                alone=True,
            )

    async def receive(self, queue: str, *, most: int, wait: timedelta) -> list[Received]:
        """Lock and return up to `most` due messages; waits up to `wait`, but at least `LOOK`, for
        the first.

        Calls for one queue take turns: one that finds another waiting without result finds nothing
        either. A cancelled call leaves what was on its way to the next call, or to `close`.
        """
        return await self._inbox(queue).receive(most, wait)

    async def complete(self, message: Received) -> None:
        """Done: the message is gone. Raises `LockLost`, and `Later` when that could not be told."""
        await self._inbox(message.queue).settle(
            message, lambda receiver, held: receiver.complete_message(held)
        )

    async def abandon(self, message: Received) -> None:
        """Give it back at once; past the queue's limit of deliveries it becomes a dead letter.
        Raises as `complete`."""
        await self._inbox(message.queue).settle(
            message, lambda receiver, held: receiver.abandon_message(held)
        )

    async def dead_letter(self, message: Received, *, reason: str, description: str = "") -> None:
        """Set it aside; texts are cut at 4,096 characters. Raises as `complete`."""
        why = {"reason": reason[:MOST_WHY], "error_description": description[:MOST_WHY]}
        await self._inbox(message.queue).settle(
            message, lambda receiver, held: receiver.dead_letter_message(held, **why)
        )

    async def renew(self, message: Received) -> Received:
        """Hold the lock for another lock duration. Raises as `complete`."""
        return await self._inbox(message.queue).renew(message)

    async def dead_letters(self, queue: str) -> AsyncIterator[DeadLetter]:
        """What has been set aside, oldest first, without removing it."""
        async for message in peeked(self._dead_line(queue)):
            yield letter(queue, message)

    async def remove_dead_letter(self, letter: DeadLetter) -> None:
        """Forget one; nothing there is fine. The broker removes only what is received, and gives
        from the front: the letters before it are locked for a moment, and count one delivery more.
        Raises `Later` while somebody else holds it."""
        fresh = self._line(letter.queue, lambda: self._dead_receiver(letter.queue))
        try:
            await remove(letter, looking=self._dead_line(letter.queue), taking=fresh)
        finally:
            await fresh.close()

    async def waiting(self, queue: str, *, most: int) -> list[bytes]:
        """Bodies of what is due, the oldest first, locked or not. The next look begins where this
        one found the first."""
        found = await due(self._inbox(queue).line, first=self._fronts.get(queue, 1), most=most)
        self._fronts[queue] = found.front
        return found.bodies

    async def depth(self, queue: str) -> Depth:
        """How many messages wait, counted by looking: up to `MOST_COUNTED`, and on until the oldest
        that is due is found."""
        there = await counted(self._inbox(queue).line)
        dead = await counted(self._dead_line(queue), searched=MOST_COUNTED)
        return Depth(
            there.due, there.scheduled, 0, dead.seen, there.oldest, there.next, is_cut=there.is_cut
        )

    def _line(self, queue: str, make: Callable[[], Link]) -> Line[Link]:
        return Line(queue, make, self._aside, patience=self._patience)

    def _outbox(self, queue: str) -> Line[ServiceBusSender]:
        if queue not in self._outboxes:
            self._outboxes[queue] = self._line(queue, lambda: self._client.get_queue_sender(queue))
        return self._outboxes[queue]

    def _inbox(self, queue: str) -> Inbox:
        if queue not in self._inboxes:
            make = partial(self._client.get_queue_receiver, queue, socket_timeout=TURN)
            self._inboxes[queue] = Inbox(self._line(queue, make))
        return self._inboxes[queue]

    def _dead_line(self, queue: str) -> Line[ServiceBusReceiver]:
        if queue not in self._dead:
            self._dead[queue] = self._line(queue, lambda: self._dead_receiver(queue))
        return self._dead[queue]

    def _dead_receiver(self, queue: str) -> ServiceBusReceiver:
        return self._client.get_queue_receiver(
            queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER, socket_timeout=TURN
        )


async def _nothing(_: ServiceBusSender) -> None:
    """All the work there is when a link need only be open."""


async def _send(sender: ServiceBusSender, messages: Sequence[Outgoing], seconds: float) -> None:
    """In one batch where they fit. Nothing is sent before all of them are known to fit
    somewhere."""
    batches: list[ServiceBusMessageBatch] = [await sender.create_message_batch()]
    for message in map(sendable, messages):
        try:
            batches[-1].add_message(message)
        except MessageSizeExceededError:
            batches.append(await sender.create_message_batch())
            batches[-1].add_message(message)
    for batch in batches:
        await sender.send_messages(batch, timeout=seconds)
