"""Taking one message out of a dead-letter queue. The broker has no "delete number 42": what goes
must be received first.

It gives the oldest first, so everything before the letter is received, held until the letter is
found, and given back.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError

from sync.adapters.servicebus.links import Line
from sync.adapters.servicebus.peeks import peeked
from sync.core.errors import Later
from sync.core.message_queue import DeadLetter

PAGE: Final = 100
LOOK: Final = 1.0
"""Seconds without a further letter until it is believed that none comes."""
ANSWER, OPERATION = 30.0, 40.0


async def remove(
    letter: DeadLetter, *, looking: Line[ServiceBusReceiver], taking: Line[ServiceBusReceiver]
) -> None:
    """Remove the letter; nothing there is fine. Raises `Later` when somebody else holds it.

    `taking` is used for nothing else and closed afterwards: what it still had coming goes back at
    once.
    """
    before = 0
    async for message in peeked(looking):
        if (message.sequence_number or 0) >= letter.sequence:
            break
        before += 1
    if not await _is_there(letter, looking):
        return
    take_out = partial(_take_out, sequence=letter.sequence, most=before + 1)
    await taking.use(take_out, answer=ANSWER, most=OPERATION)
    if await _is_there(letter, looking):
        what = f"queue {letter.queue}: dead letter {letter.id} is held by somebody else"
        raise Later(what, counts=False)


async def _is_there(letter: DeadLetter, line: Line[ServiceBusReceiver]) -> bool:
    return any(
        [
            m.sequence_number == letter.sequence
            async for m in peeked(line, first=letter.sequence, most=1)
        ]
    )


async def _take_out(receiver: ServiceBusReceiver, sequence: int, most: int) -> None:
    """Complete the message of a sequence number among the first `most`. What was received on the
    way is given back."""
    passed: list[ServiceBusReceivedMessage] = []
    try:
        while len(passed) < most:
            found = await receiver.receive_messages(min(most - len(passed), PAGE), LOOK)
            if not found:
                return
            wanted = [message for message in found if message.sequence_number == sequence]
            passed += [message for message in found if message.sequence_number != sequence]
            for message in wanted:
                await receiver.complete_message(message)
                return
    finally:
        await _give_back(receiver, passed)


async def _give_back(
    receiver: ServiceBusReceiver, passed: Sequence[ServiceBusReceivedMessage]
) -> None:
    for message in passed:
        with suppress(MessageLockLostError):
            await receiver.abandon_message(message)
