"""Packing slips of F&O on their way into the shop: each once, by order item, with its tracking
numbers; and what cannot be shown goes to a person."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.assortment import Product
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Arrival, Kind
from sandbox.dynamics.collective import join_slips
from sync.core.encoding import to_json
from sync.engine.claim import State
from sync.flows.fulfilment.shipments import changed
from sync.mapping_tables.records import ItemMapping
from sync.preview.slips import preview_slips
from tests.harness import Harness, in_harness
from tests.reconcile.planted import reconciled
from tests.systems import COMPANY

SKU, OTHER = "SIMPLE-001", "SIMPLE-002"
SHIPPED: dict[str, Any] = {
    "flows": ("orders", "customers", "shipments"),
    "shipments": {
        "sources": {"13": "default"},
        "carriers": {"DHL": {"code": "dhl", "title": "DHL Express"}},
    },
}


def with_shipments(**settings: Any) -> dict[str, Any]:
    return {**SHIPPED, "shipments": {**SHIPPED["shipments"], **settings}}


async def ordered(harness: Harness, *skus: str, pieces: int = 3, **wishes: Any) -> StoredOrder:
    """An order that F&O has, of so many pieces of each."""
    wants = tuple(
        Want(harness.commerce.catalogue.product(sku), Decimal(pieces)) for sku in skus or (SKU,)
    )
    order = harness.place(wants=wants, **wishes)
    await harness.delivers(order)
    return order


def lots(harness: Harness, order: StoredOrder) -> dict[str, str]:
    """The lots of its sales lines, by item."""
    number = harness.header(order)["SalesOrderNumber"]
    return {line["ItemNumber"]: line["InventoryLotId"] for line in
            harness.dynamics.lines(COMPANY, number)}  # fmt: skip


def packed(harness: Harness, order: StoredOrder, *tracking: str, **pieces: int) -> str:
    """F&O posts a slip: of these pieces by item, or of all that remains."""
    quantities = {
        lots(harness, order)[item.replace("_", "-")]: Decimal(count)
        for item, count in pieces.items()
    }
    (slip,) = harness.dynamics.deliver(
        harness.header(order)["SalesOrderNumber"], quantities=quantities or None,
        tracking=dict.fromkeys(tracking, ""), carrier="DHL", over=Decimal(1),
    )  # fmt: skip
    return slip


def key_of(harness: Harness, order: StoredOrder, slip: str) -> str:
    return f"{COMPANY}|{harness.header(order)['SalesOrderNumber']}|{slip}"


def entered_by_hand(harness: Harness, order: StoredOrder, reference: str) -> None:
    """Its sales order is one that a person entered in F&O, as far as its reference tells."""
    number = harness.header(order)["SalesOrderNumber"]
    header = harness.dynamics.store.find("SalesTable", COMPANY, number)
    assert header is not None
    named = {"CustomersOrderReference": reference}
    harness.dynamics.store.update("SalesTable", header, named)


async def polls(harness: Harness) -> None:
    await harness.polls("shipments")
    await harness.works_until_idle()


def shown(shipment: Columns) -> dict[str, int]:
    return {item["sku"]: int(item["qty"]) for item in shipment["items"]}


def tracks(shipment: Columns) -> list[tuple[str, str, str]]:
    return [
        (track["track_number"], track["title"], track["carrier_code"])
        for track in shipment["tracks"]
    ]


@in_harness(**SHIPPED)
async def test_each_slip_is_one_shipment_with_its_pieces_and_its_tracking(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER)
    first = packed(harness, order, "JD01", SIMPLE_001=2)
    await polls(harness)
    second = packed(harness, order, "JD02", "JD03")
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 2}, {SKU: 1, OTHER: 3}]
    assert [one["comments"][0]["comment"] for one in order.shipments] == [
        f"PS:{first}", f"PS:{second}",
    ]  # fmt: skip
    assert [tracks(one) for one in order.shipments] == [
        [("JD01", "DHL Express", "dhl")],
        [("JD02", "DHL Express", "dhl"), ("JD03", "DHL Express", "dhl")],
    ]
    for _ in range(3):
        await polls(harness)
    assert len(order.shipments) == 2
    assert order.row["state"] == "processing"
    assert await harness.parked("shipments") == []


@in_harness(**SHIPPED)
async def test_the_rest_is_shipped_after_pieces_of_the_first_slip_came_back(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, pieces=5)
    harness.commerce.invoice(order)
    packed(harness, order, SIMPLE_001=3)
    await polls(harness)
    row = order.items[0]["item_id"]
    memo = harness.commerce.refund(order, {row: Decimal(2)}, shipping=Decimal(0))
    harness.commerce.comment_on("creditmemo", memo, {"comment": "RMA:000000001 CN:CN-1"})
    packed(harness, order)
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}, {SKU: 2}]
    assert await harness.parked("shipments") == []


@in_harness(**SHIPPED)
async def test_what_we_ship_is_no_news_for_f_and_o(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    packed(harness, order)
    await polls(harness)
    writes = sum(n for what, n in harness.dynamics.operations.items() if "GET" not in what)
    await asyncio.sleep(90)
    await harness.polls()
    await harness.delivers(order)
    await polls(harness)
    after = sum(n for what, n in harness.dynamics.operations.items() if "GET" not in what)
    assert after == writes
    assert set((await harness.events(order))[1:]) <= {"unchanged"}


@in_harness(**SHIPPED)
async def test_a_slip_of_somebody_else_is_left_alone(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    journal = harness.dynamics.store.table("CustPackingSlipJourBiEntities")
    for row in list(journal.records.values()):
        changed = {"CustomerRef": "1-000009999"}
        harness.dynamics.store.update("CustPackingSlipJourBiEntities", row, changed)
    await polls(harness)
    assert order.shipments == []
    assert (await harness.claim(key_of(harness, order, slip), "shipments")).state is State.SKIPPED


@in_harness(**SHIPPED)
async def test_late_tracking_is_added_and_wrong_tracking_replaced(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    await polls(harness)
    assert tracks(order.shipments[0]) == []
    await asyncio.sleep(3 * 3600)
    harness.dynamics.track_slip(slip, "WRONG", "JD02")
    await polls(harness)
    order.shipments[0]["tracks"].append(
        {"entity_id": 99, "track_number": "BY-HAND", "title": "Van", "carrier_code": "custom"}
    )
    harness.dynamics.track_slip(slip, "JD01", "JD02")
    await polls(harness)
    assert {one[0] for one in tracks(order.shipments[0])} == {"JD01", "JD02", "BY-HAND"}
    assert len(order.shipments) == 1
    assert await harness.events(key_of(harness, order, slip), "shipments") == [
        "created", "amended", "amended",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED]
)
@pytest.mark.parametrize("where", ["/ship", "shipment/track"])
@in_harness(**SHIPPED)
async def test_a_write_whose_answer_was_lost_is_not_made_twice(
    harness: Harness, kind: Kind, where: str
) -> None:
    def there(arrival: Arrival) -> bool:
        return arrival.path.endswith(where) and arrival.method == "POST"

    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    harness.shop_dials.next(kind, where=there, seconds=40)
    await polls(harness)
    harness.dynamics.track_slip(slip, "JD01")
    await polls(harness)
    await harness.shop_dials.settle()
    await harness.works_until_idle()
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    assert [one[0] for one in tracks(order.shipments[0])] == ["JD01"]
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert claim.state is State.DELIVERED


@pytest.mark.parametrize("before", ["claims", "trail"])
@in_harness(**SHIPPED)
async def test_a_process_that_dies_ships_nothing_twice(harness: Harness, before: str) -> None:
    order = await ordered(harness, SKU)
    packed(harness, order, "JD01")
    await harness.polls("shipments")
    await harness.works_until_it_dies(before=before)
    await harness.works_until_idle()
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    assert [one[0] for one in tracks(order.shipments[0])] == ["JD01"]


@in_harness(**SHIPPED)
async def test_a_source_that_shows_too_little_is_filled_first(harness: Harness) -> None:
    """F&O has taken the goods off what it has on hand, and the shop shows that already."""
    harness.commerce.stock.is_managed = True
    for sku, held, status in ((SKU, 1, 0), (OTHER, 10, 1)):
        harness.commerce.stock.put(sku, Decimal(held), status=status)
    order = await ordered(harness, SKU, OTHER)
    packed(harness, order)
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3, OTHER: 3}]
    left = [harness.commerce.stock.of(sku)[0] for sku in (SKU, OTHER)]
    assert [[one.quantity, one.status] for one in left] == [[0, 0], [7, 1]]


@in_harness(
    **{**SHIPPED, "flows": (*SHIPPED["flows"], "stock")}, stock={"sources": {"13": "default"}}
)
async def test_a_source_that_was_filled_is_shown_again_as_f_and_o_has_it(harness: Harness) -> None:
    harness.commerce.stock.is_managed = True
    harness.dynamics.receive(SKU, 0)
    await harness.polls("stock")
    await harness.works_until_idle()
    order = await ordered(harness, SKU)
    packed(harness, order)
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    await harness.services.intake.accept("stock", "shop", ["*"], "poll")
    await harness.works_until_idle()
    there = [(one.quantity, one.status) for one in harness.commerce.stock.of(SKU)]
    assert there == [(Decimal(0), 0)]


@in_harness(**SHIPPED)
async def test_shipments_side_by_side_drive_no_source_below_zero(harness: Harness) -> None:
    """The shop itself would: nothing protects a source from two orders at once."""
    harness.commerce.stock.is_managed = True
    harness.commerce.stock.overlap = timedelta(seconds=1)
    harness.commerce.stock.put(SKU, Decimal(4))
    orders = [await ordered(harness, SKU) for _ in range(3)]
    for order in orders:
        packed(harness, order)
    harness.shop_dials.latency_low = harness.shop_dials.latency_high = 1.0
    await polls(harness)
    assert [len(order.shipments) for order in orders] == [1, 1, 1]
    assert harness.commerce.stock.of(SKU)[0].quantity >= 0


@in_harness(**SHIPPED)
async def test_the_source_is_that_of_the_slips_warehouse(harness: Harness) -> None:
    harness.commerce.stock.sources["east"] = True
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    row = next(iter(harness.dynamics.store.table("CustPackingSlipJourBiEntities").records.values()))
    where = {"inventLocationId": "24"}
    harness.dynamics.store.update("CustPackingSlipJourBiEntities", row, where)
    await polls(harness)
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert (claim.state, order.shipments) == (State.PARKED, [])
    assert "warehouse 24" in claim.reason
    assert 'sources = { "24"' in claim.remedy


@in_harness(**SHIPPED)
async def test_an_order_on_hold_is_shipped_by_itself_once_it_is_released(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU)
    packed(harness, order)
    harness.commerce.hold(order)
    await harness.polls("shipments")
    await harness.works_for(24 * 3600)
    assert (order.shipments, await harness.parked("shipments")) == ([], [])
    harness.commerce.unhold(order)
    await harness.works_until_idle()
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]


# What Commerce cannot show


@in_harness(**SHIPPED)
async def test_over_delivery_is_shipped_as_far_as_it_was_ordered_and_listed(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order, SIMPLE_001=4)
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    key = key_of(harness, order, slip)
    assert await harness.parked("shipments") == [key]
    claim = await harness.claim(key, "shipments")
    assert f"{SKU} ({order.items[0]['item_id']}): F&O 4, Commerce 3" in claim.differs
    assert key in claim.remedy


@pytest.mark.parametrize("left", [1, None])
@in_harness(**SHIPPED)
async def test_a_slip_corrected_or_cancelled_after_it_was_shipped_goes_to_a_person(
    harness: Harness, left: int | None
) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    await polls(harness)
    lot = lots(harness, order)[SKU]
    harness.dynamics.correct_slip(slip, {lot: Decimal(left)} if left else None)
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    key = key_of(harness, order, slip)
    assert await harness.parked("shipments") == [key]
    assert f"F&O {left or 0}, Commerce 3" in (await harness.claim(key, "shipments")).differs
    again = packed(harness, order)  # what was corrected is not shipped a second time
    await polls(harness)
    assert sum(shown(one)[SKU] for one in order.shipments) == 3
    claim = await harness.claim(key_of(harness, order, again), "shipments")
    assert f"F&O {3 - (left or 0)}, Commerce 0" in claim.differs


@in_harness(**SHIPPED)
async def test_a_slip_cancelled_before_it_was_shipped_is_no_shipment(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    harness.dynamics.correct_slip(slip)
    await polls(harness)
    assert order.shipments == []
    assert await harness.parked("shipments") == []


@in_harness(**SHIPPED)
async def test_a_later_slip_shipped_by_hand_before_the_first_is_taken_over(
    harness: Harness,
) -> None:
    """Its pieces are as many as the first slip's, which is not shipped yet."""
    order = await ordered(harness, SKU)
    packed(harness, order, SIMPLE_001=1)
    second = packed(harness, order, SIMPLE_001=1)
    harness.commerce.ship(order, {order.items[0]["item_id"]: Decimal(1)})
    order.shipments[0]["comments"].append({"comment": f"PS:{second}"})
    for _ in range(2):
        await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 1}, {SKU: 1}]
    assert await harness.parked("shipments") == []


