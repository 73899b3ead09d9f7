from collections.abc import AsyncIterator

import pytest_asyncio

from tests.adapters.servicebus import Bus, Terminal, a_terminal


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def terminal() -> AsyncIterator[Terminal]:
    """A double of Service Bus, shared by the tests of a module."""
    async with a_terminal() as terminal:
        yield terminal


@pytest_asyncio.fixture(loop_scope="module")
async def bus(terminal: Terminal) -> Bus:
    """A queue of its own."""
    return terminal.bus()
