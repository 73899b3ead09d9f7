"""A recorded home directory of an earlier release, with the shop and the ledger that it belongs to
(`tests/payloads/old_home`)."""

import asyncio
import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from sandbox.commerce.records import Columns, StoredOrder
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.engine.old_queues import OLD_QUEUES, OldQueues
from tests.flows.finance import Finance
from tests.harness import LOCK
from tests.in_process import InProcess
from tests.systems import LEDGER_HOST

RECORDED: Final = Path(__file__).parent.parent / "payloads" / "old_home"
PLACED_LATER: Final = datetime.fromisoformat("2026-03-02T12:00:46.043+00:00")
STOPPED: Final = datetime.fromisoformat("2026-03-02T12:00:50.043+00:00")


class OldHome:
    """The shop's orders, by what the earlier release had done about them."""

    delivered: StoredOrder
    cancelled: StoredOrder
    parked: StoredOrder
    lost: StoredOrder
    held: StoredOrder
    queued: StoredOrder
    unseen: StoredOrder
    invoice: Columns

    def __init__(self, finance: Finance) -> None:
        self._finance = finance

    async def reopen(self, home: Path) -> None:
        """Everything as it stood when the earlier release stopped; this one opens it a while
        later."""
        finance = self._finance
        self.delivered, self.cancelled, self.parked = (finance.place() for _ in range(3))
        self.invoice = finance.commerce.invoice(self.delivered)
        await self._written_to_the_ledger()
        finance.commerce.cancel(self.cancelled)
        await _until(finance, PLACED_LATER)
        self.lost, self.held, self.queued, self.unseen = (finance.place() for _ in range(4))
        await _until(finance, STOPPED + timedelta(seconds=5))
        for name in ("tables", "queue"):
            _restored(home / f"{name}.sqlite", (RECORDED / f"{name}.sql").read_text("utf-8"))
        await finance.services.close()
        finance.systems.close()
        finance.systems.tables = SqliteTables(home / "tables.sqlite")
        finance.systems.queue = SqliteQueue(home / "queue.sqlite", finance.clock, LOCK)
        finance.services = finance._opened(finance.systems.tables)

    async def works_until_idle(self) -> None:
        """The product at work, with the job that moves messages out of the old queues."""
        finance, queue = self._finance, self._finance.systems.queue
        services = finance.services
        old = OldQueues(queue, services.intake, services.dead_letter_parking, finance.clock)
        while True:
            await old.move(None)
            await finance.works_until_idle()
            dues = [due for name in OLD_QUEUES if (due := queue.next_due(name)) is not None]
            if not dues:
                return
            await _until(finance, min(dues))

    async def _written_to_the_ledger(self) -> None:
        transport = InProcess(self._finance.systems.apps)
        async with httpx.AsyncClient(transport=transport) as http:
            for sent in json.loads((RECORDED / "requests.json").read_text("utf-8")):
                answer = await http.request(
                    sent["method"],
                    f"http://{LEDGER_HOST}{sent['path']}",
                    content=sent["body"].encode(),
                    headers={"Content-Type": sent["type"], "Authorization": "Bearer sandbox"},
                )
                assert answer.is_success, answer.text

    async def row(self, table: str, partition: str, key: str) -> dict[str, Any]:
        """The cells of a row."""
        row = await self._finance.systems.tables.get(table, partition, key)
        assert row is not None
        return dict(row.values)


async def _until(finance: Finance, moment: datetime) -> None:
    await asyncio.sleep(max((moment - finance.clock.now()).total_seconds(), 0))


def _restored(path: Path, dump: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(dump)
    connection.close()
