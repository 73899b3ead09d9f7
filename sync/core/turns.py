"""How long work on very many rows lets others go on."""

import asyncio
from typing import Final

MOMENT: Final = 0.001
"""Seconds. A turn of the event loop alone would not do: what takes a hundred short steps, as a
delivery does, would wait for a hundred pieces of the long work."""


async def let_others_go_on() -> None:
    """Called between pieces of a millisecond: what is ready comes first."""
    await asyncio.sleep(MOMENT)
