"""The contracts, on the embedded edition's adapters: in memory and in a file."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.adapters.key_files import new_key
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.vault import Vault
from tests.contracts.hand_clock import HandClock
from tests.contracts.queue_contract import QueueContract
from tests.contracts.queue_under_test import QueueUnderTest
from tests.contracts.secrets_contract import SecretsContract, SecretsUnderTest
from tests.contracts.tables_contract import TablesContract
from tests.contracts.tables_under_test import TablesUnderTest


@pytest.fixture(params=["memory", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "sync.db")


class TestSqliteQueue(QueueContract):
    @pytest.fixture
    async def q(self, place: str) -> AsyncIterator[QueueUnderTest]:
        clock, lock, window = HandClock(), timedelta(minutes=1), timedelta(minutes=5)
        queue = SqliteQueue(place, clock, lock, most_deliveries=4, duplicate_window=window)
        yield QueueUnderTest(queue, "orders", "stock", lock, 4, window, clock.pass_by, clock.now)
        queue.close()


class TestSqliteTables(TablesContract):
    @pytest.fixture
    async def t(self, place: str) -> AsyncIterator[TablesUnderTest]:
        tables = SqliteTables(place)
        yield TablesUnderTest(tables, "claims")
        tables.close()


class TestVault(SecretsContract):
    @pytest.fixture
    async def s(self, tmp_path: Path) -> SecretsUnderTest:
        key = new_key()
        operator = Vault(tmp_path / "vault.json", key)

        async def put(name: str, value: str) -> None:
            operator.set(name, value)

        async def remove(name: str) -> None:
            operator.delete(name)

        async def caches_expire() -> None:
            await asyncio.sleep(0)

        return SecretsUnderTest(Vault(tmp_path / "vault.json", key), put, remove, caches_expire)
