"""RMAs of the shop: what it takes and refuses, by Adobe's specification."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.app import commerce_app
from sandbox.commerce.catalogue import STORES
from sandbox.commerce.faults import RestFault
from sandbox.commerce.recipe import Want, drawn
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sync.core.encoding import from_json, to_json
from tests.sandbox.commerce.shop import client_of

SKU = "SIMPLE-001"


@pytest.fixture
def order(state: CommerceState) -> StoredOrder:
    wants = (Want(state.catalogue.product(SKU), Decimal(3)),)
    recipe = drawn(
        state.maker.rng, state.catalogue, wants=wants, store=STORES[0], payment="checkmo"
    )
    order = state.place(state.maker.cooked(recipe), visible_in=timedelta())
    state.ship(order, {order.items[0]["item_id"]: Decimal(2)})
    return order


async def asked(state: CommerceState, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    shop: httpx.AsyncClient = client_of(commerce_app(state, Dials()))
    headers = {"content-type": "application/json"}
    content = None if body is None else to_json(body)
    answer = await shop.request(method, f"/rest/all/V1/{path}", content=content, headers=headers)
    return answer.status_code, from_json(answer.content)


@pytest.mark.parametrize("pieces", [3, Decimal("0.5"), -1])
def test_only_whole_pieces_that_were_shipped_come_back(
    state: CommerceState, order: StoredOrder, pieces: Any
) -> None:
    with pytest.raises(RestFault):
        state.request_return(order, {order.items[0]["item_id"]: pieces})
    assert not state.rmas


async def test_a_put_takes_the_whole_rma_and_answers_it(
    state: CommerceState, order: StoredOrder
) -> None:
    rma = state.request_return(order, {order.items[0]["item_id"]: 2})
    status, whole = await asked(state, "GET", "returns/1")
    assert (status, whole["items"][0]["qty_authorized"]) == (200, None)
    item = {**whole["items"][0], "qty_authorized": 2, "status": "authorized"}
    changed = {**whole, "items": [item], "status": "authorized"}
    status, saved = await asked(state, "PUT", "returns/1", {"rmaDataObject": changed})
    assert (status, saved["status"]) == (200, "authorized")
    bare = {"rmaDataObject": {"order_id": order.entity_id, "status": "closed"}}
    status, fault = await asked(state, "PUT", "returns/1", bare)
    assert (status, fault["message"]) == (400, '"%fieldName" is required. Enter and try again.')
    more = {**changed, "items": [{**item, "qty_returned": 3}]}
    assert (await asked(state, "PUT", "returns/1", {"rmaDataObject": more}))[0] == 400
    assert (await asked(state, "PUT", "returns/1", {"rmaDataObject": {"nobody": 1}}))[0] == 400
    assert state.rma(rma["entity_id"])["items"][0]["qty_authorized"] == 2


async def test_each_comment_and_track_is_added(state: CommerceState, order: StoredOrder) -> None:
    state.request_return(order, {order.items[0]["item_id"]: 1})
    for _ in range(2):
        comment = {"data": {"comment": "Hello", "visible_on_front": True}}
        assert await asked(state, "POST", "returns/1/comments", comment) == (200, True)
        track = {"track": {"track_number": "1Z", "carrier_title": "UPS", "carrier_code": "ups"}}
        assert await asked(state, "POST", "returns/1/tracking-numbers", track) == (200, True)
    _, listed = await asked(state, "GET", "returns/1/comments")
    assert [one["comment"] for one in listed["items"]] == ["Hello", "Hello"]
    assert len(state.rma(1)["tracks"]) == 2


async def test_lists_of_early_releases_load_nothing(
    state: CommerceState, order: StoredOrder
) -> None:
    state.request_return(order, {order.items[0]["item_id"]: 1})
    state.lists_load_nothing = True
    query = "returns?searchCriteria[pageSize]=10"
    _, listed = await asked(state, "GET", query)
    assert (listed["items"][0]["items"], listed["total_count"]) == (None, 1)
    assert (await asked(state, "GET", "returns/9"))[0] == 404
