"""Records whose holders died more than once are tried by themselves, so that a record that ends its
process is told from those that died beside it.

Nothing of a process's death says which of its deliveries it died of. So a suspect waits until the
others of its process have ended, and those that come meanwhile wait for it. Both waits are bounded,
so that a delivery that takes long holds up no suspect, and a suspect that takes long nobody else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Final

from sync.core.errors import Later
from sync.engine.claim import Claim

OTHERS_END: Final = timedelta(seconds=30)
"""How long a suspect waits for the deliveries that are under way; most take seconds."""
OTHERS_WAIT: Final = timedelta(minutes=1)
"""How long others wait for a suspect, the time in which it waits for them included."""
NEXT_ONE: Final = timedelta(seconds=5)
"""After which a suspect comes again that finds another at work."""
IS_BY_ITSELF: "ContextVar[bool]" = ContextVar("is_by_itself", default=False)
"""Whether what runs now is the work on a suspect, and on what that requires."""


def next_place(now: datetime) -> datetime:
    """When a suspect comes again that finds another at work; the same for all its messages."""
    number = int(now.timestamp() // NEXT_ONE.total_seconds()) + 2
    return datetime.fromtimestamp(number * NEXT_ONE.total_seconds(), UTC)


class Suspected(Later):
    """A record requires a suspect: it becomes one too, and both are tried by themselves."""

    def __init__(self, claim: Claim) -> None:
        reason = f"{claim.flow} {claim.key} is tried by itself: the app ended during work on it"
        super().__init__(reason, after=timedelta(seconds=1), counts=False)


class Suspects:
    """Who may be at work in this process: any number of records, or one suspect."""

    def __init__(self) -> None:
        self._under_way = 0
        self.is_one_at_work = False
        self._may_begin, self._is_empty = asyncio.Event(), asyncio.Event()
        self._may_begin.set()
        self._is_empty.set()

    @asynccontextmanager
    async def beside_others(self) -> AsyncIterator[None]:
        """While a record is worked on as usual."""
        while not self._may_begin.is_set():
            await self._may_begin.wait()
        self._under_way += 1
        self._is_empty.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._is_empty.set()

    @asynccontextmanager
    async def by_itself(self) -> AsyncIterator[None]:
        """While a suspect is worked on, where no other one is. Not within `beside_others`."""
        self.is_one_at_work = True
        self._may_begin.clear()
        loop = asyncio.get_running_loop()
        opening = loop.call_later(OTHERS_WAIT.total_seconds(), self._may_begin.set)
        token = IS_BY_ITSELF.set(True)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(OTHERS_END.total_seconds()):
                    await self._is_empty.wait()
            yield
        finally:
            IS_BY_ITSELF.reset(token)
            opening.cancel()
            self._may_begin.set()
            self.is_one_at_work = False
