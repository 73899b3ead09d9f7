"""An Azurite for this folder; without it, its tests are skipped with the reason."""

import logging
from collections.abc import Iterator

import pytest
from azure.data.tables.aio import TableServiceClient

from sync.logs import QUIET
from tests.contracts.conftest import azurite, installed

__all__ = ["azurite", "installed"]


@pytest.fixture
async def account(azurite: str) -> str:
    """The connection string of an account without tables."""
    async with TableServiceClient.from_connection_string(azurite) as service:
        for table in [found.name async for found in service.list_tables()]:
            await service.delete_table(table)
    return azurite


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Opening an edition sets up the log; what was there before comes back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    libraries = {name: logging.getLogger(name).level for name in QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in libraries.items():
        logging.getLogger(name).setLevel(before)
