"""What cancelling, refunding and shipping leave of an order, of its reservations and of its source,
as a live 2.4.7-p8 had it after each step: one shop, in the recorded order."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx

from sandbox.commerce.app import commerce_app
from sandbox.commerce.catalogue import STORES
from sandbox.commerce.recipe import Want, drawn
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sync.core.encoding import from_json, to_json
from tests.sandbox.commerce.shop import SetClock, client_of

PAGE: Final = Path(__file__).parents[2] / "payloads" / "cancel_matrix.json"
ROWS: Final = {row["step"]: row for row in json.loads(PAGE.read_text(encoding="utf-8"))["rows"]}
SKUS: Final = {"KET-05": "SIMPLE-001", "KET-06": "SIMPLE-002"}
SKU: Final = SKUS["KET-05"]
EARLIER: Final = {"KET-05": (Decimal(-1), Decimal(98)), "KET-06": (Decimal(0), Decimal(94))}
"""What other orders had reserved, and what the source held, before the first step."""
Step = tuple[str, int | None, Any]
"""What is asked, of how many pieces (None: an empty body), and its answer: `int` for an id, a row
of the matrix after `!`, else the answer itself."""
CASES: Final[dict[str, tuple[tuple[int, ...], list[Step]]]] = {
    "shipped and invoiced in step": ((6,), [
        ("ship", 2, int), ("invoice", 2, int), ("!cancel_a_before", None, None),
        ("cancel", None, True), ("!cancel_a_after", None, None), ("cancel", None, False),
        ("ship", None, 400),
    ]),
    "shipped, nothing invoiced": ((6,), [
        ("ship", 2, int), ("!cancel_b_before", None, None), ("cancel", None, True),
        ("!cancel_b_after", None, None), ("invoice", 2, 400), ("ship", None, 400),
    ]),
    "invoiced whole, unsent pieces refunded": ((6,), [
        ("invoice", None, int), ("!cancel_c_before_refund", None, None), ("cancel", None, False),
        ("refund", 2, int), ("!cancel_c_after_refund", None, None), ("ship", None, int),
        ("!cancel_c_after_ship", None, None),
    ]),
    "an empty list refunds everything": ((2,), [
        ("invoice", None, int), ("refund", None, int), ("!cancel_c2_after", None, None),
        ("ship", None, 400),
    ]),
    "two lines, nothing begun": ((6, 2), [
        ("cancel", None, True), ("!cancel_d_after", None, None), ("cancel", None, False),
        ("hold", None, 400), ("ship", None, 400), ("invoice", None, 400),
    ]),
    "part invoiced, nothing shipped": ((6,), [
        ("invoice", 2, int), ("cancel", None, True), ("!cancel_e_after", None, None),
        ("ship", None, int), ("!cancel_e_after_ship", None, None),
    ]),
    "more invoiced than shipped": ((6,), [
        ("ship", 1, int), ("invoice", 3, int), ("cancel", None, True),
        ("!cancel_f_after", None, None),
    ]),
    "more shipped than invoiced": ((6,), [
        ("ship", 3, int), ("invoice", 1, int), ("cancel", None, True),
        ("!cancel_g_after", None, None), ("invoice", 2, 400),
        ("!cancel_g_after_invoice", None, None),
    ]),
    "all shipped, nothing invoiced": ((2,), [
        ("ship", None, int), ("cancel", None, True), ("!cancel_h_after", None, None),
        ("invoice", None, 400), ("!cancel_h_after_invoice", None, None),
    ]),
    "on hold": ((2,), [
        ("hold", None, True), ("cancel", None, False), ("ship", None, 400), ("invoice", None, 400),
        ("refund", None, 400),
    ]),
}  # fmt: skip
COUNTED: Final = ("qty_ordered", "qty_invoiced", "qty_shipped", "qty_refunded", "qty_canceled")


async def asked(shop: httpx.AsyncClient, order: StoredOrder, verb: str, pieces: int | None) -> Any:
    """The answer; of a refusal its status alone."""
    item, kind = order.items[0]["item_id"], "orders" if verb in ("cancel", "hold") else "order"
    listed = {"items": [{"order_item_id": item, "qty": pieces}]} if pieces else {}
    kept = {"arguments": {"shipping_amount": 0}} if verb == "refund" and pieces else {}
    answer = await shop.post(
        f"/rest/all/V1/{kind}/{order.entity_id}/{verb}", content=to_json({**listed, **kept}),
        headers={"content-type": "application/json"},
    )  # fmt: skip
    return from_json(answer.content) if answer.status_code == 200 else answer.status_code


def money_of(order: StoredOrder) -> dict[str, bool]:
    """Whether the order counts each: the recorded order had other prices."""
    names = ("total_paid", "total_refunded", "total_canceled")
    return {name: bool(order.amount(name)) for name in names}


def is_as_recorded(state: CommerceState, order: StoredOrder, step: str) -> None:
    row = ROWS[step]
    assert order.row["state"] == row["state"], step
    assert [{name: item[name] for name in COUNTED} for item in order.items] == [
        {name: item[name] for name in COUNTED} for item in row["items"]
    ], step
    assert money_of(order) == {name: bool(row[name]) for name in money_of(order)}, step
    for recorded, held in row["stock"].items():
        sku, (reserved, in_source) = SKUS[recorded], EARLIER[recorded]
        (source,) = state.stock.of(sku)
        let_go = state.salable(sku) - source.quantity  # what is reserved, as a negative number
        assert let_go + reserved == Decimal(held["reservation_sum"]), (step, recorded)
        assert source.quantity + in_source - 100 == Decimal(held["source_quantity"]), step


async def test_orders_and_their_stock_count_as_those_of_the_live_shop(clock: SetClock) -> None:
    state = CommerceState(clock, seed=1, checks_access=False)
    state.stock.is_managed = True
    for sku in SKUS.values():
        state.stock.put(sku, Decimal(100))
    shop = client_of(commerce_app(state, Dials()))
    for pieces, steps in CASES.values():
        order = of_pieces(state, *pieces)
        for verb, count, wanted in steps:
            if verb.startswith("!"):
                is_as_recorded(state, order, verb[1:])
                continue
            answer = await asked(shop, order, verb, count)
            assert answer == wanted if wanted is not int else str(answer).isdigit(), (verb, answer)


async def test_pieces_refunded_of_a_partly_shipped_line_can_still_be_shipped(
    clock: SetClock,
) -> None:
    """5 ordered and invoiced, 3 shipped, 2 refunded: complete, and yet 2 more are shipped; what is
    offered then counts them once too often (`s2_cancel_c3_*`)."""
    state = CommerceState(clock, seed=1, checks_access=False)
    state.stock.is_managed = True
    state.stock.put(SKU, Decimal(100))
    shop, order = client_of(commerce_app(state, Dials())), of_pieces(state, 5)
    for verb, pieces in (("invoice", None), ("ship", 3), ("refund", 2)):
        assert str(await asked(shop, order, verb, pieces)).isdigit(), verb
    assert (order.row["state"], await asked(shop, order, "cancel", None)) == ("complete", False)
    assert str(await asked(shop, order, "ship", None)).isdigit()
    (source,) = state.stock.of(SKU)
    assert order.items[0]["qty_shipped"] == 5
    assert state.salable(SKU) - source.quantity == 2


def of_pieces(state: CommerceState, *pieces: int) -> StoredOrder:
    """An order of so many of each SKU."""
    wants = tuple(
        Want(state.catalogue.product(sku), Decimal(count))
        for sku, count in zip(SKUS.values(), pieces, strict=False)
    )
    recipe = drawn(
        state.maker.rng, state.catalogue, wants=wants, store=STORES[0], payment="checkmo"
    )
    return state.place(state.maker.cooked(recipe), visible_in=timedelta())
