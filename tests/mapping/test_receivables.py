"""Real invoices and credit memos, booked by every recipe: each document comes to what was captured
or given back."""

from decimal import Decimal
from fractions import Fraction
from itertools import cycle, product
from typing import Any

import pytest

from sync.commerce.models.order import Order
from sync.mapping.order_rows import money_items
from sync.preview.previewed import Preview
from tests.mapping.ledger import assert_booked, bodies
from tests.mapping.made import made, row
from tests.mapping.receiving import (
    RECIPES,
    basis,
    booked,
    books,
    documents_of,
    invoice_of,
    orders_of,
    preview_creditmemo,
    preview_invoice,
)
from tests.mapping.samples import beside, money, money_names, read

NOTHING = "of nothing"
MODES = {"net": False, "gross": True}


def is_fractional(document: Any) -> bool:
    return any(Fraction(str(item["qty"])).denominator != 1 for item in document["items"])


def header_tax_remainder(document: Any) -> Fraction:
    """Tax that no item has: the last memo of an order takes it."""
    on_lines = sum(
        (Fraction(str(item.get("tax_amount") or 0)) for item in document["items"]), Fraction(0)
    )
    return (
        Fraction(str(document["tax_amount"]))
        - on_lines
        - Fraction(str(document.get("shipping_tax_amount") or 0))
    )


def check(name: str, found: Preview, document: Any, *, gross: bool, is_memo: bool) -> None:
    assert found.totals is not None, f"{name}: {found.reason}"
    assert found.totals.difference == 0
    if found.outcome == "skip" and "moves no money" not in found.reason:
        assert NOTHING in found.reason
        assert found.totals.commerce == 0
    if found.outcome == "skip":
        assert not found.requests
        return
    assert_booked(found, document, gross=gross, is_memo=is_memo)
    if found.totals.rounding and not is_fractional(document):
        assert gross, f"{name} needs no rounding line"
        assert (
            Fraction(-2, 100)
            <= header_tax_remainder(document)
            == Fraction(found.totals.rounding)
            < 0
        ), name


async def check_scenario(name: str, scenario: Any, recipe: str, *, gross: bool) -> int:
    posting_target, checked = basis(books(recipe, gross=gross), orders_of(scenario)), 0
    for is_memo, document in documents_of(scenario):
        found = await (preview_creditmemo if is_memo else preview_invoice)(document, posting_target)
        check(f"{name} {document['increment_id']}", found, document, gross=gross, is_memo=is_memo)
        checked += 1
    return checked


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", money_names())
async def test_a_recorded_document_is_booked_to_the_cent(name: str, mode: str, recipe: str) -> None:
    await check_scenario(name, money(name), recipe, gross=MODES[mode])


@pytest.mark.live_samples
async def test_every_document_of_the_measured_shop_is_booked_to_the_cent() -> None:
    """Those of each order by one recipe and in one mode, in turn."""
    checked, ways = 0, cycle(product(RECIPES, MODES))
    for path in beside("commerce-money"):
        recipe, mode = next(ways)
        checked += await check_scenario(path.stem, read(path), recipe, gross=MODES[mode])
    assert checked >= 480


@pytest.mark.live_samples
@pytest.mark.long
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("mode", MODES)
async def test_every_document_of_the_measured_shop_is_booked_to_the_cent_in_every_way(
    mode: str, recipe: str
) -> None:
    checked = 0
    for path in beside("commerce-money"):
        checked += await check_scenario(path.stem, read(path), recipe, gross=MODES[mode])
    assert checked >= 480


async def test_the_last_memo_of_an_order_carries_a_cent_of_tax_that_no_item_has() -> None:
    scenario = money("currency-004-eur-net-row-f333")
    order, last = scenario["order"], scenario["creditmemos"][-1]
    assert header_tax_remainder(last) == Fraction(-1, 100)
    net = await booked(last, order, books(), is_memo=True)
    gross = await booked(last, order, books(gross=True), is_memo=True)
    assert net.totals is not None
    assert gross.totals is not None
    assert net.totals.rounding == 0
    assert Fraction(gross.totals.rounding) == Fraction(-1, 100)


@pytest.mark.parametrize(
    "name",
    [
        "lifecycle-068-refund-shipping-discounted-zero-first-us",
        "lifecycle-074-refund-shipping-discounted-zero-first-eur",
    ],
)
async def test_a_share_of_discounted_shipping_with_the_wrong_sign_is_a_line_of_its_own(
    name: str,
) -> None:
    scenario = money(name)
    (memo,) = scenario["creditmemos"]
    assert not memo["shipping_amount"]
    found = await booked(memo, scenario["order"], books(), is_memo=True)
    (share,) = [
        b
        for b in bodies(found.requests, "ReturnOrderLinesV2")
        if b["ExternalItemNumber"] == "shipping"
    ]
    assert 0 < share["SalesPrice"] < 1
    assert_booked(found, memo, gross=False, is_memo=True)


async def test_a_memo_of_an_adjustment_alone_is_one_line_of_the_service_item() -> None:
    scenario = money("lifecycle-019-refund-adjust-positive-only-us")
    (memo,) = scenario["creditmemos"]
    (line,) = bodies(
        (await booked(memo, scenario["order"], books(), is_memo=True)).requests,
        "ReturnOrderLinesV2",
    )
    assert line["ItemNumber"] == "REFUNDADJ"
    assert "ReturningInventoryLotId" not in line


