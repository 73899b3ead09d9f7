"""A mail server of a world: what it says of a mail, and what it keeps to itself (RFC 5321)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from sync.core.errors import Later, Unknown
from sync.core.ports import Clock, Mail

SLOWEST: Final = 4.0
FAILS: Final = 0.15


@dataclass
class Mailbox:
    """`taken`: how often each mail was, by its name. In trouble it refuses some for now, and some
    it leaves without an answer, taken or not."""

    clock: Clock
    chance: Random
    is_in_trouble: Callable[[], bool]
    taken: Counter[str] = field(default_factory=Counter)

    async def send(self, mail: Mail, *, not_after: datetime) -> None:
        """As `Mailer` has it."""
        await asyncio.sleep(self.chance.uniform(0, SLOWEST))
        drawn = self.chance.random() / FAILS if self.is_in_trouble() else 9.0
        if self.clock.now() > not_after or drawn < 1:
            raise Later("not now")
        if drawn < 2:
            raise Unknown("the server is gone")
        self.taken[mail.name] += 1
        await asyncio.sleep(self.chance.uniform(0, SLOWEST))
        if drawn < 3:
            raise Unknown("the server is gone, and has taken it")
