"""A trigger on a queue's dead letters on this side of the wire: looks at a steady beat, and forgets
what was taken.

A letter is forgotten once its function has returned. Killed between, or beside another host, the
function is called for it again; what it does is safe to repeat.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from azure.functions.servicebus import ServiceBusMessage

from sync.core.message_queue import DeadLetter, Queue
from sync.hosts.causes import cause
from sync.hosts.pump import FUNCTION_TIMEOUT
from sync.hosts.registered import DeadLetterFunction

log = logging.getLogger(__name__)

LOOK: Final = timedelta(minutes=1)
"""A record that a queue gave up has waited for long: a minute more is nothing, and a look at a
broker costs one."""


class DeadLetters:
    """One function and the queue whose dead letters it takes."""

    def __init__(self, function: DeadLetterFunction, queue: Queue) -> None:
        self._function = function
        self._queue = queue

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`; the function that runs then is let finish."""
        while not stop.is_set():
            await self._look(stop)
            try:
                async with asyncio.timeout(LOOK.total_seconds()):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _look(self, stop: asyncio.Event) -> None:
        """Once through what is there. Trouble with one letter, or with the queue, is logged and met
        again at the next look."""
        try:
            letters = [letter async for letter in self._queue.dead_letters(self._function.queue)]
        except Exception as error:  # noqa: BLE001 - logged, and tried again at the next look
            log.error("queue.not_looked queue=%s cause=%s", self._function.queue, cause(error))  # noqa: TRY400
            return
        for letter in letters:
            if stop.is_set():
                return
            await self._take(letter)

    async def _take(self, letter: DeadLetter) -> None:
        try:
            async with asyncio.timeout(FUNCTION_TIMEOUT.total_seconds()):
                await self._function.handler(**{self._function.argument: dead_message(letter)})
            await self._queue.remove_dead_letter(letter)
        except Exception as error:  # noqa: BLE001 - the letter stays where it is
            log.warning("%s.abandoned id=%s cause=%s", self._function.name, letter.id, cause(error))


def dead_message(letter: DeadLetter) -> ServiceBusMessage:
    """The letter as a trigger hands it to a function."""
    return ServiceBusMessage(
        body=letter.body,
        message_id=letter.id,
        delivery_count=letter.deliveries,
        enqueued_time_utc=letter.enqueued_at,
        dead_letter_reason=letter.reason,
        dead_letter_error_description=letter.description,
        dead_letter_source=letter.queue,
        application_properties={},
        user_properties={},
    )
