"""What orders leave behind: the memory of a process over very many of them, and tables that hold a
million already. Tables lie in a file; both systems forget what was delivered."""

import gc
import resource
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.capacity import Capacity
from sandbox.commerce.records import StoredOrder
from sync.adapters.sqlite.tables import SqliteTables
from tests.benchmarks.loading import Loading
from tests.virtual_time import virtually

TOGETHER: Final = 500
"""Orders that come at once."""
OF_ONE: Final = """CREATE TEMP TABLE one AS SELECT "table", partition, key, cells FROM rows
    WHERE "table" <> :not AND instr(partition || key, :number)"""
MULTIPLY: Final = """INSERT INTO rows ("table", partition, key, cells)
    WITH RECURSIVE others(no) AS (
        SELECT 900000001 UNION ALL SELECT no + 1 FROM others WHERE no < 900000000 + :times
    )
    SELECT "table", replace(partition, :number, no), replace(key, :number, no),
        replace(cells, :number, no) FROM others, one"""
COPIES: Final = "documents"
"""Sealed copies, which are most of the bytes and are read one at a time; not multiplied."""


@contextmanager
def in_a_file() -> Iterator[SqliteTables]:
    """Tables on disk, while the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        tables = SqliteTables(Path(folder) / "tables.sqlite", synchronous="NORMAL")
        try:
            yield tables
        finally:
            tables.close()


def multiply(path: str, order: StoredOrder, times: int) -> int:
    """What the tables hold of one order, so many times more under other numbers; how many rows
    that is."""
    asked = {"number": str(order.row["increment_id"]), "not": COPIES, "times": times}
    with closing(sqlite3.connect(path)) as file:
        file.execute(OF_ONE, asked)
        rows = file.execute(MULTIPLY, asked).rowcount
        file.commit()
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return rows


@dataclass(frozen=True)
class Memory:
    """`megabytes` that the process has after so many orders."""

    orders: int
    lost: int
    doubled: int
    megabytes: Mapping[int, float]

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def memory(orders: int, step: int) -> Memory:
    """Over so many orders, looked at after each `step` of them."""
    return virtually(_memory(orders, step))


async def _memory(orders: int, step: int) -> Memory:
    with in_a_file() as tables:
        harness, found = Loading(Capacity(), tables=tables), dict[int, float]()
        lost, doubled, together = 0, 0, min(TOGETHER, step)

        async def come() -> None:
            nonlocal lost, doubled
            for done in range(0, orders, together):
                placed = [harness.basket() for _ in range(together)]
                for order in placed:
                    await harness.hooks(order)
                await harness.until_delivered(placed)
                wrong = harness.found(placed)
                lost, doubled = lost + wrong[0], doubled + wrong[1]
                placed.clear()
                harness.forget()
                if (done + together) % step == 0:
                    found[done + together] = round(resident(), 1)

        try:
            await harness.warms_up()
            await harness.works(come())
        finally:
            await harness.close()
        return Memory(orders, lost, doubled, found)


def resident() -> float:
    """Megabytes of this process that lie in memory now (Linux)."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20
