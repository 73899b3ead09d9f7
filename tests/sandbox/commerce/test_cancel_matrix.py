"""What cancelling, refunding and shipping leave of an order, and of its source, as a live 2.4.7-p8
had it after each step."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from sandbox.commerce.app import commerce_app
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sync.core.encoding import from_json, to_json
from tests.sandbox.commerce.shop import SetClock, client_of
from tests.sandbox.commerce.test_shipments import placed

PAGE: Final = Path(__file__).parents[2] / "payloads" / "cancel_matrix.json"
ROWS: Final = {row["step"]: row for row in json.loads(PAGE.read_text(encoding="utf-8"))["rows"]}
SKU: Final = "SIMPLE-001"
Step = tuple[str, int | None, Any]
"""What is asked, of how many pieces (None: an empty body), and its answer: `int` for an id, a row
of the matrix after `!`, else the answer itself."""
CASES: Final[dict[str, tuple[int, list[Step]]]] = {
    "shipped and invoiced in step": (6, [
        ("ship", 2, int), ("invoice", 2, int), ("!cancel_a_before", None, None),
        ("cancel", None, True), ("!cancel_a_after", None, None), ("cancel", None, False),
        ("ship", None, 400),
    ]),
    "shipped, nothing invoiced": (6, [
        ("ship", 2, int), ("!cancel_b_before", None, None), ("cancel", None, True),
        ("!cancel_b_after", None, None), ("invoice", 2, 400), ("ship", None, 400),
    ]),
    "invoiced whole, unsent pieces refunded": (6, [
        ("invoice", None, int), ("!cancel_c_before_refund", None, None), ("cancel", None, False),
        ("refund", 2, int), ("!cancel_c_after_refund", None, None), ("ship", None, int),
        ("!cancel_c_after_ship", None, None),
    ]),
    "an empty list refunds everything": (2, [
        ("invoice", None, int), ("refund", None, int), ("!cancel_c2_after", None, None),
        ("ship", None, 400),
    ]),
    "nothing begun": (6, [
        ("cancel", None, True), ("cancel", None, False), ("hold", None, 400), ("ship", None, 400),
        ("invoice", None, 400),
    ]),
    "part invoiced, nothing shipped": (6, [
        ("invoice", 2, int), ("cancel", None, True), ("!cancel_e_after", None, None),
        ("ship", None, int), ("!cancel_e_after_ship", None, None),
    ]),
    "more invoiced than shipped": (6, [
        ("ship", 1, int), ("invoice", 3, int), ("cancel", None, True),
        ("!cancel_f_after", None, None),
    ]),
    "more shipped than invoiced": (6, [
        ("ship", 3, int), ("invoice", 1, int), ("cancel", None, True),
        ("!cancel_g_after", None, None), ("invoice", 2, 400),
        ("!cancel_g_after_invoice", None, None),
    ]),
    "all shipped, nothing invoiced": (2, [
        ("ship", None, int), ("cancel", None, True), ("!cancel_h_after", None, None),
        ("invoice", None, 400), ("!cancel_h_after_invoice", None, None),
    ]),
    "on hold": (2, [("hold", None, True), ("cancel", None, False), ("ship", None, 400)]),
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


@pytest.mark.parametrize("case", CASES)
async def test_an_order_counts_as_the_live_one_did(clock: SetClock, case: str) -> None:
    state = CommerceState(clock, seed=1, checks_access=False)
    state.stock.is_managed = True
    state.stock.put(SKU, Decimal(100))
    shop, (pieces, steps) = client_of(commerce_app(state, Dials())), CASES[case]
    order = placed(state, SKU, pieces=pieces)
    for verb, count, wanted in steps:
        if verb.startswith("!"):
            row, (item,) = ROWS[verb[1:]], order.items
            assert order.row["state"] == row["state"], verb
            held = {name: item[name] for name in COUNTED}
            assert held == {name: row["items"][0][name] for name in COUNTED}, verb
            continue
        answer = await asked(shop, order, verb, count)
        assert answer == wanted if wanted is not int else str(answer).isdigit(), (verb, answer)


async def test_a_refund_of_unsent_pieces_that_are_not_listed_takes_them_off_the_source(
    clock: SetClock,
) -> None:
    before, after = ROWS["cancel_c_before_refund"], ROWS["cancel_c_after_refund"]
    taken = [one["stock"]["KET-05"]["source_quantity"] for one in (before, after)]
    state = CommerceState(clock, seed=1, checks_access=False)
    state.stock.is_managed = True
    state.stock.put(SKU, Decimal(100))
    shop, order = client_of(commerce_app(state, Dials())), placed(state, SKU, pieces=6)
    await asked(shop, order, "invoice", None)
    await asked(shop, order, "refund", 2)
    (held,) = state.stock.of(SKU)
    assert Decimal(100) - held.quantity == Decimal(taken[0] - taken[1])
