"""What each page of the console takes, with very many records in the tables: claims with a line in
their trail and a number in F&O each, SKUs mapped, some records parked, a year of nights.

`python -m tests.benchmarks.pages` measures and writes the table of docs/console.md; `--records`
takes fewer. Files on disk, through the whole web application; both systems are the sandboxes. What
counts is the time of the process itself, so that others on the machine do not.
"""

import argparse
import asyncio
import re
import resource
import sqlite3
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from pathlib import Path
from time import process_time
from typing import Any, Final

from sync.adapters.cells import to_text
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.app.console_sign_ins import Role, SignIns
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn
from sync.buying.kept import CLOSED, LISTED, OPEN, TASKS, KeptTask
from sync.console.app import PAGES
from sync.core.encoding import to_json
from sync.core.money import ZERO
from sync.core.ports import Row, Upsert, Value
from sync.credit.decisions import DECIDED, Decision
from sync.credit.prepared import PREPARED, Prepared
from sync.engine.claim import CLAIMS, PARKED, TRAIL, targets_json
from sync.engine.numbers import NUMBERS
from sync.engine.write import Result
from sync.flows import FLOWS
from sync.mapping_tables.records import AccountMapping
from sync.operating.activity import Act, Activity
from sync.operating.reports import Told, store
from sync.reconcile.stored import DIFFERENCES, RECONCILIATIONS
from tests.benchmarks.prices import ROOT
from tests.console.browsing import Browser
from tests.systems import CONNECTION, SystemsUnderTest

PAGE: Final = ROOT / "docs" / "console.md"
RECORDS: Final = 1_000_000
TIMES: Final = 40
"""How often each page is asked for."""
MOST_MS: Final = 300
"""What the 95th of 100 may take."""
ORDERS: Final = f"{CONNECTION}|orders"
KNOWN: Final = "000000007@1"
DAYS: Final = 365
NOW: Final = SystemClock().now()
INTO: Final = 'INSERT INTO rows ("table", partition, key, cells) VALUES (?, ?, ?, ?)'
SETTINGS: Final = {
    "items": {"rule": "none"},
    "flows": (
        "orders", "customers", "companies", "stock", "credit", "quotes", "quote_answers", "returns",
        "tasks",
    ),
    "credit": {"currency": "USD"}, "tasks": {"consent": "contract"},
    "companies": {"sales_representatives": {"*": "000123"}},
}  # fmt: skip
RECORD: Final = {"connection": CONNECTION, "flow": "orders", "key": KNOWN}
DAY: Final = {"connection": CONNECTION, "day": NOW.date().isoformat()}
QUERIES: Final[dict[str, dict[str, str]]] = {
    "/search": {"q": "000000007"}, "/record": RECORD, "/replay": {"flow": "orders", "text": "A-0 "},
    "/decide": {**RECORD, "what": "hold"}, "/reconciliation/day": DAY,
    "/reconciliation.csv": DAY, "/reconciliation.xlsx": DAY, "/mappings": {"start": "sku-5"},
    "/activity/one": {"id": ""},
    "/credit/account": {"connection": CONNECTION, "account": "US-001"},
}  # fmt: skip
"""What a page is asked, where it needs to be told."""
TODAY: Final = f"{CONNECTION}|{NOW:%Y%m%d}"


@dataclass(frozen=True)
class Took:
    """How long a page took, in milliseconds."""

    path: str
    times: Sequence[float]

    def at(self, share: float) -> float:
        """What so many of all took at most."""
        return sorted(self.times)[ceil(len(self.times) * share) - 1]


