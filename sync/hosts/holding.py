"""Messages that cannot be worked off because of trouble of our own are held under their lock.

What is given back comes again at once. So a table service that refuses, a queue that throttles or
a vault that is away would use up all deliveries of all messages within seconds. Here the message is
kept instead, and its work is tried again with growing pauses: a delivery then lasts minutes, and 25
outlive hours. The host renews the lock meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Final

from sync.app.settings import SettingsMissing
from sync.config.file.faults import BadConfiguration
from sync.core.errors import Later, Never
from sync.hosts.causes import cause
from sync.hosts.runtime import Opening, Runtime

log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(minutes=8)
"""How long a message is held: within the lock's renewal and the function's time (host.json)."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=60)
"""Pauses between tries under one lock; each is twice the one before."""
UNCONFIGURED: Final = timedelta(seconds=20)
"""How long a message is held where trying again cannot help: a deployment must, or it is a fault of
ours. 25 deliveries then last long enough to notice."""


async def while_held(
    queue: str, body: bytes, runtime: Opening, work: Callable[[Runtime], Awaitable[None]]
) -> None:
    """Do the work; where our own queue, tables or vault are in trouble, try again until it is done
    or patience is over. Raises what ended the last try: then the message is given back, and why is
    noted for its dead letter."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE.total_seconds()
    for pause in _pauses():
        try:
            await work(await runtime())
        except (SettingsMissing, BadConfiguration):  # nothing in this process will change that
            await asyncio.sleep(UNCONFIGURED.total_seconds())
            raise
        except (Later, Never) as trouble:
            log.error("host.held queue=%s reason=%s", queue, trouble)  # noqa: TRY400 - the reason says it all
            if loop.time() + pause > until:
                await _note(queue, body, runtime, trouble)
                raise
        except Exception as error:
            log.error("host.failed queue=%s cause=%s", queue, cause(error))  # noqa: TRY400 - as above
            await asyncio.sleep(UNCONFIGURED.total_seconds())
            await _note(queue, body, runtime, error)
            raise
        else:
            return
        await asyncio.sleep(pause)


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause.total_seconds()
        pause = min(2 * pause, LONGEST_PAUSE)


async def _note(queue: str, body: bytes, runtime: Opening, error: Exception) -> None:
    try:
        ready = await runtime()
    except (Later, Never):  # logged above; nobody is there who could note it
        return
    await ready.note_trouble(queue, body, cause(error))
