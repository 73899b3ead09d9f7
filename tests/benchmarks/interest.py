"""What 100,000 looks of shoppers an hour take: `python -m tests.benchmarks.interest [COUNT]`. Drawn
visitors and customers, SQLite in memory; calls of the tables are counted, as Azure charges them."""

import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any, Final

from sync.buying.interest import INTEREST
from sync.buying.kept import DUE
from tests.flows.tasks import Selling
from tests.portal.test_interest import BROWSER, edge_of, token
from tests.portal.test_interest import INTEREST as SETTINGS
from tests.virtual_time import virtually

VISITORS: Final = 20_000
SIGNED_IN: Final = 2_000


class Counted:
    """Tables that count what is asked of them."""

    def __init__(self, tables: Any) -> None:
        self._tables, self.calls = tables, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._tables, name)


async def measured(count: int) -> dict[str, Any]:
    """So many looks in an hour."""
    ours = Selling({"tasks": {**SETTINGS, "interest": {
        **SETTINGS["interest"], "requests_per_minute": 600}}})  # fmt: skip
    edge, random = edge_of(ours), Random("looks")
    tables = Counted(ours.systems.tables)
    edge._rows._tables = edge._kept._tables = tables
    tokens = {one: token(ours, one) for one in range(1, SIGNED_IN + 1)}
    begun, statuses = time.process_time(), Counter[int]()
    for _ in range(count):
        body: dict[str, Any] = {
            "visitor": f"visitor-number-{random.randrange(VISITORS):08}", "consent": True,
            "skus": [f"SKU-{random.randrange(5000)}"],
        }  # fmt: skip
        if random.random() < 0.1:
            body["token"] = tokens[random.randrange(1, SIGNED_IN + 1)]
        address = {"x-forwarded-for": f"10.{random.randrange(250)}.{random.randrange(250)}.1"}
        answer = await edge.take("POST", BROWSER | address, json.dumps(body).encode())
        statuses[answer.status] += 1
    took = time.process_time() - begun
    rows = {table: len([row async for row in _rows(ours, table)]) for table in (INTEREST, DUE)}
    await ours.close()
    return {
        "signals": count, "processor_s": round(took, 1), "ms_each": round(took / count * 1000, 2),
        "calls_each": round(tables.calls.total() / count, 2), "calls": dict(tables.calls),
        "statuses": dict(statuses), "rows": rows,
    }  # fmt: skip


async def _rows(ours: Selling, table: str) -> AsyncIterator[Any]:
    async for row in ours.systems.tables.query(table, "shop"):
        yield row


async def _main(count: int) -> None:
    sys.stdout.write(json.dumps(await measured(count), indent=2) + "\n")


if __name__ == "__main__":
    virtually(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
