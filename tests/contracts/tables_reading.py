"""What every table store does when it is read: any key, any range, in order."""

from sync.core.ports import Delete, Row, Upsert
from tests.contracts.tables_under_test import TablesUnderTest

ODD_KEYS = (
    "plain",
    "with space",
    " leading and trailing ",
    "a/b\\c#d?e",
    "100%",
    "%2F",
    "a+b",
    'it\'s "quoted" `so`',
    "Straße-Ωμέγα-注文",
    "👗 size 38",
    "e\u0301 is not \u00e9",
    "\u00e9",
    "UPPER",
    "upper",
    "_",
    "=5D",
    "..",
    "'; DROP TABLE rows; --",
    "a|b&c=d;e,f:g@h!i*j(k)l[m]n{o}p<q>r~s^t$u",
)


class TablesReading:
    """Part of `TablesContract`."""

    async def test_an_unknown_table_holds_nothing(self, t: TablesUnderTest) -> None:
        assert await t.tables.get(t.name, "p", "k") is None
        assert await t.keys("p") == []
        assert [partition async for partition in t.tables.partitions(t.name)] == []
        await t.tables.delete(t.name, "p", "k")

    async def test_keys_and_partitions_may_hold_odd_characters(self, t: TablesUnderTest) -> None:
        for number, odd in enumerate(ODD_KEYS):
            await t.tables.insert(t.name, Row(odd, odd, {"n": number}))
            await t.tables.insert(t.name, Row("shared", odd, {"n": number}))
        for number, odd in enumerate(ODD_KEYS):
            assert await t.keys(odd) == [odd]
            for partition in (odd, "shared"):
                found = await t.get(partition, odd)
                assert (found.partition, found.key, found.values) == (partition, odd, {"n": number})
                await t.tables.replace(t.name, found.having(n=-number))
        assert await t.keys("shared") == sorted(ODD_KEYS)
        assert [p async for p in t.tables.partitions(t.name)] == sorted([*ODD_KEYS, "shared"])
        for odd in ODD_KEYS:
            await t.tables.transact(t.name, [Delete(Row(odd, odd)), Upsert(Row(odd, odd + "2"))])
            assert await t.keys(odd) == [odd + "2"]

    async def test_a_partition_is_read_in_code_point_order(self, t: TablesUnderTest) -> None:
        keys = [
            "Z",
            "a",
            "A",
            "a/",
            "a0",
            "a ",
            "10",
            "9",
            "é",
            "\uffee",
            "𐐀",
            "~",
            "a#b",
            "aa",
            "-",
        ]
        await t.fill("p", keys)
        assert await t.keys("p") == sorted(keys)

    async def test_a_range_includes_its_start_and_not_its_end(self, t: TablesUnderTest) -> None:
        await t.fill("p", [f"{number:02}" for number in range(20)])
        await t.fill("q", ["05"])
        assert await t.keys("p", start="05", before="08") == ["05", "06", "07"]
        assert await t.keys("p", start="17") == ["17", "18", "19"]
        assert await t.keys("p", before="02") == ["00", "01"]
        assert await t.keys("p", start="03a", before="05") == ["04"]
        assert await t.keys("p", start="05", before="05") == []
        assert await t.keys("p", start="05", limit=2) == ["05", "06"]
        assert await t.keys("p", limit=0) == []
        assert await t.keys("nobody") == []

    async def test_ranges_over_odd_characters_follow_code_points(self, t: TablesUnderTest) -> None:
        keys = sorted(["a", "a#1", "a/1", "a/2", "a/é", "a0", "ab", "a\uffee", "a𐐀", "b"])
        await t.fill("p", keys)
        assert await t.keys("p", start="a/", before="a0") == ["a/1", "a/2", "a/é"]
        for start in keys:
            for before in keys:
                assert await t.keys("p", start=start, before=before) == [
                    key for key in keys if start <= key < before
                ]

    async def test_a_long_partition_is_read_whole_and_in_order(self, t: TablesUnderTest) -> None:
        keys = [f"{number:06}" for number in range(2205)]
        await t.fill("p", keys)
        assert await t.keys("p") == keys
        assert await t.keys("p", start="000100", limit=1500) == keys[100:1600]
        first = [row async for row in t.tables.query(t.name, "p", limit=1)]
        assert first == [await t.get("p", "000000")]

    async def test_rows_may_be_changed_while_they_are_read(self, t: TablesUnderTest) -> None:
        await t.fill("p", [f"{number:04}" for number in range(1200)])
        seen = []
        async for row in t.tables.query(t.name, "p"):
            seen.append(row.key)
            if row.key.endswith("00"):
                await t.tables.delete(t.name, "p", row.key, row.etag)
        assert len(seen) == 1200
        assert len(await t.keys("p")) == 1188

    async def test_the_partitions_of_a_table_are_listed(self, t: TablesUnderTest) -> None:
        for partition in ("main:orders", "eu:orders", "main:stock"):
            await t.fill(partition, ["1", "2"])
        assert [p async for p in t.tables.partitions(t.name)] == [
            "eu:orders",
            "main:orders",
            "main:stock",
        ]

    async def test_tables_are_apart(self, t: TablesUnderTest) -> None:
        await t.tables.insert(t.name, Row("p", "k", {"n": 1}))
        await t.tables.insert(t.name + "2", Row("p", "k", {"n": 2}))
        await t.tables.delete(t.name + "2", "p", "k")
        assert (await t.get("p", "k")).values == {"n": 1}