async def test_a_memo_of_shipping_alone_is_one_line_of_the_freight_item() -> None:
    scenario = money("lifecycle-033-refund-shipping-only-us")
    (memo,) = scenario["creditmemos"]
    (line,) = bodies(
        (await booked(memo, scenario["order"], books(), is_memo=True)).requests,
        "ReturnOrderLinesV2",
    )
    assert line["ItemNumber"] == "FREIGHT"
    assert "ReturningInventoryLotId" not in line


async def test_a_fee_withheld_is_a_line_at_a_negative_price() -> None:
    scenario = money("lifecycle-025-refund-fee-then-rest-us")
    memo = next(memo for memo in scenario["creditmemos"] if memo.get("adjustment_negative"))
    found = await booked(memo, scenario["order"], books(), is_memo=True)
    (fee,) = [
        b for b in bodies(found.requests, "ReturnOrderLinesV2") if b["ItemNumber"] == "REFUNDFEE"
    ]
    assert fee["ReturnSalesQuantity"] == -1
    assert fee["SalesPrice"] == -memo["adjustment_negative"]


FPT = [
    "type-036-fpt-untaxed-notinsub-de-gross",
    "type-037-fpt-untaxed-notinsub-de-gross-unit",
    "type-040-fpt-taxed-notinsub-de-gross",
    "type-043-fpt-untaxed-insub-us-net",
    "type-049-fpt-taxed-insub-de-gross-unit",
    "type-051-fpt-bundle-taxed-us",
]


@pytest.mark.parametrize("name", FPT)
async def test_fixed_product_tax_is_a_line_of_its_own_in_every_configuration(name: str) -> None:
    scenario = money(name)
    order = scenario["order"]
    posting_target, invoiced = basis(books(), orders_of(scenario)), Fraction(0)
    for invoice in scenario["invoices"]:
        found = await preview_invoice(invoice, posting_target)
        charges = [
            b
            for b in bodies(found.requests, "FreeTextInvoiceLines")
            if b["MainAccountDisplayValue"] == "202500"
        ]
        invoiced += sum(Fraction(b["TransactionCurrencyAmount"]) for b in charges)
    assert invoiced > 0
    if order["total_invoiced"] == order["grand_total"]:
        assert abs(invoiced - bearing(order)) <= Fraction(1, 100)


async def test_a_product_of_nothing_has_its_fixed_product_tax_in_the_invoice_as_well() -> None:
    """Its row has no amount there, and no field of an invoice tells fixed product tax."""
    fixed = {"weee_tax_applied_row_amount": Decimal("1.20"), "row_total_incl_tax": Decimal("1.20")}
    order = made(row("BIKE", "1", "5"), {**row("BIKE", "2", "0"), **fixed})
    invoice = invoice_of(order)
    invoice["items"][1]["row_total"] = Decimal(0)
    found = await booked(invoice, order, books())
    amounts = [
        body["TransactionCurrencyAmount"] for body in bodies(found.requests, "FreeTextInvoiceLines")
    ]
    assert amounts == [Decimal(5), Decimal("1.20")], found.reason


def bearing(order: Any) -> Fraction:
    """The fixed product tax of the rows that bear money: children of a dynamic bundle stand for
    their parent."""
    found = money_items(Order.read(order))
    return sum((Fraction(item.weee_tax_applied_row_amount) for item, _ in found), Fraction(0))


@pytest.mark.parametrize(
    "name",
    [
        "lifecycle-053-bundle-separate-partial-us",
        "type-005-bundle-dynamic-together-us",
        "type-009-bundle-fixed-together-us",
        "type-003-configurable-us",
    ],
)
async def test_parts_of_bundles_and_configurables_name_the_lot_they_were_sold_from(
    name: str,
) -> None:
    scenario = money(name)
    everything = [
        {**item, "qty_shipped": item["qty_ordered"]} for item in scenario["order"]["items"]
    ]
    for memo in scenario["creditmemos"]:
        order = {**scenario["order"], "items": everything}
        found = await booked(memo, order, books("payment, return"), is_memo=True)
        goods = [
            b
            for b in bodies(found.requests, "ReturnOrderLinesV2")
            if b["ItemNumber"] not in ("FREIGHT", "REFUNDADJ", "REFUNDFEE", "ROUNDING")
        ]
        assert all(body["ReturningInventoryLotId"] == "(assigned by D365)" for body in goods)
        configurable = {
            item["sku"] for item in scenario["order"]["items"] if item["product_type"] == "simple"
        }
        assert {body["ItemNumber"] for body in goods} <= configurable | {
            item["sku"] for item in memo["items"]
        }


@pytest.mark.parametrize(
    "name",
    [
        "currency-008-jpy-net-total",
        "currency-010-jpy-gross-unit-p33",
        "currency-019-kwd-net-row-p7s-4dec",
        "currency-051-kwd-fpt-gross-p15",
    ],
)
async def test_documents_are_booked_in_their_order_s_currency_with_two_decimals(name: str) -> None:
    scenario = money(name)
    posting_target = basis(books(), orders_of(scenario))
    for is_memo, document in documents_of(scenario):
        found = await (preview_creditmemo if is_memo else preview_invoice)(document, posting_target)
        assert (found.requests[0].body or {})["CurrencyCode"] == document["order_currency_code"]
        check(name, found, document, gross=False, is_memo=is_memo)


async def test_an_edited_order_s_documents_belong_to_the_order_they_were_made_of() -> None:
    scenario = money("lifecycle-058-edit-after-part-invoice-us")
    orders = orders_of(scenario)
    assert len(orders) == 2
    for _, invoice in documents_of(scenario):
        found = await preview_invoice(invoice, basis(books(), orders))
        (header,) = bodies(found.requests, "FreeTextInvoiceHeaders")
        number = orders[invoice["order_id"]]["increment_id"]
        assert header["CustomerRequisition"] == number
