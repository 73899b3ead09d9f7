"""Orders of every kind, invoiced and refunded in random parts by the shop's double: gift cards,
points, fees, wrapping, fixed product tax and discounted shipping in one document. Each comes to its
total by every recipe, in both price modes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.documents import rest_document
from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.shape import rest_order
from sandbox.commerce.state import CommerceState
from sync.core.encoding import from_json, to_json
from sync.core.money import rounded
from sync.preview.previewed import Preview
from tests.contracts.hand_clock import HandClock
from tests.mapping.ledger import TENDERS, assert_booked
from tests.mapping.receiving import RECIPES, basis, books, preview_creditmemo, preview_invoice

HOMES: dict[str, Any] = {
    "segments": {
        "gift_wrapping": {"item": "GIFTWRAP"},
        "payment_fee": {
            "item": "FEE",
            "field": "extension_attributes.payment_fee",
            "tax_field": "extension_attributes.payment_fee_tax",
        },
    }
}
NOTHING, CENTS = Decimal(0), (Decimal("0.55"), Decimal("0.91"))


def some_of(order: StoredOrder, of: str, done: str, rng: Random) -> Mapping[int, Decimal] | None:
    """Some pieces of some rows; None asks for all that is left."""
    found: dict[int, Decimal] = {}
    for item in order.items:
        left = (item.get(of) or NOTHING) - (item.get(done) or NOTHING)
        if left > 0 and rng.random() < 0.7:
            found[item["item_id"]] = Decimal(rng.randint(1, int(left))) if left >= 1 else left
    return found or None


def inputs_of(shop: CommerceState, order: StoredOrder, rng: Random) -> Iterator[tuple[bool, Any]]:
    """(is a credit memo, document) of a few invoices and refunds, as far as the shop makes them."""
    for _ in range(rng.randint(1, 3)):
        with suppress(RestFault):
            yield False, shop.invoice(order, some_of(order, "qty_ordered", "qty_invoiced", rng))
    for _ in range(rng.randint(1, 3)):
        asked = some_of(order, "qty_invoiced", "qty_refunded", rng)
        shipping = rng.choice([None, NOTHING, Decimal(1)])
        positive, negative = (rng.choice([NOTHING, cents]) for cents in CENTS)
        with suppress(RestFault):
            yield (
                True,
                shop.refund(order, asked, shipping=shipping, positive=positive, negative=negative),
            )


def with_points(document: dict[str, Any], found: Preview) -> dict[str, Any]:
    """The document with the reward points that REST does not show of it."""
    spent = [note.partition(" ")[0] for note in found.notes if "paid by reward_points" in note]
    extension = document.get("extension_attributes") or {}
    return (
        {**document, "extension_attributes": {**extension, TENDERS[2]: Decimal(spent[0])}}
        if spent
        else document
    )


@pytest.mark.parametrize("seed", range(1, 5))
async def test_whatever_the_shop_invoices_and_refunds_is_booked_to_the_cent(seed: int) -> None:
    rng, shop, checked = Random(seed), CommerceState(HandClock(), seed=seed), 0
    for order in shop.place_new(12, visible_in=timedelta(0)):
        documents = [
            (is_memo, from_json(to_json(rest_document(d))))
            for is_memo, d in inputs_of(shop, order, rng)
        ]
        rest = from_json(to_json(rest_order(order)))
        for place, recipe in enumerate(RECIPES):
            gross = (place + checked) % 2 == 0
            posting_target = basis(
                books(recipe, gross=gross, orders=HOMES), {rest["entity_id"]: rest}
            )
            for is_memo, document in documents:
                found = await (preview_creditmemo if is_memo else preview_invoice)(
                    document, posting_target
                )
                is_below = is_memo and rounded(document["grand_total"]) < 0
                assert (found.outcome == "park") == is_below, found.reason
                if found.outcome == "deliver":
                    assert_booked(found, with_points(document, found), gross=gross, is_memo=is_memo)
                    checked += 1
    assert checked > 50
