"""The contract of tables, on those of the simulation."""

import pytest

from tests.contracts.tables_contract import TablesContract
from tests.contracts.tables_under_test import TablesUnderTest
from tests.doubles.memory_tables import MemoryTables


class TestMemoryTables(TablesContract):
    @pytest.fixture
    async def t(self) -> TablesUnderTest:
        return TablesUnderTest(MemoryTables(), "claims")
