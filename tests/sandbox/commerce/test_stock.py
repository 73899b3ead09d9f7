"""Stock of the shop: what source items take and refuse, as recorded on 2.4.7-p8, and what an order
does to them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.state import CommerceState
from sync.core.encoding import from_json, to_json
from tests.sandbox.commerce.shop import SetClock, criteria

SKU = "SIMPLE-001"
PATH = "/rest/all/V1/inventory/source-items"


def item(**changes: Any) -> dict[str, Any]:
    whole = {"sku": SKU, "source_code": "default", "quantity": 5, "status": 1, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def invalid(field: str, what: str) -> dict[str, Any]:
    reason = {"message": f'"%field" {what}.', "parameters": {"field": field}}
    return {"message": f'Validation Failed: "{field}" {what}.', "errors": [reason]}


RECORDED: list[tuple[list[dict[str, Any]], int, Any, dict[str, int]]] = [
    ([item(sku="NO-SUCH-SKU")], 200, [], {"NO-SUCH-SKU": 5}),
    ([item(quantity=43), item(quantity=44)], 200, [], {SKU: 44}),
    ([item(quantity=-3)], 200, [], {SKU: -3}),
    ([item(quantity="46")], 200, [], {SKU: 46}),
    ([item(), item(sku=SKU.lower(), quantity=6)], 200, [], {SKU: 6}),
    ([item(status=None)], 400, invalid("status", "should be numeric"), {}),
    ([item(quantity=None)], 400, invalid("quantity", "should be numeric"), {}),
    ([item(status=2)], 400, invalid("status", "should a known status"), {}),
    ([item(), item(source_code="nope")], 400, {"message": "Could not save Source Item"}, {}),
    ([], 400, {"message": "Input data is empty"}, {}),
]  # fmt: skip


@pytest.fixture
def state(clock: SetClock) -> CommerceState:
    state = CommerceState(clock, seed=1, checks_access=False)
    state.stock.is_managed = True
    return state


@pytest.mark.parametrize("recorded", RECORDED)
async def test_source_items_are_taken_and_refused_as_recorded(
    state: CommerceState,
    shop: httpx.AsyncClient,
    recorded: tuple[list[dict[str, Any]], int, Any, dict[str, int]],
) -> None:
    sent, status, said, kept = recorded
    headers = {"content-type": "application/json"}
    answer = await shop.post(PATH, content=to_json({"sourceItems": sent}), headers=headers)
    assert (answer.status_code, from_json(answer.content)) == (status, said)
    assert {one.sku: one.quantity for one in state.stock.items.values()} == kept


async def test_source_items_are_searched(state: CommerceState, shop: httpx.AsyncClient) -> None:
    state.stock.put(SKU, Decimal(5))
    state.stock.put("SIMPLE-002", Decimal(0), status=0)
    query = criteria(("sku", "in", f"{SKU},SIMPLE-009"), ("source_code", "eq", "default"))
    found = from_json((await shop.get(f"{PATH}?{query}")).content)
    row = {"sku": SKU, "source_code": "default", "quantity": 5, "status": 1}
    assert (found["items"], found["total_count"]) == ([row], 1)


Step = Callable[[CommerceState, StoredOrder], Any]
REFUND: Step = lambda state, order: state.refund(order)  # noqa: E731 - a row of the table below
RETURN: Step = lambda state, order: state.refund(order, returns_to_stock=True)  # noqa: E731
SHIP: Step = lambda state, order: state.ship(order)  # noqa: E731
CANCEL: Step = lambda state, order: state.cancel(order)  # noqa: E731
INVOICE: Step = lambda state, order: state.invoice(order)  # noqa: E731


def ship(pieces: int) -> Step:
    """So many of the first row."""
    return lambda state, order: state.ship(order, {order.items[0]["item_id"]: Decimal(pieces)})


def invoice(pieces: int) -> Step:
    """So many of the first row."""
    return lambda state, order: state.invoice(order, {order.items[0]["item_id"]: Decimal(pieces)})


def refund(pieces: int, *, returns: bool = False) -> Step:
    """So many of the first row."""
    return lambda state, order: state.refund(
        order, {order.items[0]["item_id"]: Decimal(pieces)}, returns_to_stock=returns
    )


@pytest.mark.parametrize(
    ("steps", "in_source", "salable"),
    [
        ((), 20, 18),
        ((SHIP,), 18, 18),
        ((CANCEL,), 20, 20),
        ((INVOICE, REFUND), 18, 18),
        ((INVOICE, RETURN), 20, 20),
        ((INVOICE, SHIP, REFUND), 18, 18),
        ((INVOICE, SHIP, RETURN), 20, 20),
        ((INVOICE, ship(1), refund(1), ship(1)), 17, 18),  # offered once too often
        ((INVOICE, ship(1), refund(1)), 18, 18),
        ((INVOICE, ship(1), refund(1, returns=True)), 19, 19),
        ((invoice(1), ship(1), CANCEL), 19, 19),
        ((ship(1), CANCEL), 19, 19),
    ],
)
async def test_an_order_reserves_until_it_is_shipped_cancelled_or_refunded(
    state: CommerceState, steps: tuple[Step, ...], in_source: int, salable: int
) -> None:
    state.stock.is_managed = True
    state.stock.put(SKU, Decimal(20))
    order = bought(state)
    for step in steps:
        step(state, order)
    (there,) = state.stock.of(SKU)
    assert (there.quantity, state.salable(SKU)) == (Decimal(in_source), Decimal(salable))


async def test_a_source_that_holds_too_little_refuses_the_whole_shipment(
    state: CommerceState,
) -> None:
    state.stock.put(SKU, Decimal(1))
    order = bought(state)
    with pytest.raises(RestFault, match="Could not save a shipment"):
        state.ship(order)
    assert order.row["state"] == "new"
    assert state.salable(SKU) == -1


def bought(state: CommerceState) -> StoredOrder:
    """Two pieces."""
    while True:
        order = state.maker.make(skus=(SKU,), payment="checkmo")
        if order.items[0]["qty_ordered"] == 2:
            return state.place(order)
