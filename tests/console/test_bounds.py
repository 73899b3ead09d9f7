"""No page reads more the more records there are: by key, and by stretches that end."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sync.app.services import Services
from sync.core.ports import Row, Tables, Upsert, Value
from sync.engine.claim import CLAIMS, PARKED, TRAIL
from sync.engine.numbers import NUMBERS
from sync.flows import FLOWS
from sync.operating.activity import ACTIVITY, Act, Activity
from sync.operating.causes import MOST_ROWS
from tests.console.browsing import Browser
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION

PLACE: Final = f"{CONNECTION}|orders"
PATHS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("", {}), ("/search", {"q": "000"}), ("/search", {"q": "SO-1"}), ("/parked", {}),
    ("/parked", {"text": "sku"}), ("/mappings", {}), ("/mappings", {"kind": "accounts"}),
    ("/connections", {}), ("/activity", {}), ("/reconciliation", {}), ("/reports", {}),
    ("/record", {"connection": CONNECTION, "flow": "orders", "key": "000000001@1"}),
    ("/replay", {"connection": CONNECTION, "flow": "customers"}),
)  # fmt: skip


class Counting:
    """Tables that count the rows that are read."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self.rows = tables, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)

    async def query(self, *place: str, **bounds: Any) -> AsyncIterator[Row]:
        async for row in self._tables.query(*place, **bounds):
            self.rows += 1
            yield row

    async def partitions(self, table: str) -> AsyncIterator[str]:
        """They are as many as connections and flows, but for the trail, where they are as many as
        records."""
        assert table != TRAIL, "nobody lists all records"
        async for name in self._tables.partitions(table):
            yield name


async def filled(tables: Tables, harness: Harness, count: int) -> None:
    """So many records, one of them with a story."""
    now = harness.clock.now()
    for start in range(0, count, 100):
        keys = [f"{number:09d}@1" for number in range(start, start + 100)]
        said: dict[str, Value] = {
            "reason": "sku X is not mapped", "remedy": "Map it.", "at": now,
        }  # fmt: skip
        claim: dict[str, Value] = {**said, "state": "parked"}
        del claim["at"]
        await tables.transact(CLAIMS, [Upsert(Row(PLACE, key, claim)) for key in keys])
        await tables.transact(PARKED, [Upsert(Row(PLACE, key, said)) for key in keys])
        cells = {"flow": "orders"}
        rows = [Row(CONNECTION, f"SO-1|orders|{key}", {**cells, "key": key}) for key in keys]
        await tables.transact(NUMBERS, [Upsert(row) for row in rows])
        mapped = [
            Row(f"{CONNECTION}:items", f"sku-{key}", {"sku": f"sku-{key}", "item_number": "1"})
            for key in keys
        ]
        await tables.transact("mappings", [Upsert(row) for row in mapped])
    activity = Activity(tables, harness.clock)
    for number in range(count // 10):
        await activity.note(Act(now - timedelta(seconds=number), "eve", "look", subject="1"))


@in_harness()
async def test_a_page_reads_as_much_of_many_records_as_of_more(harness: Harness) -> None:
    await filled(harness.systems.tables, harness, MOST_ROWS + 100)
    few = await rows_read(harness)
    await filled(harness.systems.tables, harness, MOST_ROWS + 1_000)
    many = await rows_read(harness)
    more = {path: (rows, many[path]) for path, rows in few.items() if many[path] > rows + 10}
    assert not more, "beyond what signing in adds"


async def rows_read(harness: Harness) -> dict[str, int]:
    """Rows that each page reads."""
    browser, found = await Browser.of(harness), dict[str, int]()
    counting: Any = Counting(harness.systems.tables)
    parts = replace(browser.services.edition_parts, tables=counting)
    services = Services(harness.systems.connections, FLOWS, parts)
    other = Browser(services)
    other.client.cookies = browser.client.cookies
    for path, query in PATHS:
        counting.rows = 0
        assert (await other.sees(path, **query)).status in (200, 400)
        found[f"{path} {query}"] = counting.rows
    return found


@in_harness()
async def test_what_people_wrote_of_a_record_is_erased_and_that_they_did_it_stays(
    harness: Harness,
) -> None:
    activity, now = Activity(harness.systems.tables, harness.clock), harness.clock.now()
    for flow, key in (("customers", "17"), ("orders", "17")):
        why = "Mrs Miller called"
        await activity.note(Act(now, "ann", "skip", CONNECTION, flow, key, why))
    assert await activity.erase(CONNECTION, {("customers", "17")}) == 1
    assert await activity.erase(CONNECTION, {("customers", "17")}) == 0
    rows = [row async for row in harness.systems.tables.query(ACTIVITY, "all")]
    found = {(row.values["flow"], row.values["by"]): row.values["why"] for row in rows}
    assert found == {("customers", "ann"): "(erased)", ("orders", "ann"): "Mrs Miller called"}
