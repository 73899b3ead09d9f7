"""Several that act on one order at the same moment: slips and invoices side by side, two processes,
and people whose act falls between what we read and what we write."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dials import Arrival, Kind
from tests.flows.test_shipments import OTHER, SHIPPED, SKU, key_of, ordered, packed, polls, shown
from tests.harness import Harness, in_harness
from tests.reconcile.planted import reconciled
from tests.systems import COMPANY

BOTH: dict[str, Any] = {
    **SHIPPED,
    "flows": ("orders", "customers", "invoices", "captures", "shipments"),
    "invoices": {"banks": {"*": "USMF OPER"}},
    "captures": {"methods": {"*": "at_invoice"}},
}


def just_before(harness: Harness, path: str, act: Callable[[], Any]) -> None:
    """Somebody acts as our next write to this path arrives."""
    done = list[bool]()

    def acts(arrival: Arrival) -> bool:
        if arrival.writes and arrival.path.endswith(path) and not done:
            done.append(True)
            act()
        return False

    harness.shop_dials.next(Kind.LOST, where=acts)


@in_harness(**BOTH)
async def test_slips_and_invoices_of_one_order_side_by_side_count_each_piece_once(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER)
    number = harness.header(order)["SalesOrderNumber"]
    lots = {line["ItemNumber"]: line["InventoryLotId"]
            for line in harness.dynamics.lines(COMPANY, number)}  # fmt: skip
    for pieces in (2, 1):
        packed(harness, order, SIMPLE_001=pieces)
        harness.dynamics.invoice(number, quantities={lots[SKU]: Decimal(pieces)}, tax=Decimal(0))
    packed(harness, order)
    harness.dynamics.invoice(number, tax=order.row["tax_amount"])
    harness.shop_dials.latency_low = harness.shop_dials.latency_high = 1.0
    other = Harness.beside(harness)
    await asyncio.gather(*(
        one.polls(flow) for one in (harness, other) for flow in ("shipments", "captures")
    ))  # fmt: skip
    await asyncio.gather(harness.works_until_idle(), other.works_until_idle())
    await other.services.close()
    shipped = sorted(tuple(shown(one).items()) for one in order.shipments)
    assert shipped == [((SKU, 1),), ((SKU, 2),), ((OTHER, 3),)]
    assert [item["qty_shipped"] for item in order.items] == [3, 3]
    assert [item["qty_invoiced"] for item in order.items] == [3, 3]
    assert sum(one["grand_total"] for one in order.invoices) == order.row["grand_total"]
    assert await harness.parked("shipments") == await harness.parked("captures") == []


@pytest.mark.parametrize("path", ["/ship", "/invoice"])
@in_harness(**BOTH)
async def test_an_order_that_is_held_as_we_write_waits_for_its_release(
    harness: Harness, path: str
) -> None:
    order = await ordered(harness, SKU)
    packed(harness, order)
    number = harness.header(order)["SalesOrderNumber"]
    harness.dynamics.invoice(number, tax=order.row["tax_amount"])
    just_before(harness, path, lambda: harness.commerce.hold(order))
    for flow in ("shipments", "captures"):
        await harness.polls(flow)
        await harness.works_for(600)
        assert await harness.parked(flow) == []
    harness.commerce.unhold(order)
    await harness.works_until_idle()
    assert (len(order.shipments), len(order.invoices)) == (1, 1)


@in_harness(**SHIPPED)
async def test_an_order_that_a_person_ships_as_we_write_is_told(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    just_before(harness, "/ship", lambda: harness.commerce.ship(order))
    await polls(harness)
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert "F&O 3, Commerce 0" in claim.differs
    assert len(order.shipments) == 1


@in_harness(**SHIPPED)
async def test_pieces_that_the_shop_cuts_off_as_we_write_are_found_by_night(
    harness: Harness,
) -> None:
    """It ships no more than is left, and says nothing: a person has shipped two of three."""
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    item = order.items[0]["item_id"]
    just_before(harness, "/ship", lambda: harness.commerce.ship(order, {item: Decimal(2)}))
    await polls(harness)
    key = key_of(harness, order, slip)
    differences, _ = await reconciled(harness)
    (told,) = [one for one in differences if one.kind == "shipments" and one.key == key]
    assert (told.commerce, told.dynamics) == (Decimal(1), Decimal(3))
    await harness.replays(key, "shipments")
    assert "F&O 3, Commerce 1" in (await harness.claim(key, "shipments")).differs


@in_harness(**BOTH)
async def test_an_order_that_a_person_invoices_as_we_write_is_invoiced_once(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU)
    number = harness.header(order)["SalesOrderNumber"]
    harness.dynamics.invoice(number, tax=order.row["tax_amount"])
    just_before(harness, "/invoice", lambda: harness.commerce.invoice(order))
    await harness.polls("captures")
    await harness.works_until_idle()
    assert [one["grand_total"] for one in order.invoices] == [order.row["grand_total"]]
    assert [one["comment"] for one in order.comments if "F&O invoice" in one["comment"]]
    assert await harness.parked("captures") == []
