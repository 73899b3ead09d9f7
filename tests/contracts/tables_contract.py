"""What every table store does."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sync.core.ports import Conflict, Delete, Insert, Operation, Replace, Row, Upsert, Value
from tests.contracts.tables_limits import TablesLimits
from tests.contracts.tables_reading import TablesReading
from tests.contracts.tables_under_test import TablesUnderTest

UNUSUAL: dict[str, Value] = {
    "text": "Grüße 'aus' \"Zürich\" 👗\n\ttab",
    "empty": "",
    "digits": "00042",
    "looks_like_a_date": "2026-03-01T12:00:00Z",
    "looks_like_json": '{"$bytes": "AA=="}',
    "zero": 0,
    "small": -1,
    "least": -(2**63),
    "greatest": 2**63 - 1,
    "beyond_32_bits": 2**31,
    "yes": True,
    "no": False,
    "raw": bytes(range(256)),
    "no_bytes": b"",
    "at": datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC),
    "whole_second": datetime(2026, 3, 1, tzinfo=UTC),
    "long_ago": datetime(1601, 1, 1, tzinfo=UTC),
}


class TablesContract(TablesReading, TablesLimits):
    """Subclass it, and give it a fixture `t`."""

    @pytest.fixture
    def t(self) -> TablesUnderTest:
        raise NotImplementedError("the adapter's tests give this fixture")

    async def test_a_row_comes_back_as_it_was_stored(self, t: TablesUnderTest) -> None:
        stored = await t.tables.insert(t.name, Row("main", "000000042", UNUSUAL))
        found = await t.get("main", "000000042")
        assert found == stored
        assert found.etag
        assert dict(found.values) == UNUSUAL
        assert {name: type(value) for name, value in found.values.items()} == {
            name: type(value) for name, value in UNUSUAL.items()
        }
        assert isinstance(found.values["at"], datetime)
        assert found.values["at"].utcoffset() == timedelta(0)

    async def test_a_dropped_table_has_no_rows_and_no_other_is_touched(
        self, t: TablesUnderTest
    ) -> None:
        other = f"{t.name}2"
        for table in (t.name, other):
            await t.tables.insert(table, Row("p", "k"))
        await t.tables.drop(t.name)
        await t.tables.drop(t.name)
        assert await t.tables.get(t.name, "p", "k") is None
        assert await t.tables.get(other, "p", "k") is not None

    async def test_dropping_what_never_was_is_fine(self, t: TablesUnderTest) -> None:
        await t.tables.drop(t.name)
        assert await t.keys("p") == []

    async def test_a_row_needs_no_cells(self, t: TablesUnderTest) -> None:
        await t.tables.insert(t.name, Row("p", "k"))
        assert dict((await t.get("p", "k")).values) == {}

    async def test_a_cell_that_is_none_is_not_stored(self, t: TablesUnderTest) -> None:
        stored = await t.tables.insert(t.name, Row("p", "k", {"there": 1, "gone": None}))
        assert dict(stored.values) == {"there": 1}
        assert dict((await t.get("p", "k")).values) == {"there": 1}
        await t.tables.replace(t.name, stored.having(there=None, new="x"))
        assert dict((await t.get("p", "k")).values) == {"new": "x"}

    async def test_a_datetime_of_another_zone_comes_back_in_utc(self, t: TablesUnderTest) -> None:
        at = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
        stored = await t.tables.insert(t.name, Row("p", "k", {"at": at}))
        for row in (stored, await t.get("p", "k")):
            assert row.values["at"] == at
            assert isinstance(row.values["at"], datetime)
            assert row.values["at"].utcoffset() == timedelta(0)

    async def test_inserting_twice_is_a_conflict(self, t: TablesUnderTest) -> None:
        await t.tables.insert(t.name, Row("p", "k", {"n": 1}))
        with pytest.raises(Conflict):
            await t.tables.insert(t.name, Row("p", "k", {"n": 2}))
        assert (await t.get("p", "k")).values == {"n": 1}

    async def test_of_fifty_concurrent_inserts_one_wins(self, t: TablesUnderTest) -> None:
        attempts = (t.tables.insert(t.name, Row("p", "k", {"who": who})) for who in range(50))
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        won = [outcome for outcome in outcomes if isinstance(outcome, Row)]
        assert len(won) == 1
        assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Row)] == [
            Conflict
        ] * 49
        assert await t.get("p", "k") == won[0]

    async def test_a_replace_needs_the_etag_of_the_stored_row(self, t: TablesUnderTest) -> None:
        first = await t.tables.insert(t.name, Row("p", "k", {"n": 1, "old": True}))
        second = await t.tables.replace(t.name, Row("p", "k", {"n": 2}, first.etag))
        assert second.etag not in ("", first.etag)
        assert await t.get("p", "k") == second
        assert dict(second.values) == {"n": 2}
        with pytest.raises(Conflict):
            await t.tables.replace(t.name, first.having(n=3))
        assert await t.get("p", "k") == second

    async def test_replacing_what_is_not_there_is_a_conflict(self, t: TablesUnderTest) -> None:
        gone = await t.tables.insert(t.name, Row("p", "k"))
        await t.tables.delete(t.name, "p", "k")
        with pytest.raises(Conflict):
            await t.tables.replace(t.name, gone)
        assert await t.tables.get(t.name, "p", "k") is None

    async def test_a_replace_without_an_etag_is_a_conflict(self, t: TablesUnderTest) -> None:
        await t.tables.insert(t.name, Row("p", "k", {"n": 1}))
        with pytest.raises(Conflict):
            await t.tables.replace(t.name, Row("p", "k", {"n": 2}))
        assert (await t.get("p", "k")).values == {"n": 1}

    async def test_an_etag_does_not_fit_a_row_made_anew(self, t: TablesUnderTest) -> None:
        old = await t.tables.insert(t.name, Row("p", "k", {"n": 1}))
        await t.tables.delete(t.name, "p", "k")
        await t.tables.insert(t.name, Row("p", "k", {"n": 1}))
        with pytest.raises(Conflict):
            await t.tables.replace(t.name, old)

    async def test_of_concurrent_replaces_of_one_version_one_wins(self, t: TablesUnderTest) -> None:
        seen = await t.tables.insert(t.name, Row("p", "k", {"n": 0}))
        attempts = (t.tables.replace(t.name, seen.having(n=number)) for number in range(1, 31))
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        won = [outcome for outcome in outcomes if isinstance(outcome, Row)]
        assert len(won) == 1
        assert await t.get("p", "k") == won[0]

    async def test_concurrent_increments_are_all_counted(self, t: TablesUnderTest) -> None:
        await t.tables.insert(t.name, Row("p", "counter", {"n": 0}))

        async def increment() -> None:
            while True:
                row = await t.get("p", "counter")
                n = row.values["n"]
                assert isinstance(n, int)
                try:
                    await t.tables.replace(t.name, row.having(n=n + 1))
                except Conflict:
                    continue
                return

        await asyncio.gather(*(increment() for _ in range(15)))
        assert (await t.get("p", "counter")).values == {"n": 15}

    async def test_an_upsert_stores_whatever_was_there(self, t: TablesUnderTest) -> None:
        first = await t.tables.upsert(t.name, Row("p", "k", {"n": 1, "old": True}))
        second = await t.tables.upsert(t.name, Row("p", "k", {"n": 2}, etag="stale"))
        assert second.etag not in ("", first.etag)
        assert dict((await t.get("p", "k")).values) == {"n": 2}
        with pytest.raises(Conflict):
            await t.tables.replace(t.name, first)

    async def test_a_delete_without_an_etag_is_safe_to_repeat(self, t: TablesUnderTest) -> None:
        await t.tables.insert(t.name, Row("p", "k"))
        await t.tables.delete(t.name, "p", "k")
        await t.tables.delete(t.name, "p", "k")
        assert await t.tables.get(t.name, "p", "k") is None

    async def test_a_delete_with_an_etag_needs_that_version(self, t: TablesUnderTest) -> None:
        first = await t.tables.insert(t.name, Row("p", "k"))
        second = await t.tables.replace(t.name, first.having(n=1))
        with pytest.raises(Conflict):
            await t.tables.delete(t.name, "p", "k", first.etag)
        await t.tables.delete(t.name, "p", "k", second.etag)
        with pytest.raises(Conflict):
            await t.tables.delete(t.name, "p", "k", second.etag)

    async def test_a_transaction_does_everything(self, t: TablesUnderTest) -> None:
        one = await t.tables.insert(t.name, Row("p", "replaced", {"n": 1}))
        two = await t.tables.insert(t.name, Row("p", "deleted", {"n": 1}))
        await t.tables.insert(t.name, Row("p", "upserted", {"n": 1, "old": True}))
        await t.tables.transact(
            t.name,
            [
                Insert(Row("p", "inserted", {"n": 2})),
                Replace(one.having(n=2)),
                Delete(two),
                Upsert(Row("p", "upserted", {"n": 2})),
                Upsert(Row("p", "new", {"n": 2})),
                Delete(Row("p", "never there")),
            ],
        )
        rows = {row.key: dict(row.values) async for row in t.tables.query(t.name, "p")}
        assert rows == {key: {"n": 2} for key in ("inserted", "replaced", "upserted", "new")}
        assert (await t.get("p", "replaced")).etag not in ("", one.etag)

    async def test_a_transaction_that_fails_does_nothing(self, t: TablesUnderTest) -> None:
        stored = await t.tables.insert(t.name, Row("p", "stored", {"n": 1}))
        stale = await t.tables.insert(t.name, Row("p", "changed", {"n": 1}))
        await t.tables.replace(t.name, stale.having(n=2))
        failing: list[Operation] = [
            Insert(Row("p", "stored")),
            Replace(stale),
            Replace(Row("p", "missing", etag=stale.etag)),
            Replace(Row("p", "changed", {"n": 9})),
            Delete(stale),
            Delete(Row("p", "missing", etag=stale.etag)),
        ]
        others: list[Operation] = [Upsert(Row("p", "new")), Insert(Row("p", "newer"))]
        for guilty in failing:
            for operations in ([guilty, *others], [*others, guilty]):
                with pytest.raises(Conflict):
                    await t.tables.transact(t.name, operations)
        assert await t.keys("p") == ["changed", "stored"]
        assert await t.get("p", "stored") == stored

    async def test_of_concurrent_transactions_over_one_row_one_wins(
        self, t: TablesUnderTest
    ) -> None:
        claim = await t.tables.insert(t.name, Row("p", "claim", {"n": 0}))
        attempts = (
            t.tables.transact(
                t.name, [Insert(Row("p", f"trail {who:02}")), Replace(claim.having(n=who))]
            )
            for who in range(1, 21)
        )
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 19 + [
            "NoneType"
        ]
        winner = (await t.get("p", "claim")).values["n"]
        assert isinstance(winner, int)
        assert await t.keys("p") == ["claim", f"trail {winner:02}"]
