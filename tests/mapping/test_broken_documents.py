"""Whatever an invoice, a credit memo or its order holds: it is booked to the cent, not now, or
parked with its field."""

import re
from copy import deepcopy
from itertools import cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.preview.previewed import Preview
from tests.mapping.ledger import bodies
from tests.mapping.mutations import JUNK, assert_ends_well, deep, mutated, paths
from tests.mapping.receiving import (
    RECIPES,
    basis,
    books,
    orders_of,
    preview_creditmemo,
    preview_invoice,
)
from tests.mapping.samples import money
from tests.properties import examples

HARD = settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
NAMED = re.compile(
    r"cannot be read: [a-z_]+|[a-z_]+\[[0-9]*\]\.[a-z_]+|[a-z]+_[a-z_]+|\bitems\b|JSON"
    r" object|deeper than any|subtotal|billing address|[A-Z][A-Za-z]+ would (be|have)\b"
)
SCENARIOS = [
    "discount-031-c25s-us-net",
    "type-003-configurable-us",
    "lifecycle-030-refund-shipping-parts-us",
    "quantity-001-fractional-us",
    "type-036-fpt-untaxed-notinsub-de-gross",
    "currency-004-eur-net-row-f333",
    "lifecycle-019-refund-adjust-positive-only-us",
]
EVERYTHING: dict[str, Any] = {
    "payments": {"*": {"method": "X"}},
    "taxes": {"*": {"group": "G", "item_group": "I"}, "none": {}},
    "segments": {
        "gift_wrapping": {"item": "GIFTWRAP"}, "custom_fees": {"item": "FEE"},
        "surcharge": {"item": "S", "field": "surcharge"},
        "points": {"payment": "P", "field": "extension_attributes.points.used", "negative": True},
    },
}  # fmt: skip
"""Every setting of orders that documents go by."""


def originals() -> list[tuple[str, bool, int]]:
    """(scenario, is a credit memo, place) of every document there is to break."""
    return [
        (name, is_memo, place)
        for name in SCENARIOS
        for is_memo, kind in ((False, "invoices"), (True, "creditmemos"))
        for place in range(len(money(name)[kind]))
    ]


def original(name: str, is_memo: bool, place: int) -> Any:
    return money(name)["creditmemos" if is_memo else "invoices"][place]


def is_read(name: str | int) -> bool:
    """Amounts in the shop's own currency are none of the product's business: it books the
    order's."""
    return not str(name).startswith("base_")


async def shown(document: Any, orders: Any, recipe: str, *, is_memo: bool) -> Preview:
    preview = preview_creditmemo if is_memo else preview_invoice
    return await preview(
        document, basis(books(recipe, has_orders=False, orders=EVERYTHING), orders)
    )


def assert_honest(found: Preview) -> None:
    assert_ends_well(found, NAMED)
    if found.outcome == "deliver":
        assert found.requests
        for body in bodies(found.requests, "ReturnOrderLinesV2"):
            assert body["ReturnSalesQuantity"] < 0


@HARD
@given(data=st.data(), which=st.sampled_from(originals()), recipe=st.sampled_from(sorted(RECIPES)))
async def test_a_mutated_document_is_booked_or_waits_or_is_parked_with_its_field(
    data: st.DataObject, which: tuple[str, bool, int], recipe: str
) -> None:
    document = data.draw(mutated(original(*which)))
    assert_honest(await shown(document, orders_of(money(which[0])), recipe, is_memo=which[1]))


@HARD
@given(data=st.data(), which=st.sampled_from(originals()), recipe=st.sampled_from(sorted(RECIPES)))
async def test_so_it_is_with_a_mutated_order(
    data: st.DataObject, which: tuple[str, bool, int], recipe: str
) -> None:
    document = original(*which)
    order = data.draw(mutated(money(which[0])["order"]))
    assert_honest(await shown(document, {document["order_id"]: order}, recipe, is_memo=which[1]))


@pytest.mark.parametrize(
    "which",
    [("discount-031-c25s-us-net", False, 0), ("lifecycle-030-refund-shipping-parts-us", True, 2)],
)
@pytest.mark.parametrize("change", ["missing", "null", "text"])
async def test_no_single_missing_or_null_field_breaks_the_preview(
    which: tuple[str, bool, int], change: str
) -> None:
    """Each field once, the recipes in turn."""
    whole, orders = original(*which), orders_of(money(which[0]))
    read = [path for path in paths(whole) if len(path) <= 3 and is_read(path[-1])]
    for path, recipe in zip(read, cycle(sorted(RECIPES)), strict=False):
        document = deepcopy(whole)
        place = document
        for step in path[:-1]:
            place = place[step]
        if change == "missing":
            del place[path[-1]]
        else:
            place[path[-1]] = None if change == "null" else f"{place[path[-1]]}"
        assert_honest(await shown(document, orders, recipe, is_memo=which[1]))


