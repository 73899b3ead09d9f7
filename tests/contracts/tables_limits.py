"""What every table store refuses: what Azure would."""

from datetime import UTC, datetime

import pytest

from sync.core.ports import Delete, Insert, Operation, Row, Upsert, Value
from tests.contracts.tables_under_test import TablesUnderTest


class TablesLimits:
    """Part of `TablesContract`."""

    async def test_a_transaction_of_a_hundred_rows_is_the_limit(self, t: TablesUnderTest) -> None:
        rows: list[Operation] = [Insert(Row("p", f"{number:03}")) for number in range(101)]
        with pytest.raises(ValueError, match="100"):
            await t.tables.transact(t.name, rows)
        assert await t.keys("p") == []
        await t.tables.transact(t.name, rows[:100])
        assert len(await t.keys("p")) == 100
        await t.tables.transact(t.name, [])

    async def test_a_transaction_is_on_distinct_rows_of_one_partition(
        self, t: TablesUnderTest
    ) -> None:
        with pytest.raises(ValueError, match="same row"):
            await t.tables.transact(t.name, [Insert(Row("p", "1")), Upsert(Row("p", "1"))])
        with pytest.raises(ValueError, match="partition"):
            await t.tables.transact(t.name, [Insert(Row("p", "1")), Insert(Row("q", "2"))])
        assert await t.keys("p") == []

    async def test_a_transaction_beyond_4_mib_is_refused(self, t: TablesUnderTest) -> None:
        values: dict[str, Value] = {f"c{number}": b"x" * 65536 for number in range(15)}
        with pytest.raises(ValueError, match="4 MiB"):
            await t.tables.transact(
                t.name, [Insert(Row("p", f"{number}", values)) for number in range(5)]
            )
        assert await t.keys("p") == []

    async def test_the_greatest_cells_are_stored(self, t: TablesUnderTest) -> None:
        values: dict[str, Value] = {
            "text": "ß" * 32768,
            "emoji": "👗" * 16384,
            "raw": b"\xff" * 65536,
        }
        await t.tables.insert(t.name, Row("k" * 512, "p" * 512, values))
        assert dict((await t.get("k" * 512, "p" * 512)).values) == values

    async def test_252_cells_are_stored(self, t: TablesUnderTest) -> None:
        values: dict[str, Value] = {f"c{number}": number for number in range(252)}
        await t.tables.insert(t.name, Row("p", "k", values))
        assert dict((await t.get("p", "k")).values) == values

    @pytest.mark.parametrize(
        "values",
        [
            pytest.param({"c": "x" * 32769}, id="a long string"),
            pytest.param({"c": "👗" * 16385}, id="a long string of pairs"),
            pytest.param({"c": b"x" * 65537}, id="many bytes"),
            pytest.param({"c": 2**63}, id="an integer beyond 64 bits"),
            pytest.param({"c": -(2**63) - 1}, id="a negative integer beyond 64 bits"),
            pytest.param({"c": datetime(2026, 3, 1)}, id="a naive datetime"),  # noqa: DTZ001 - that is the point
            pytest.param({"c": datetime(1600, 12, 31, tzinfo=UTC)}, id="an early datetime"),
            pytest.param({"c": "half a pair: \ud83d"}, id="no text"),
            pytest.param({"c": 1.5}, id="a float"),
            pytest.param({"c": ["x"]}, id="a list"),
            pytest.param({f"c{number}": 1 for number in range(253)}, id="too many cells"),
            pytest.param({f"c{number}": b"x" * 65536 for number in range(16)}, id="a big row"),
            pytest.param({"not a name": 1}, id="a name with a space"),
            pytest.param({"RowKey": "x"}, id="a name of the store's own"),
        ],
    )
    async def test_a_cell_beyond_the_limits_is_refused(
        self, t: TablesUnderTest, values: dict[str, Value]
    ) -> None:
        row = Row("p", "k", values)
        with pytest.raises(ValueError, match=t.name):
            await t.tables.insert(t.name, row)
        with pytest.raises(ValueError, match=t.name):
            await t.tables.upsert(t.name, row)
        with pytest.raises(ValueError, match=t.name):
            await t.tables.transact(t.name, [Insert(Row("p", "fine")), Insert(row)])
        assert await t.keys("p") == []

    @pytest.mark.parametrize(
        "bad", ["", "x" * 513, "a\nb", "\x00", "a\x7f", "\x9f", "\ud83d", "/" * 257]
    )
    async def test_a_key_beyond_the_rules_is_refused(self, t: TablesUnderTest, bad: str) -> None:
        for row in (Row("p", bad), Row(bad, "k")):
            with pytest.raises(ValueError, match=t.name):
                await t.tables.insert(t.name, row)
            with pytest.raises(ValueError, match=t.name):
                await t.tables.transact(t.name, [Delete(row)])

    @pytest.mark.parametrize("bad", ["", "ab", "1abc", "with space", "with_line", "x" * 64])
    async def test_a_table_name_beyond_the_rules_is_refused(
        self, t: TablesUnderTest, bad: str
    ) -> None:
        with pytest.raises(ValueError, match="3 to 63"):
            await t.tables.insert(bad, Row("p", "k"))
