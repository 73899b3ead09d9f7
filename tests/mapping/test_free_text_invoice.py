"""Free text invoices: every line on its account, payments on accounts of their own, tax groups by
line."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from sync.preview.previewed import Preview
from tests.mapping.ledger import assert_booked, bodies
from tests.mapping.made import made, row, with_extension
from tests.mapping.receiving import booked, books, invoice_of, memo_of
from tests.mapping.samples import money

CREDIT = "both, free text credit"


async def invoiced(order: dict[str, Any], settings: Any = None, **fields: Any) -> Preview:
    return await booked(invoice_of(order, **fields), order, settings or books())


def lines_of(found: Preview) -> list[Mapping[str, Any]]:
    assert found.outcome == "deliver", found.reason
    return bodies(found.requests, "FreeTextInvoiceLines")


def with_gift_card(amount: str, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order of 30.00 and its invoice, as much of it paid by gift card."""
    card = Decimal(amount)
    order = with_extension(made(row(price="30.00"), extra=f"-{amount}"), gift_cards_amount=card)
    return order, {
        **invoice_of(order),
        "extension_attributes": {"gift_cards_amount": card},
        **fields,
    }


async def test_header_and_lines_belong_to_the_invoice() -> None:
    order = made(row(price="12.00"), shipping="4.00")
    invoice = invoice_of(order)
    found = await booked(invoice, order, books())
    (header,) = bodies(found.requests, "FreeTextInvoiceHeaders")
    assert header["CustomerReference"] == f"1-I{invoice['increment_id']}"
    assert header["CustomerRequisition"] == order["increment_id"]
    assert header["InvoiceDate"] == "2026-11-20"
    assert header["InclTax"] == "No"
    assert header["CustomerAccount"] == header["InvoiceAccount"]
    assert {line["ParentRecId"] for line in lines_of(found)} == {"(assigned by D365)"}
    assert {line["dataAreaId"] for line in lines_of(found)} == {"usmf"}
    assert [line["TransactionCurrencyAmount"] for line in lines_of(found)] == [12, 4]


async def test_a_shop_with_gross_prices_says_so() -> None:
    order = made(row(price="10.00", tax="1.90"))
    found = await invoiced(order, books(gross=True))
    (header,) = bodies(found.requests, "FreeTextInvoiceHeaders")
    assert header["InclTax"] == "Yes"
    assert [line["UnitPrice"] for line in lines_of(found)] == [Decimal("11.90")]


async def test_a_price_per_piece_is_shown_where_it_is_exact_else_the_row_is_one_piece() -> None:
    order = made(
        row(quantity="4", price="2.50"), row(quantity="3", price="3.33", discount="0.99", tax="0")
    )
    exact, odd = lines_of(await invoiced(order))
    assert (exact["Quantity"], exact["UnitPrice"]) == (4, Decimal("2.5"))
    assert (odd["Quantity"], odd["UnitPrice"], odd["TransactionCurrencyAmount"]) == (3, 3, 9)
    (third,) = lines_of(await invoiced(made(row(quantity="3", price="3.33", discount="0.01"))))
    assert (third["Quantity"], third["UnitPrice"]) == (1, Decimal("9.98"))


@pytest.mark.parametrize(
    ("accounts", "found"),
    [
        ({}, "401000"),
        ({"BIKE": "401100"}, "401100"),
    ],
)
async def test_goods_go_to_their_item_s_account_else_to_revenue(
    accounts: dict[str, str], found: str
) -> None:
    (line,) = lines_of(await invoiced(made(row("BIKE")), books(invoices={"accounts": accounts})))
    assert line["MainAccountDisplayValue"] == found


async def test_charges_go_to_the_account_of_their_kind_or_of_their_service_item() -> None:
    order = made(row(), shipping="4.00")
    by_kind = lines_of(await invoiced(order, books(invoices={"accounts": {"shipping": "403000"}})))
    by_item = lines_of(await invoiced(order, books(invoices={"accounts": {"FREIGHT": "403100"}})))
    assert by_kind[1]["MainAccountDisplayValue"] == "403000"
    assert by_item[1]["MainAccountDisplayValue"] == "403100"


