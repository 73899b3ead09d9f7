"""An Azurite for this folder; without it, its tests are skipped with the reason."""

from collections.abc import Iterator

import pytest
from azure.data.tables.aio import TableServiceClient

from tests.contracts.conftest import azurite, installed
from tests.log_capture import log_as_before

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
    with log_as_before():
        yield
