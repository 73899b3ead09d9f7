"""What of a sales order is sent or will be, while people pack and invoice it."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from sync.config.connections import Dynamics
from sync.dynamics.invoiced_lines import INVOICED_LINES
from sync.dynamics.live_orders import LINE_COPIES, LiveOrders
from sync.dynamics.packing_slips import SLIP_LINES
from tests.systems import SETTINGS

LOT = {"SalesId": "SO-1", "InventTransId": "LOT-1"}
HEADER = {"dataAreaId": "usmf", "SalesOrderNumber": "SO-1"}


class Warehouse:
    """F&O with one line of `ordered` pieces: a slip or an invoice takes off what remains of it.
    `packs` are packed as soon as something was read; `late` is answered last."""

    def __init__(self, ordered: int, shipped: int, invoiced: int, *, cut: int, late: str = "",
                 packs: int = 0) -> None:  # fmt: skip
        self.ordered, self.shipped, self.invoiced = ordered, shipped, invoiced
        self.cut, self.late, self.packs = cut, late, packs
        self.asked: list[str] = []

    async def find_by(self, entity_set: str, *_: str, **__: Any) -> Sequence[Mapping[str, Any]]:
        for _turn in range(9 if entity_set == self.late else 1):
            await asyncio.sleep(0)
        self.asked.append(entity_set)
        rows = self._rows(entity_set)
        if entity_set in (LINE_COPIES, SLIP_LINES):
            self.shipped, self.packs = self.shipped + self.packs, 0
        return rows

    def _rows(self, entity_set: str) -> list[dict[str, Any]]:
        rest = self.ordered - self.cut - max(self.shipped, self.invoiced)
        is_over = self.invoiced >= self.ordered - self.cut
        status = "Backorder" if not is_over else "Invoiced" if self.invoiced else "Canceled"
        return {
            LINE_COPIES: [
                {**LOT, "ExternalItemId": "1", "SalesStatus": status, "QtyOrdered": self.ordered,
                 "RemainSalesPhysical": rest}
            ],
            SLIP_LINES: [{**LOT, "Qty": 1}] * self.shipped,
            INVOICED_LINES: [{**LOT, "Qty": 1}] * self.invoiced,
        }.get(entity_set, [HEADER])  # fmt: skip


async def alive(warehouse: Any) -> Decimal:
    orders = LiveOrders(warehouse, Dynamics.model_validate(SETTINGS["dynamics"]))
    found = await orders.get("usmf", "SO-1")
    assert found is not None
    return found.alive.get("1", Decimal(0))


@pytest.mark.parametrize(
    ("shipped", "invoiced", "cut", "expected"),
    [
        (0, 0, 0, 3), (2, 0, 0, 3), (3, 3, 0, 3),
        (2, 3, 0, 3),  # the last piece was invoiced without a slip
        (0, 3, 0, 3), (0, 1, 0, 3), (1, 2, 1, 2), (2, 2, 1, 2), (0, 2, 1, 2),
        (0, 0, 3, 0), (1, 0, 2, 1), (2, 1, 1, 2),
    ],
)  # fmt: skip
async def test_what_was_packed_or_invoiced_and_what_remains_is_alive(
    shipped: int, invoiced: int, cut: int, expected: int
) -> None:
    warehouse = Warehouse(3, shipped, invoiced, cut=cut)
    assert await alive(warehouse) == expected


async def test_invoices_are_read_only_where_something_seems_to_be_cancelled() -> None:
    warehouse = Warehouse(3, 2, 0, cut=0)
    await alive(warehouse)
    assert INVOICED_LINES not in warehouse.asked


@pytest.mark.parametrize("late", [LINE_COPIES, SLIP_LINES])
async def test_what_is_packed_between_two_reads_never_counts_as_cancelled(late: str) -> None:
    assert await alive(Warehouse(3, 0, 0, cut=0, packs=2, late=late)) >= 3