async def test_without_any_account_the_invoice_is_parked_with_the_line_s_name() -> None:
    found = await invoiced(
        made(row("BIKE")), books(invoices={"revenue_account": "", "accounts": {}})
    )
    assert found.outcome == "park"
    assert "BIKE" in found.reason
    assert "invoices.revenue_account" in found.remedy


async def test_what_a_gift_card_paid_is_a_negative_line_on_its_account() -> None:
    order, invoice = with_gift_card("12.00")
    found = await booked(invoice, order, books())
    goods, card = lines_of(found)
    assert (card["MainAccountDisplayValue"], card["UnitPrice"]) == ("220100", -12)
    assert goods["TransactionCurrencyAmount"] == 30
    assert_booked(found, invoice, gross=False)


@pytest.mark.parametrize(
    "field", ["gift_cards_amount", "customer_balance_amount", "reward_currency_amount"]
)
async def test_a_way_to_pay_without_an_account_parks_and_never_becomes_revenue(field: str) -> None:
    order = with_extension(made(row(price="30.00"), extra="-12.00"), **{field: Decimal(12)})
    invoice = {**invoice_of(order), "extension_attributes": {field: Decimal(12)}}
    found = await booked(invoice, order, books(invoices={"accounts": {}}))
    assert found.outcome == "park"
    segment = {
        "customer_balance_amount": "customer_balance",
        "gift_cards_amount": "gift_cards",
    }.get(field, "reward_points")
    assert f'{segment} = "<account>" under invoices.accounts' in found.remedy


async def test_an_invoice_that_a_gift_card_paid_whole_is_revenue_but_no_payment() -> None:
    order, invoice = with_gift_card("30.00")
    found = await booked(invoice, order, books(CREDIT))
    assert [line["TransactionCurrencyAmount"] for line in lines_of(found)] == [30, -30]
    assert not bodies(found.requests, "CustomerPaymentJournalLines")
    skipped = await booked(invoice, order, books("payment, return"))
    assert (skipped.outcome, skipped.requests) == ("skip", ())


async def test_a_credit_memo_is_a_negative_invoice() -> None:
    order = with_extension(
        made(row(price="30.00"), shipping="4.00", extra="-12.00"), gift_cards_amount=Decimal(12)
    )
    memo = with_extension(
        {**memo_of(order), "extension_attributes": {}}, gift_cards_amount=Decimal(12)
    )
    found = await booked(memo, order, books(CREDIT), is_memo=True)
    assert [line["TransactionCurrencyAmount"] for line in lines_of(found)] == [-30, -4, 12]
    assert_booked(found, memo, gross=False, is_memo=True)


TAXES = {
    "DE-19": {"group": "DOM", "item_group": "FULL"}, "DE-7": {"group": "DOM", "item_group": "RED"},
    "none": {"group": "DOM", "item_group": "NONE"},
}  # fmt: skip


def taxed() -> dict[str, Any]:
    """An order of two rates, with shipping untaxed."""
    rates = (("DE-19", "1.90"), ("DE-7", "0.70"))
    rows = [
        row(f"R{code}", tax=tax, extension_attributes={"itemized_taxes": [{"tax_code": code}]})
        for code, tax in rates
    ]
    return with_extension(
        made(*rows, shipping="4.00"), applied_taxes=[{"code": "DE-19"}, {"code": "DE-7"}]
    )


async def test_tax_groups_are_those_of_the_order_s_codes() -> None:
    found = await invoiced(taxed(), books(orders={"taxes": TAXES}))
    (header,) = bodies(found.requests, "FreeTextInvoiceHeaders")
    assert header["SalesTaxGroupId"] == "DOM"
    assert [line.get("SalesTaxItemGroupId") for line in lines_of(found)] == ["FULL", "RED", "NONE"]


async def test_what_was_paid_with_bears_no_tax() -> None:
    order = with_extension(
        {**taxed(), "grand_total": taxed()["grand_total"] - 5}, gift_cards_amount=Decimal(5)
    )
    invoice = {**invoice_of(order), "extension_attributes": {"gift_cards_amount": Decimal(5)}}
    *_, card = lines_of(await booked(invoice, order, books(orders={"taxes": TAXES})))
    assert "SalesTaxItemGroupId" not in card


