"""A shop and a ledger as they stood when a release stopped that called `posted_invoices`
`postings`, and `write_back` `receipts`. Its stores are recorded
(`tests/payloads/old_flow_names`)."""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Arrival, Kind
from sync.adapters.cells import from_text
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.core.ports import Row
from sync.engine.corrections import Corrections
from tests.doubles.memory_tables import MemoryTables
from tests.flows.finance import Finance
from tests.harness import LOCK
from tests.systems import COMPANY, CONNECTION

RECORDED: Final = Path(__file__).parent.parent / "payloads" / "old_flow_names"


@dataclass(frozen=True)
class Orders:
    """The shop's orders, by what had become of them.

    `told`: its number is in the shop, F&O posted it, and both agree. `differs`, `decided`: F&O
    posted more; a person has decided on the latter. `refused`: Commerce refused its comment.
    `lost`: its comment was written, and the answer lost. `queued`: the messages for its comment and
    its posted invoice lie in the queue. `unseen`: posted after the last poll.
    """

    told: StoredOrder
    differs: StoredOrder
    decided: StoredOrder
    refused: StoredOrder
    lost: StoredOrder
    queued: StoredOrder
    unseen: StoredOrder


async def played(finance: Finance, posted_invoices: str, write_back: str) -> Orders:
    """What both systems and the release went through, with the names that it gives the flows."""
    orders = Orders(*(finance.place() for _ in range(7)))
    for order in (orders.told, orders.differs, orders.decided):
        await finance.delivers(order)
    finance.shop_dials.next(Kind.ERROR_BEFORE, where=_is_comment, status=400)
    await finance.delivers(orders.refused)
    for order, more in ((orders.told, "0"), (orders.differs, "1.00"), (orders.decided, "2.00")):
        post(finance, order, more)
    await finance.polls(posted_invoices)
    await finance.works_until_idle()
    decided = await finance.claim(f"sales-invoice|{COMPANY}|CIV-000003", posted_invoices)
    await Corrections(finance.services.ledger, finance.clock, "ann", "a gift").resolve(decided)
    finance.shop_dials.next(Kind.LOST, where=_is_comment)
    await finance.hooks(orders.lost)
    await finance.works_for(20)
    await finance.services.flow_pauses.pause(CONNECTION, write_back, by="ann", why="an update")
    await finance.hooks(orders.queued)
    await finance.hooks(orders.unseen)
    await finance.works_for(5)
    post(finance, orders.queued, "0")
    await finance.polls(posted_invoices)
    post(finance, orders.unseen, "0")
    return orders


def post(finance: Finance, order: StoredOrder, more: str) -> None:
    """F&O invoices an order, with so much more tax than the shop charged."""
    tax = order.amount("tax_amount") + Decimal(more)
    finance.dynamics.invoice(finance.header(order)["SalesOrderNumber"], tax=tax)


def _is_comment(arrival: Arrival) -> bool:
    return arrival.writes and arrival.path.endswith("/comments")


async def reopened(finance: Finance, home: Path) -> Orders:
    """Both systems went through the same; the stores are those of that release."""
    orders = await played(finance, "posted_invoices", "write_back")
    for name in ("tables", "queue"):
        _restored(name, home / f"{name}.sqlite").close()
    await finance.services.close()
    finance.systems.close()
    finance.systems.tables = SqliteTables(home / "tables.sqlite")
    finance.systems.queue = SqliteQueue(home / "queue.sqlite", finance.clock, LOCK)
    finance.services = finance._opened(finance.systems.tables)
    return orders


def _restored(name: str, path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.executescript((RECORDED / f"{name}.sql").read_text("utf-8"))
    return connection


T = TypeVar("T", bound=MemoryTables)


async def recorded_tables(tables: T) -> T:
    """The recorded rows, in these tables."""
    connection = _restored("tables", ":memory:")
    rows = connection.execute('SELECT "table", partition, key, cells FROM rows')
    for table, partition, key, cells in rows.fetchall():
        await tables.insert(table, Row(partition, key, from_text(cells)))
    connection.close()
    return tables


async def rows_of(tables: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Every row of the ledger's tables, by table, partition and key."""
    named = ("claims", "trail", "parked", "watermarks", "flowpauses", "repairs", "documents202603")
    return {
        (table, partition, row.key): dict(row.values)
        for table in named
        async for partition in tables.partitions(table)
        async for row in tables.query(table, partition)
    }