@in_harness(**SHIPPED)
async def test_a_shipment_by_hand_is_taken_over_by_its_marker(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    harness.commerce.ship(order)
    slip = packed(harness, order, "JD01")
    await polls(harness)
    key = key_of(harness, order, slip)
    claim = await harness.claim(key, "shipments")
    assert len(order.shipments) == 1
    assert "F&O 3, Commerce 0" in claim.differs
    assert f"PS:{slip}" in claim.remedy
    order.shipments[0]["comments"].append({"comment": f"PS:{slip} "})
    await harness.replays(key, "shipments")
    assert [one[0] for one in tracks(order.shipments[0])] == ["JD01"]
    assert await harness.parked("shipments") == []


@in_harness(**SHIPPED)
async def test_lines_that_the_order_does_not_have_are_told(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    rows = harness.dynamics.store.table("CustPackingSlipTransBiEntities")
    (row,) = list(rows.records.values())
    extra = {**row.values, "SourceDocumentLine": 1, "ItemId": "SUB-1", "ExternalItemId": "",
             "InventTransId": "other"}  # fmt: skip
    harness.dynamics.store.insert("CustPackingSlipTransBiEntities", extra)
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert "3 of item SUB-1" in claim.reason
    assert claim.differs == ""


@in_harness(**SHIPPED)
async def test_lines_without_a_reference_are_known_by_their_lots(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    packed(harness, order)
    rows = harness.dynamics.store.table("CustPackingSlipTransBiEntities")
    for row in list(rows.records.values()):
        harness.dynamics.store.update("CustPackingSlipTransBiEntities", row, {"ExternalItemId": ""})
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]


# Products that are more than a row


@in_harness(**SHIPPED)
async def test_a_configurable_is_shipped_by_its_own_row(harness: Harness) -> None:
    order = await ordered(harness, "TEE", pieces=2)
    packed(harness, order)
    await polls(harness)
    (shipment,) = order.shipments
    assert [item["order_item_id"] for item in shipment["items"]] == [order.items[0]["item_id"]]


@pytest.mark.parametrize("is_fixed", [False, True])
@pytest.mark.parametrize("in_parts", [False, True])
@in_harness(**SHIPPED)
async def test_a_bundle_is_shipped_as_the_shop_ships_it(
    harness: Harness, is_fixed: bool, in_parts: bool
) -> None:
    harness.commerce.sell(
        Product("SET", 90, Decimal(30), "bundle", parts=((SKU, 1), (OTHER, 2)),
                fixed=is_fixed, in_parts=in_parts, is_drawn=False)
    )  # fmt: skip
    harness.dynamics.release(COMPANY, "SET")
    order = await ordered(harness, "SET", pieces=3)
    if is_fixed:
        packed(harness, order, SET=2)
    else:
        packed(harness, order, SIMPLE_001=3, SIMPLE_002=3)  # one set whole, and a half
    await polls(harness)
    packed(harness, order)
    await polls(harness)
    assert await harness.parked("shipments") == []
    sent = [{item["sku"]: int(item["qty"]) for item in one["items"] if item["sku"] in (SKU, OTHER)}
            for one in order.shipments]  # fmt: skip
    whole = {item["sku"]: int(item["qty_shipped"]) for item in order.items[1:]}
    assert whole == {SKU: 3, OTHER: 6}
    if in_parts and is_fixed:
        assert sent == [{SKU: 2, OTHER: 4}, {SKU: 1, OTHER: 2}]
    elif in_parts:
        assert sent == [{SKU: 3, OTHER: 3}, {OTHER: 3}]
    else:
        sets = [int(one["items"][0]["qty"]) for one in order.shipments]
        assert sets == ([2, 1] if is_fixed else [1, 2])


@in_harness(**SHIPPED)
async def test_a_piece_of_several_units_is_shipped_when_it_is_whole(harness: Harness) -> None:
    systems = await harness.services.systems_pool.open("shop")
    await systems.items.put(ItemMapping(SKU, SKU, unit="ea", factor=Decimal(4)))
    order = await ordered(harness, SKU, pieces=2)
    for units in (3, 2, 3):
        packed(harness, order, SIMPLE_001=units)
        await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 1}, {SKU: 1}]
    assert await harness.parked("shipments") == []