async def test_taxed_fixed_product_tax_is_a_line_per_tax_group_of_its_codes() -> None:
    scenario = money("type-040-fpt-taxed-notinsub-de-gross")
    taxes = {"CM-DE-19": TAXES["DE-19"], "CM-DE-7": TAXES["DE-7"]}
    for gross in (False, True):
        settings = books(gross=gross, orders={"taxes": taxes})
        for invoice in scenario["invoices"]:
            found = await booked(invoice, scenario["order"], settings)
            lines = [
                line for line in lines_of(found) if line["MainAccountDisplayValue"] == "202500"
            ]
            assert [line["SalesTaxItemGroupId"] for line in lines] == ["FULL", "RED"]
            assert_booked(found, invoice, gross=gross)


async def test_wrapping_is_a_charge_with_its_tax_inside_where_prices_include_it() -> None:
    extension = {"gw_price": Decimal(3), "gw_tax_amount": Decimal("0.57")}
    order = made(row(price="10.00"), tax_amount=Decimal("0.57"), grand_total=Decimal("13.57"))
    order = with_extension(order, **extension)
    invoice = {**invoice_of(order), "extension_attributes": extension}
    for gross, amount in ((False, "3"), (True, "3.57")):
        found = await booked(invoice, order, books(gross=gross))
        assert lines_of(found)[1]["UnitPrice"] == Decimal(amount)
        assert_booked(found, invoice, gross=gross)


async def test_a_total_of_an_extension_is_read_from_the_invoice_where_the_order_has_it() -> None:
    home = {
        "cod": {
            "item": "CODFEE",
            "field": "extension_attributes.cod",
            "tax_field": "extension_attributes.cod_tax",
        }
    }
    order = with_extension(
        made(row(price="10.00"), extra="2.38"), cod=Decimal(2), cod_tax=Decimal("0.38")
    )
    invoice = {
        **invoice_of(order),
        "extension_attributes": {"cod": Decimal(2), "cod_tax": Decimal("0.38")},
    }
    found = await booked(invoice, order, books(orders={"segments": home}))
    assert found.outcome == "deliver", found.reason
    assert [line["UnitPrice"] for line in lines_of(found)] == [10, 2]
    assert found.totals is not None
    assert found.totals.difference == 0


async def test_a_total_without_a_home_parks_with_the_fields_that_hold_it() -> None:
    order = made(row(price="10.00"))
    invoice = invoice_of(order, grand_total=Decimal("17.50"), surcharge=Decimal("7.50"))
    found = await booked(invoice, order, books(has_orders=False))
    assert found.outcome == "park"
    assert "surcharge" in found.reason
    assert found.totals is not None
    assert str(found.totals.difference) == "7.50"


@pytest.mark.parametrize(
    ("spent", "missing", "points"),
    [("5.00", "5.00", "5.00"), ("5.00", "3.20", "3.20"), ("5.00", "0.04", None)],
)
async def test_points_that_rest_does_not_show_of_an_invoice_are_known_from_its_order(
    spent: str, missing: str, points: str | None
) -> None:
    order = with_extension(
        made(row(price="30.00"), extra=f"-{spent}"), reward_currency_amount=Decimal(spent)
    )
    invoice = invoice_of(order, grand_total=Decimal("30.00") - Decimal(missing))
    found = await booked(invoice, order, books())
    lines = [line for line in lines_of(found) if line["MainAccountDisplayValue"] == "220300"]
    assert [line["UnitPrice"] for line in lines] == ([-Decimal(points)] if points else [])
    assert found.totals is not None
    assert found.totals.rounding == (0 if points else Decimal(f"-{missing}"))


async def test_more_than_the_points_that_were_spent_is_a_difference() -> None:
    order = with_extension(
        made(row(price="30.00"), extra="-5.00"), reward_currency_amount=Decimal(5)
    )
    found = await booked(invoice_of(order, grand_total=Decimal("20.00")), order, books())
    assert found.outcome == "park"
    assert "unexplained -10.00" in found.reason
