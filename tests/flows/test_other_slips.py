"""Slips where the journal of packing slips may not be read: from warehouse management, or from the
lines of orders that are delivered whole."""

from typing import Any

import pytest

from sandbox.dials import Kind
from tests.flows.test_cancellations import CANCELLED, counts, cut, looks, number_of
from tests.flows.test_shipments import OTHER, SHIPPED, SKU, ordered, packed, polls, shown, tracks
from tests.harness import Harness, in_harness


def read_from(slips: str, **settings: Any) -> dict[str, Any]:
    return {**SHIPPED, "dynamics": {"slips": slips, "copies": False}, **settings}


def refuse_copies(harness: Harness) -> None:
    """The role may see no table-shaped copy."""
    harness.ledger_dials.next(
        Kind.ERROR_BEFORE,
        status=403,
        times=1000,
        where=lambda arrival: "BiEntities" in arrival.path,
    )


@in_harness(**read_from("warehouse"))
async def test_shipments_of_warehouse_management_are_shipped_each_once(harness: Harness) -> None:
    refuse_copies(harness)
    order = await ordered(harness, SKU, OTHER)
    first = packed(harness, order, "JD01", SIMPLE_001=2)
    journal = harness.dynamics.store.table("CustPackingSlipJourBiEntities")
    (slip,) = journal.records.values()
    harness.dynamics.put(
        "CustPackingSlipJourBiEntities",
        **{**slip.values, "PackingSlipId": "A*", "SourceDocumentHeader": 7},
    )
    await polls(harness)
    second = packed(harness, order)
    for _ in range(3):
        await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 2}, {SKU: 1, OTHER: 3}]
    marks = [one["comments"][0]["comment"] for one in order.shipments]
    assert marks == [f"PS:{first}", f"PS:{second}"]
    harness.dynamics.track_slip(second, "JD02")
    await polls(harness)
    assert [[number for number, _, _ in tracks(one)] for one in order.shipments] == [
        ["JD01"], ["JD02"],
    ]  # fmt: skip
    assert await harness.parked("shipments") == ["usmf||A*"]


@in_harness(**read_from("lines"))
async def test_an_order_is_shipped_once_it_is_delivered_whole(harness: Harness) -> None:
    refuse_copies(harness)
    order = await ordered(harness, SKU, OTHER)
    packed(harness, order, "JD01", SIMPLE_001=2)
    await polls(harness)
    assert order.shipments == []
    others = {**harness.header(order), "SalesOrderNumber": "A*", "SalesOrderStatus": "Delivered"}
    others["CustomersOrderReference"] = f"{others['CustomersOrderReference']}9"
    harness.dynamics.put("SalesTable", **others)
    packed(harness, order, "JD02")
    for _ in range(3):
        await polls(harness)
    (shipment,) = order.shipments
    assert shown(shipment) == {SKU: 3, OTHER: 3}
    assert shipment["comments"][0]["comment"] == f"PS:{number_of(harness, order)}"
    assert [number for number, _, _ in tracks(shipment)] == ["JD01", "JD02"]
    assert await harness.parked("shipments") == ["usmf|A*|A*"]


INVOICED: dict[str, Any] = {"slips": "lines", "copies": False, "invoiced": "lines"}


@pytest.mark.parametrize("is_invoiced_first", [True, False])
@in_harness(**{**SHIPPED, "dynamics": INVOICED})
async def test_a_rest_that_was_cancelled_is_told_by_what_f_and_o_invoiced(
    harness: Harness, is_invoiced_first: bool
) -> None:
    """A shipment that was made before is listed."""
    refuse_copies(harness)
    order = await ordered(harness, SKU, OTHER)
    packed(harness, order, SIMPLE_001=2, SIMPLE_002=3)
    cut(harness, order, SIMPLE_001=1)
    if not is_invoiced_first:
        await polls(harness)
    harness.dynamics.invoice(number_of(harness, order))
    await polls(harness)
    (shipment,) = order.shipments
    assert shown(shipment) == {SKU: 2 if is_invoiced_first else 3, OTHER: 3}
    listed = [await harness.claim(key, "shipments") for key in await harness.parked("shipments")]
    told = [] if is_invoiced_first else ["SIMPLE-001 (1): F&O 2, Commerce 3"]
    assert [one.differs for one in listed] == told


@in_harness(**read_from("lines", flows=CANCELLED["flows"]))
async def test_without_copies_an_order_that_is_cancelled_whole_is_found(harness: Harness) -> None:
    refuse_copies(harness)
    order, other = await ordered(harness, SKU, OTHER), await ordered(harness, SKU, OTHER)
    cut(harness, order)
    cut(harness, other, SIMPLE_001=3)
    await looks(harness)
    assert order.row["state"] == "canceled"
    assert counts(other) == [{}, {}]
    await harness.services.intake.accept(
        "cancellations", "shop", [f"usmf|{number_of(harness, other)}"], "replay"
    )
    await harness.works_until_idle()
    assert any("3 x SIMPLE-001" in str(one["comment"]) for one in other.comments)