@in_harness(**SHIPPED)
async def test_a_slip_in_another_unit_parks(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    rows = harness.dynamics.store.table("CustPackingSlipTransBiEntities")
    for row in list(rows.records.values()):
        harness.dynamics.store.update("CustPackingSlipTransBiEntities", row, {"SalesUnit": "box"})
    await polls(harness)
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert (claim.state, order.shipments) == (State.PARKED, [])
    assert f"counts {SKU} in box, and its mapping says ea" in claim.reason


EVENT = "ContosoPackingSlipPostedBusinessEvent"


@pytest.mark.parametrize("told", ["SalesOrderId", "PackingSlipId"])
@in_harness(**with_shipments(notify=True, carriers={}, events=[EVENT]))
async def test_an_event_of_the_customers_own_tells_of_slips(harness: Harness, told: str) -> None:
    order = await ordered(harness, SKU)
    slips = [packed(harness, order, f"JD{pieces}", SIMPLE_001=pieces) for pieces in (1, 2)]
    number = harness.header(order)["SalesOrderNumber"]
    fields = {"SalesOrderId": number.lower(), "PackingSlipId": slips[0].lower()}
    began = harness.clock.now()
    for identity, company in (("1", ""), ("2", COMPANY.upper())):
        envelope = {"BusinessEventId": EVENT, "EventId": identity, told: fields[told],
                    "BusinessEventLegalEntity": company, "ControlNumber": 5}  # fmt: skip
        answer = await harness.services.accept_business_event("shop", to_json(envelope))
        assert answer.status == 200
    await harness.works_until_idle()
    assert harness.clock.now() - began < timedelta(seconds=5)
    both = [{SKU: 1}, {SKU: 2}]
    assert [shown(one) for one in order.shipments] == (both if told == "SalesOrderId" else both[:1])
    assert tracks(order.shipments[0]) == [("JD1", "DHL", "custom")]
    await polls(harness)
    assert [shown(one) for one in order.shipments] == both


# Whose slip it is


def journal(harness: Harness, slip: str, **changes: Any) -> None:
    """Change the slip's header by hand."""
    rows = harness.dynamics.store.table("CustPackingSlipJourBiEntities")
    (row,) = [one for one in rows.records.values() if one["PackingSlipId"] == slip]
    harness.dynamics.store.update("CustPackingSlipJourBiEntities", row, changes)


@in_harness(**SHIPPED)
async def test_a_slip_of_several_orders_is_a_shipment_of_each(harness: Harness) -> None:
    """F&O packs orders of one address together: one header, which names one of the orders."""
    orders = [await ordered(harness, SKU), await ordered(harness, OTHER)]
    first, second = (packed(harness, order, f"JD-{order.entity_id}") for order in orders)
    join_slips(harness.dynamics, COMPANY, first, second)
    await polls(harness)
    assert [[shown(one) for one in order.shipments] for order in orders] == [
        [{SKU: 3}], [{OTHER: 3}],
    ]  # fmt: skip
    assert await harness.parked("shipments") == []


@pytest.mark.parametrize("reference", ["9-4711", ""])
@in_harness(**SHIPPED)
async def test_a_slip_together_with_an_order_of_somebody_else_is_a_shipment_of_ours(
    harness: Harness, reference: str
) -> None:
    """Its header names the other order: one that was taken by phone, for the same address."""
    phoned, order = await ordered(harness, OTHER), await ordered(harness, SKU)
    head, slip = (packed(harness, one) for one in (phoned, order))
    entered_by_hand(harness, phoned, reference)
    journal(harness, head, CustomerRef=reference)
    join_slips(harness.dynamics, COMPANY, head, slip, is_own=not reference)
    (missing,), _ = await reconciled(harness, "shipments")
    assert missing.key == key_of(harness, order, head)
    for _ in range(2):
        await polls(harness)
    differences, _ = await reconciled(harness, "shipments")
    assert differences == []
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    assert phoned.shipments == []


@pytest.mark.parametrize("changes", [{"SalesType": "ReturnItem"}, {"SalesId": ""}])
@in_harness(**SHIPPED)
async def test_slips_of_returns_are_left_alone(harness: Harness, changes: dict[str, str]) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    journal(harness, slip, **changes)
    await polls(harness)
    await harness.services.intake.accept(
        "shipments", "shop", [key_of(harness, order, slip)], "webhook"
    )
    await harness.works_until_idle()
    assert len(order.shipments) == ("SalesId" in changes)


@in_harness(**SHIPPED)
async def test_an_order_of_nothing_to_ship_has_no_shipment(harness: Harness) -> None:
    order = await ordered(harness, "SUPPORT-1Y")
    slip = packed(harness, order)
    await polls(harness)
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert (claim.state, order.shipments) == (State.SKIPPED, [])


@in_harness(**SHIPPED)
async def test_a_slip_waits_until_its_order_is_recorded(harness: Harness) -> None:
    order = harness.place(skus=(SKU,))
    harness.ledger_dials.next(Kind.LOST, where=lambda one: b"SalesOrderLines" in one.body)
    await harness.hooks(order)
    await harness.works_for(5)
    slip = packed(harness, order)
    await harness.polls("shipments")
    await harness.works_for(5)
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert "is being posted" in claim.reason
    await harness.works_until_idle()
    assert len(order.shipments) == 1


@in_harness(**SHIPPED)
async def test_a_slip_waits_while_the_shop_does_not_show_its_order(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    hidden = harness.commerce.orders.pop(order.entity_id)
    await harness.polls("shipments")
    await harness.works_for(5)
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert "does not show in Commerce" in claim.reason
    harness.commerce.orders[order.entity_id] = hidden
    await harness.works_until_idle()
    assert len(order.shipments) == 1


@in_harness(**SHIPPED)
async def test_a_number_that_two_legal_entities_use_is_no_mistake(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    number = harness.header(order)["SalesOrderNumber"]
    for table in ("CustPackingSlipJourBiEntities", "CustPackingSlipTransBiEntities"):
        for row in list(harness.dynamics.store.table(table).records.values()):
            harness.dynamics.store.insert(table, {**row.values, "dataAreaId": "dat"})
    key = f"dat|{number}|{slip}"
    await harness.services.intake.accept("shipments", "shop", [key], "webhook")
    await harness.works_until_idle()
    assert (await harness.claim(key, "shipments")).state is State.SKIPPED
    assert order.shipments == []


@in_harness(**SHIPPED)
async def test_a_slip_that_f_and_o_does_not_show_is_no_news(harness: Harness) -> None:
    key = f"{COMPANY}|SO-9|PS-9"
    await harness.services.intake.accept("shipments", "shop", [key], "webhook")
    await harness.works_until_idle()
    assert (await harness.claim(key, "shipments")).state is State.VANISHED


@in_harness(
    **{**SHIPPED, "shipments": {}}, stock={"inventory": "stock-items", "sources": {"13": "default"}}
)
async def test_a_shop_without_sources_is_told_none(harness: Harness) -> None:
    harness.commerce.stock.is_single = True
    order = await ordered(harness, SKU)
    packed(harness, order)
    await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]


@in_harness(**SHIPPED)
async def test_a_shipment_that_is_gone_is_not_sent_again(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    await polls(harness)
    order.shipments.clear()
    harness.dynamics.track_slip(slip, "JD01")
    await polls(harness)
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert (claim.state, order.shipments) == (State.PARKED, [])
    assert "is not there any more" in claim.reason


@in_harness(**SHIPPED)
async def test_a_poll_goes_on_where_the_last_one_stopped(harness: Harness) -> None:
    orders = [await ordered(harness, SKU) for _ in range(3)]
    slips = [packed(harness, order, f"JD{place}") for place, order in enumerate(orders)]
    journal(harness, slips[2], CreatedOn=None)
    systems = await harness.services.systems_pool.open("shop")
    since, until = harness.clock.now() - timedelta(days=1), harness.clock.now()
    found = [one async for one in changed(systems, since, until)]
    assert [one.key.rpartition("|")[2] for one in found] == slips[:2]
    rest = [one async for one in changed(systems, since, until, found[0].position)]
    assert rest == found[1:]


# Shown before it is sent


@in_harness(**SHIPPED)
async def test_a_preview_shows_what_a_delivery_would_send(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    number = order.row["increment_id"]

    async def previewed() -> list[tuple[str, str]]:
        found = await preview_slips(number, await harness.as_it_stands())
        return [(one.outcome, one.reason) for one in found]

    assert await previewed() == []
    slip = packed(harness, order, "JD01", SIMPLE_001=2)
    assert await previewed() == [("deliver", "")]
    harness.commerce.hold(order)
    ((outcome, reason),) = await previewed()
    assert (outcome, "is on hold" in reason) == ("skip", True)
    hidden = harness.commerce.orders.pop(order.entity_id)
    ((outcome, reason),) = await previewed()
    assert (outcome, reason[:8]) == ("skip", "waiting:")
    harness.commerce.orders[order.entity_id] = hidden
    harness.commerce.unhold(order)
    await polls(harness)
    assert await previewed() == [("skip", "shipment 000000001 shows it")]
    harness.dynamics.correct_slip(slip)
    ((outcome, reason),) = await previewed()
    assert "F&O 0, Commerce 2" in reason
    assert [shown(one) for one in order.shipments] == [{SKU: 2}]


# Substitutes


@pytest.mark.parametrize("is_new_line", [True, False])
@in_harness(**with_shipments(substitutes=True))
async def test_a_substitute_is_sent_for_what_was_ordered_and_the_buyer_reads_it(
    harness: Harness, is_new_line: bool
) -> None:
    """A line of its own whose item is the alternative one, or the same line with another item."""
    harness.dynamics.release(COMPANY, "SUB-1")
    (item,) = harness.dynamics.store.table("ReleasedProductsV2").having(
        "ItemNumber", ("simple-001",)
    )
    harness.dynamics.store.update("ReleasedProductsV2", item, {"AlternativeItemNumber": "SUB-1"})
    order = await ordered(harness, SKU, OTHER)
    slip = packed(harness, order)
    rows = harness.dynamics.store.table("CustPackingSlipTransBiEntities")
    (row,) = [one for one in rows.oldest_first() if one["ItemId"] == SKU]
    other = {"ItemId": "SUB-1"}
    if is_new_line:
        other |= {"ExternalItemId": "", "InventTransId": "LOT-OF-SUB"}
    harness.dynamics.store.update("CustPackingSlipTransBiEntities", row, other)
    for _ in range(3):
        await polls(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3, OTHER: 3}]
    (told,) = [one for one in order.comments if "instead" in str(one["comment"])]
    assert told["comment"] == "Sent instead of SIMPLE-001: SUB-1"
    assert told["is_visible_on_front"] == 1
    claim = await harness.claim(key_of(harness, order, slip), "shipments")
    assert (claim.state, claim.reason) == (State.DELIVERED, "")