def rows_of(number: int) -> Iterator[tuple[str, Row]]:
    """All that is kept of one record; each 500th waits for a person."""
    key = f"{number:09d}@1"
    is_parked = number % 500 == 0
    said: dict[str, Value] = {"reason": f"sku A-{number % 37} is not mapped", "remedy": "Map it."}
    number_there = f"USMF-{number:06d}"
    claim: dict[str, Value] = {
        "state": "parked" if is_parked else "delivered", "number": number_there,
        **(said if is_parked else {}),
    }  # fmt: skip
    yield CLAIMS, Row(ORDERS, key, claim)
    yield NUMBERS, Row(CONNECTION, f"{number_there}|orders|{key}", {"flow": "orders", "key": key})
    item: dict[str, Value] = {"sku": f"sku-{number}", "item_number": str(number)}
    yield "mappings", Row(f"{CONNECTION}:items", f"sku-{number}", item)
    trail: dict[str, Value] = {"at": NOW, "event": "created"}
    yield TRAIL, Row(f"{ORDERS}|{key}", "1", trail)
    if number % 100 == 1:
        account = AccountMapping("company", str(number), f"US-{number}", "import", "usmf")
        yield "mappings", Row(f"{CONNECTION}:accounts", account.key, account.cells())
        yield PREPARED, Prepared(number, f"US-{number}", "USD", ZERO).row(CONNECTION, NOW)
    if number % 10 == 1:
        told = to_json(vars(_decision(number)))
        yield DECIDED, Row(TODAY, f"us-{number % 9_999:03}|order|{number}|1", {"said": told})
    if is_parked:
        yield PARKED, Row(ORDERS, key, {**said, "at": NOW})
    yield from _of_quotes(number)
    yield from _of_accounts(number)


def _of_quotes(number: int) -> Iterator[tuple[str, Row]]:
    """Each tenth is a quote, each 2,000th of these waits for a person, and so does a return."""
    if number % 10 != 3:
        return
    held = targets_json([Result("quotation", f"Q-{number}", "digest", "created")])
    claim: dict[str, Value] = {"state": "delivered", "targets": held}
    parked: dict[str, Value] = {"state": "parked", "reason": "no price is there", "remedy": "Ask."}
    is_parked = number % 20_000 == 3
    key = str(number)
    yield CLAIMS, Row(f"{CONNECTION}|quotes", key, {**claim, **(parked if is_parked else {})})
    yield CLAIMS, Row(f"{CONNECTION}|quote_answers", key, {"state": "new"})
    if is_parked:
        rma = f"{number:09d}@1"
        yield CLAIMS, Row(f"{CONNECTION}|returns", rma, parked)
        for flow, of in (("quotes", key), ("returns", rma)):
            yield PARKED, Row(f"{CONNECTION}|{flow}", of, {"reason": "no price", "at": NOW})


def _of_accounts(number: int) -> Iterator[tuple[str, Row]]:
    """Each hundredth is an account of the shop, with ten tasks of which one is open."""
    if number % 100 != 1:
        return
    account = f"customer|{number}"
    figures = {"day": NOW.date().isoformat(), "orders": 12, "recency": 30, "trend": "0.9",
               "expected": None, "months": [[f"2026-{month:02}", "10.00"]
               for month in range(1, 14)]}  # fmt: skip
    said = to_json(["US-001", figures, {"recency": 5}])
    yield LISTED, Row(CONNECTION, account, {"at": NOW, "said": said})
    for rule in range(10):
        state = OPEN if rule == number // 100 % 10 else CLOSED
        task = KeptTask(account, f"rule-{rule}", "1", state, NOW, None, "ann@example.com", "Call",
                        "Buys less.")  # fmt: skip
        yield TASKS, task.row(CONNECTION)


def _decision(number: int) -> Decision:
    at, account = NOW.isoformat(), f"US-{number % 9_999:03}"
    return Decision(at, "order", f"{number:09}", account, "5", "17", True, "enough is left")


def filled(path: Path, records: int) -> None:
    """Very many records, written as the tables write them, in few transactions."""
    SqliteTables(path).close()
    rows = (
        (table, row.partition, row.key, to_text(row.values))
        for number in range(records)
        for table, row in rows_of(number)
    )
    with closing(sqlite3.connect(path)) as file:
        file.executemany(INTO, rows)
        file.commit()


