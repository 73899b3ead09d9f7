"""Shipments of the shop: what it takes and refuses, as recorded on 2.4.7-p8."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.assortment import Product
from sandbox.commerce.catalogue import STORES
from sandbox.commerce.faults import RestFault
from sandbox.commerce.recipe import Want, drawn
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.state import CommerceState
from sync.core.encoding import from_json, to_json
from tests.sandbox.commerce.shop import SetClock, criteria

INVALID = "Shipment Document Validation Error(s):\n"
EMPTY = "You can't create a shipment without products."
VAGUE = "Could not save a shipment, see error log for details"
NOT_TRACKED = "Could not save the shipment tracking."
SKU, OTHER = "SIMPLE-001", "SIMPLE-002"


@pytest.fixture
def state(clock: SetClock) -> CommerceState:
    state = CommerceState(clock, seed=1, checks_access=False)
    for name, is_apart in (("TOGETHER", False), ("APART", True)):
        parts = ((SKU, 2), (OTHER, 1))
        product = Product(name, 90 + is_apart, Decimal(9), "bundle", parts=parts, in_parts=is_apart)
        state.sell(product)
    return state


def placed(state: CommerceState, *skus: str, pieces: int = 3) -> StoredOrder:
    wants = tuple(Want(state.catalogue.product(sku), Decimal(pieces)) for sku in skus or (SKU,))
    recipe = drawn(
        state.maker.rng, state.catalogue, wants=wants, store=STORES[0], payment="checkmo"
    )
    return state.place(state.maker.cooked(recipe), visible_in=timedelta())


async def ships(shop: httpx.AsyncClient, order: StoredOrder, **body: Any) -> tuple[int, Any]:
    path = f"/rest/all/V1/order/{order.entity_id}/ship"
    headers = {"content-type": "application/json"}
    answer = await shop.post(path, content=to_json(body), headers=headers)
    return answer.status_code, from_json(answer.content)


def items(*pairs: tuple[int, Any]) -> list[dict[str, Any]]:
    return [{"order_item_id": number, "qty": qty} for number, qty in pairs]


async def test_more_than_is_left_is_cut_off_and_nothing_left_is_refused(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    order = placed(state)
    (row,) = order.items
    assert await ships(shop, order, items=items((row["item_id"], 99))) == (200, "1")
    assert row["qty_shipped"] == 3
    text = f"{INVALID}The order does not allow a shipment to be created.\n{EMPTY}"
    assert await ships(shop, order) == (400, {"message": text})


@pytest.mark.parametrize("qty", [0, "0.5"])
async def test_quantities_that_are_no_piece_are_no_product(
    state: CommerceState, shop: httpx.AsyncClient, qty: Any
) -> None:
    order = placed(state)
    wanted = items((order.items[0]["item_id"], qty))
    assert await ships(shop, order, items=wanted) == (400, {"message": INVALID + EMPTY})
    assert await ships(shop, order, items=items((1999, 1))) == (400, {"message": INVALID + EMPTY})


async def test_orders_on_hold_and_virtual_ones_are_refused(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    order, virtual = placed(state), placed(state, "SUPPORT-1Y")
    state.hold(order)
    status = "A shipment cannot be created when an order has a status of"
    assert await ships(shop, order) == (400, {"message": f"{INVALID}{status} holded"})
    answer = await ships(shop, virtual)
    assert answer == (400, {"message": f"{INVALID}{status} pending\n{EMPTY}"})


async def test_a_bundle_is_shipped_by_the_rows_of_its_shipment_type(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    for sku, by_parent, word, what in (
        ("TOGETHER", True, "Together", "Bundle product itself"),
        ("APART", False, "Separately", "Bundle product options"),
    ):
        order = placed(state, sku)
        top, part, other = order.items
        right, wrong = (top, part) if by_parent else (part, top)
        _, refusal = await ships(shop, order, items=items((wrong["item_id"], 1)))
        assert refusal["message"] == (
            f'{INVALID}{EMPTY}\nCannot create shipment as bundle product "{top["sku"]}" has'
            f' shipment type "{word}". {what} should be shipped instead.'
        )
        assert (await ships(shop, order, items=items((right["item_id"], 2))))[0] == 200
        counted = [row["qty_shipped"] for row in (top, part, other)]
        assert counted == ([2, 4, 2] if by_parent else [1, 2, 0])


async def test_a_configurable_is_shipped_by_its_own_row_alone(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    order = placed(state, "TEE")
    top, variant = order.items
    refused = await ships(shop, order, items=items((variant["item_id"], 1)))
    assert refused == (400, {"message": INVALID + EMPTY})
    assert (await ships(shop, order))[0] == 200
    assert (top["qty_shipped"], variant["qty_shipped"]) == (3, 0)


@pytest.mark.parametrize(
    ("source", "status"), [("", 200), ("east", 200), ("nope", 400), ("poor", 400)]
)
async def test_a_shipment_takes_from_the_source_named_or_else_from_default(
    state: CommerceState, shop: httpx.AsyncClient, source: str, status: int
) -> None:
    state.stock.is_managed = True
    state.stock.sources |= {"east": False, "poor": True}
    for name, pieces in (("default", 5), ("east", 5), ("poor", 1)):
        state.stock.put(SKU, Decimal(pieces), source=name)
    order = placed(state)
    named = {"arguments": {"extension_attributes": {"source_code": source}}} if source else {}
    answer = await ships(shop, order, **named)
    assert answer == ((200, "1") if status == 200 else (400, {"message": VAGUE}))
    held = {one.source: one.quantity for one in state.stock.of(SKU)}
    taken = {source or "default": 2} if status == 200 else {}
    assert held == {"default": 5, "east": 5, "poor": 1} | taken


def test_two_shipments_at_once_drive_a_source_below_zero(
    state: CommerceState, clock: SetClock
) -> None:
    state.stock.is_managed, state.stock.overlap = True, timedelta(seconds=1)
    state.stock.put(SKU, Decimal(4))
    orders = [placed(state) for _ in range(3)]
    for order in orders[:2]:
        state.ship(order)
    assert state.stock.of(SKU)[0].quantity == -2
    clock.moment += timedelta(seconds=1)
    with pytest.raises(RestFault, match="Could not save a shipment"):
        state.ship(orders[2])


async def test_comments_and_tracks_are_listed_by_order_and_searched_by_nothing_else(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    order = placed(state)
    track = {"track_number": "3.00/X 1", "title": "Spedition Müller", "carrier_code": "mueller"}
    comment = {"comment": "PS:PSL-00083 ✓", "is_visible_on_front": 1}
    assert (await ships(shop, order, comment=comment, tracks=[track]))[0] == 200
    path = "/rest/all/V1/shipments"
    answer = await shop.get(f"{path}?{criteria(('order_id', 'eq', str(order.entity_id)))}")
    (row,) = from_json(answer.content)["items"]
    assert row["comments"][0]["comment"] == "PS:PSL-00083 ✓"
    assert {name: row["tracks"][0][name] for name in track} == track
    assert row["extension_attributes"] == {"source_code": "default"}
    for field in ("comment", "track_number"):
        assert (await shop.get(f"{path}?{criteria((field, 'eq', 'x'))}")).status_code == 500


async def test_tracks_are_added_twice_and_removed_as_often_as_you_like(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    order = placed(state)
    state.ship(order)
    before = (order.row["updated_at"], order.shipments[0]["updated_at"])
    headers = {"content-type": "application/json"}
    track = {"order_id": order.entity_id, "parent_id": 1, "track_number": "LATE", "title": "UPS",
             "carrier_code": "ups"}  # fmt: skip

    async def adds(**changes: Any) -> httpx.Response:
        body = to_json({"entity": {**track, **changes}})
        return await shop.post("/rest/all/V1/shipment/track", content=body, headers=headers)

    for _ in range(2):
        assert (await adds()).status_code == 200
    for wrong in ({"parent_id": 99}, {"order_id": 99}, {"title": ""}, {"carrier_code": ""}):
        refused = await adds(**wrong)
        assert (refused.status_code, refused.json()) == (400, {"message": NOT_TRACKED})
    assert len(order.shipments[0]["tracks"]) == 2
    for _ in range(2):
        removed = await shop.delete("/rest/all/V1/shipment/track/1")
        assert (removed.status_code, removed.json()) == (200, True)
    assert len(order.shipments[0]["tracks"]) == 1
    assert (order.row["updated_at"], order.shipments[0]["updated_at"]) == before
    text = f"{INVALID}Please enter a tracking number."
    tracks = [{"track_number": "", "title": "X", "carrier_code": "ups"}]
    again = placed(state)
    assert await ships(shop, again, tracks=tracks) == (400, {"message": text})


def test_a_later_shipment_in_the_same_state_leaves_status_and_time_alone(
    state: CommerceState, clock: SetClock
) -> None:
    order = placed(state)
    (row,) = order.items
    state.ship(order, {row["item_id"]: Decimal(1)})
    assert (order.row["state"], order.row["status"]) == ("processing", "processing")
    order.row["status"], before = "picking", order.row["updated_at"]
    clock.moment += timedelta(seconds=5)
    state.ship(order, {row["item_id"]: Decimal(1)})
    assert (order.row["status"], order.row["updated_at"]) == ("picking", before)
    state.invoice(order)
    state.ship(order)
    assert order.row["state"] == "complete"