@pytest.mark.parametrize("turn", range(len(JUNK)), ids=lambda turn: repr(JUNK[turn])[:20])
async def test_no_junk_in_any_field_breaks_the_preview(turn: int) -> None:
    """Of a credit memo, which has every field that an invoice has, and some more; each junk in
    every fifth of them."""
    junk = JUNK[turn]
    name = "lifecycle-030-refund-shipping-parts-us"
    whole, orders = original(name, is_memo=True, place=-1), orders_of(money(name))
    fields = ["adjustment_negative", "transaction_id", "extension_attributes", "surcharge"]
    changed = [{**whole, field: junk} for field in [*filter(is_read, whole), *fields]]
    row, *others = whole["items"]
    changed += [
        {**whole, "items": [{**row, field: junk}, *others]} for field in filter(is_read, row)
    ]
    segments = ("gift_cards_amount", "gw_price", "custom_fees", "points")
    changed += [{**whole, "extension_attributes": {field: junk}} for field in segments]
    for place, document in enumerate(changed[turn % 5 :: 5]):
        recipe = ("free text, return", "both, free text credit")[place % 2]
        assert_honest(await shown(document, orders, recipe, is_memo=True))


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: repr(value)[:20])
async def test_what_is_no_document_at_all_is_parked(junk: Any) -> None:
    for is_memo in (False, True):
        found = await shown(junk, {}, "payment, return", is_memo=is_memo)
        assert found.outcome == "park"
        assert found.reason
        assert found.remedy


async def test_a_document_nested_deeper_than_any_is_parked() -> None:
    found = await shown(
        {"increment_id": "1", "items": deep(5000)}, {}, "payment, return", is_memo=False
    )
    assert found.outcome == "park"
    assert "deeper than any" in found.reason


async def test_amounts_as_text_are_the_same_amounts() -> None:
    scenario = money("lifecycle-030-refund-shipping-parts-us")
    memo = scenario["creditmemos"][2]
    as_text = {
        **{
            name: (
                f"{value}"
                if isinstance(value, int) or name.endswith(("amount", "total"))
                else value
            )
            for name, value in memo.items()
        },
        "items": [{name: f"{value}" for name, value in item.items()} for item in memo["items"]],
    }
    settings_, orders = books(), orders_of(scenario)
    reported = [
        await preview_creditmemo(document, basis(settings_, orders)) for document in (memo, as_text)
    ]
    assert reported[0].requests == reported[1].requests


async def test_an_order_that_is_not_given_is_named_by_its_id() -> None:
    scenario = money("lifecycle-030-refund-shipping-parts-us")
    (invoice,) = scenario["invoices"]
    found = await preview_invoice(invoice, basis(books(), {}))
    assert found.outcome == "park"
    assert f"order_id {invoice['order_id']}" in found.reason
    assert "--ids" in found.remedy


async def test_an_unreadable_document_s_key_is_never_its_content() -> None:
    document = {
        "increment_id": {"name": "Jane Roe"},
        "store_id": "jane@example.com",
        "order_id": "jane",
    }
    found = await preview_invoice(document, basis(books(), {}))
    assert "ane" not in found.key
    assert "ane" not in found.reason


async def test_a_document_without_its_date_is_parked_for_the_ledger_needs_one() -> None:
    scenario = money("lifecycle-030-refund-shipping-parts-us")
    (invoice,) = scenario["invoices"]
    found = await preview_invoice(
        {**invoice, "created_at": ""}, basis(books(), orders_of(scenario))
    )
    assert found.outcome == "park"
    assert "created_at" in found.reason


async def test_an_order_that_cannot_be_posted_stops_its_invoice_with_its_own_reason() -> None:
    scenario = money("lifecycle-011-address-change-us")
    (invoice,) = scenario["invoices"]
    order = {**scenario["order"], "grand_total": 1}
    found = await preview_invoice(invoice, basis(books(), {invoice["order_id"]: order}))
    assert found.outcome == "park"
    assert found.reason.startswith(f"order {order['increment_id']}")


async def test_an_invoice_waits_for_an_order_that_is_on_hold() -> None:
    scenario = money("lifecycle-011-address-change-us")
    (invoice,) = scenario["invoices"]
    order = {**scenario["order"], "state": "holded"}
    found = await preview_invoice(invoice, basis(books(), {invoice["order_id"]: order}))
    assert (found.outcome, found.requests) == ("skip", ())
    assert "its order" in found.reason
    assert "on hold" in found.reason


@pytest.mark.parametrize(
    ("state", "words"), [(1, "not captured yet"), (3, "cancelled"), (None, "not captured yet")]
)
async def test_only_a_paid_invoice_is_booked(state: int | None, words: str) -> None:
    scenario = money("lifecycle-030-refund-shipping-parts-us")
    (invoice,) = scenario["invoices"]
    found = await preview_invoice({**invoice, "state": state}, basis(books(), orders_of(scenario)))
    assert found.outcome == "skip"
    assert words in found.reason