async def _nights(tables: SqliteTables, count: int) -> None:
    sums = {
        "kind": "orders", "day": "", "store": "1", "currency": "EUR", "commerce_count": 900,
        "commerce": "90000.00", "dynamics_count": 899, "dynamics": "89900.00",
        "difference": "100.00",
    }  # fmt: skip
    summary = {"totals": [sums] * 6, "days": [sums] * 18, "causes": {"missing": 1}}
    for ago in range(count):
        day = (NOW.date() - timedelta(days=ago)).isoformat()
        cells: dict[str, Value] = {
            "at": NOW, "unexplained": 50, "summary": zlib.compress(to_json(summary))
        }  # fmt: skip
        await tables.upsert(RECONCILIATIONS, Row(CONNECTION, day, cells))
        rows = [Upsert(_difference(day, number)) for number in range(50)]
        await tables.transact(DIFFERENCES, rows)


def _difference(day: str, number: int) -> Row:
    said = {
        "kind": "orders", "key": f"{number:09d}@1", "store": "1", "day": day, "currency": "EUR",
        "commerce": "100.00", "dynamics": None, "difference": "100.00", "cause": "missing",
        "since": day, "command": "python -m sync backfill",
    }  # fmt: skip
    return Row(f"{CONNECTION}|{day}", f"orders|{number}", {"difference": to_json(said).decode()})


@asynccontextmanager
async def opened(records: int) -> AsyncIterator[Browser]:
    """An operator before the console of a home with so many records."""
    with tempfile.TemporaryDirectory() as folder:
        clock, path = SystemClock(), Path(folder) / "tables.sqlite"
        filled(path, records)
        tables = SqliteTables(path)
        await _nights(tables, min(records, DAYS))
        systems = SystemsUnderTest(clock, SETTINGS, tables=tables)
        parts = replace(systems.edition_parts(), console=ConsoleSignIn.TOKEN)
        services = Services(systems.connections, FLOWS, parts)
        activity = Activity(tables, clock)
        for number in range(min(records, 2_000)):
            what = Act(clock.now(), "ann", "replay", CONNECTION, "orders", str(number))
            QUERIES["/activity/one"]["id"] = await activity.note(what)
        await services.watch.look()
        rows = [("2026-01", "USD", str(one), "10.00") for one in range(200)]
        columns = ("month", "currency", "documents", "amount")
        await store(tables, [Told(f, "month", columns, rows, NOW) for f in ("net", "intake")])
        browser = Browser(services)
        token = await SignIns(tables, clock).token("ann", Role.OPERATOR)
        await browser.posts("/sign-in", token=token)
        try:
            yield browser
        finally:
            await services.close()


def paths() -> list[str]:
    """The pages that are measured."""
    return [page.path for page in PAGES if page.method == "GET"]


async def measured_pages(records: int, times: int = TIMES) -> list[Took]:
    """Every page that can be asked for by its address, once before it counts."""
    async with opened(records) as browser:
        return [Took(path or "/", await _asked(browser, path, times)) for path in paths()]


async def _asked(browser: Browser, path: str, times: int) -> list[float]:
    found = list[float]()
    for _ in range(times + 1):
        began = process_time()
        page = await browser.sees(path, **QUERIES.get(path, {}))
        found.append(1000 * (process_time() - began))
        assert page.status == 200, (path, page.text[:300])
    return found[1:]


def table(found: Sequence[Took]) -> str:
    """As Markdown."""
    rows = [f"| `{one.path}` | {one.at(0.5):.0f} | {one.at(0.95):.0f} |" for one in found]
    return "\n".join(["| page | median, ms | p95, ms |", "| --- | ---: | ---: |", *rows])


def renewed(text: str, made: str) -> str:
    """The page with this table."""
    return re.sub(
        r"(<!-- pages -->\n).*?(<!-- end -->)", rf"\g<1>{made}\n\g<2>", text, flags=re.DOTALL
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """1 where a page takes too long."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages", description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    asked: Any = parser.parse_args(arguments)
    found = asyncio.run(measured_pages(asked.records))
    print(table(found))  # noqa: T201
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{asked.records:,} records, {megabytes} MB of memory")  # noqa: T201
    if asked.records == RECORDS:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), table(found)), encoding="utf-8")
    return int(any(one.at(0.95) > MOST_MS for one in found))


if __name__ == "__main__":
    raise SystemExit(main())
