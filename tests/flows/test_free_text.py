"""Invoices as free text invoices: header and lines are two requests, and the document is there once
and whole."""

from decimal import Decimal

import pytest

from sandbox.commerce.recipe import Extras
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from tests.flows.finance import FREE_TEXT, GERMAN, Finance, in_finance, key


@in_finance(invoices=FREE_TEXT)
async def test_an_invoice_becomes_a_free_text_invoice_of_its_parts(finance: Finance) -> None:
    order = await finance.placed(shipping=Decimal("4.95"))
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    header, lines = finance.draft(invoice), finance.draft_lines(invoice)
    assert header["CustomerAccount"] == finance.header(order)["OrderingCustomerAccountNumber"]
    assert [line["MainAccountDisplayValue"] for line in lines] == ["401000", "401000", "401100"]
    assert finance.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")
    assert finance.journals() == []


@in_finance(invoices=FREE_TEXT)
async def test_what_a_gift_card_and_store_credit_paid_is_a_line_on_their_accounts(
    finance: Finance,
) -> None:
    order = await finance.placed(
        extras=Extras(gift_card=Decimal(5), credit=Decimal(3)), **finance.wants("SIMPLE-006")
    )
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    by_account = {
        line["MainAccountDisplayValue"]: line["TransactionCurrencyAmount"]
        for line in finance.draft_lines(invoice)
    }
    assert (by_account["250100"], by_account["250200"]) == (-5, -3)
    assert finance.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")


@in_finance(invoices={"recipe": "both"})
async def test_an_invoice_that_a_gift_card_paid_in_full_is_revenue_and_no_payment(
    finance: Finance,
) -> None:
    order = await finance.placed(
        extras=Extras(gift_card=Decimal(2000)), **finance.wants("SIMPLE-006")
    )
    invoice = finance.commerce.invoice(order)
    assert invoice["grand_total"] == 0
    await finance.books(invoice)
    assert finance.draft_total(invoice) + order.amount("tax_amount") == 0
    assert finance.journals() == []


@in_finance(invoices={"recipe": "both"})
async def test_both_recipes_make_an_invoice_and_its_payment_once(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    for _ in range(3):
        await finance.books(invoice)
    claim = await finance.claim(key(invoice), "invoices")
    line = finance.payment(invoice)
    expected = (
        f"FTI {finance.draft(invoice)['InvoiceIdentifier']} + journal {line['JournalBatchNumber']}"
        " line 1"
    )
    assert claim.number == expected
    assert line["CreditAmount"] == order.amount("grand_total")


@in_finance(invoices=FREE_TEXT)
async def test_an_invoice_in_euros_has_gross_prices_in_euros(finance: Finance) -> None:
    order = await finance.placed(
        store=GERMAN, shopper=finance.commerce.catalogue.shopper("elise@example.org")
    )
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert (finance.draft(invoice)["CurrencyCode"], finance.draft(invoice)["InclTax"]) == (
        "EUR",
        "Yes",
    )
    assert finance.draft_total(invoice) == order.amount("grand_total")


@in_finance(invoices=FREE_TEXT)
async def test_an_invoice_of_the_goods_alone_and_the_rest_with_the_shipping_come_to_the_order(
    finance: Finance,
) -> None:
    order = await finance.placed(
        shipping=Decimal(10), **finance.wants("SIMPLE-003", "SIMPLE-004", pieces=2)
    )
    parts = [
        finance.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)}),
        finance.commerce.invoice(order),
    ]
    for invoice in parts:
        await finance.books(invoice)
    total = sum(finance.draft_total(invoice) + invoice["tax_amount"] for invoice in parts)
    assert total == order.amount("grand_total")
    freight = [
        line
        for one in parts
        for line in finance.draft_lines(one)
        if line["MainAccountDisplayValue"] == "401100"
    ]
    assert len(freight) == 1


@in_finance(invoices=FREE_TEXT)
async def test_an_invoice_of_shipping_only_is_booked(finance: Finance) -> None:
    order = await finance.placed(
        skus=("SIMPLE-011",), shipping=Decimal(10), **finance.wants("SIMPLE-011")
    )
    invoice = finance.commerce.invoice(order)
    for item in invoice["items"]:
        item.update(dict.fromkeys(("row_total", "tax_amount", "discount_amount"), Decimal(0)))
    invoice["grand_total"] = invoice["shipping_amount"] + invoice["shipping_tax_amount"]
    invoice["tax_amount"] = invoice["shipping_tax_amount"]
    await finance.books(invoice)
    assert [line["MainAccountDisplayValue"] for line in finance.draft_lines(invoice)] == ["401100"]
    assert finance.draft_total(invoice) == 10


@pytest.mark.parametrize(
    "kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED]
)
@pytest.mark.parametrize("part", ["header", "lines"])
@in_finance(invoices={"recipe": "both"})
async def test_a_document_whose_answer_was_lost_is_not_made_twice(
    finance: Finance, kind: Kind, part: str
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    finance.ledger_dials.next(kind, where=_header if part == "header" else _lines, seconds=50)
    await finance.books(invoice)
    await finance.settled()
    assert finance.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")
    assert len(finance.payments(invoice)) == 1
    assert await finance.stands(invoice) is State.DELIVERED


@pytest.mark.parametrize("part", ["header", "lines"])
@in_finance(invoices={"recipe": "both"})
async def test_a_crash_while_it_is_posted_ends_in_one_whole_document(
    finance: Finance, part: str
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.notify(invoice)
    await finance.dies_when(_header if part == "header" else _lines)
    assert bool(finance.draft_lines(invoice)) is (part == "lines")
    await finance.works_until_idle()
    assert finance.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")
    assert len(finance.payments(invoice)) == 1


@pytest.mark.parametrize("table", ["trail", "claims"])
@in_finance(invoices=FREE_TEXT)
async def test_a_crash_on_the_way_makes_no_second_document(finance: Finance, table: str) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.notify(invoice)
    await finance.works_until_it_dies(before=table)
    await finance.works_until_idle()
    assert finance.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")


@pytest.mark.parametrize("faulty", [False, True])
@in_finance(invoices={**FREE_TEXT, "accounts": {"shipping": "999999"}})
async def test_a_refused_line_removes_its_header_and_parks_the_invoice(
    finance: Finance, faulty: bool
) -> None:
    order = await finance.placed(shipping=Decimal(10))
    invoice = finance.commerce.invoice(order)
    if faulty:
        finance.ledger_dials.next(
            Kind.ERROR_BEFORE, where=lambda arrival: arrival.method == "DELETE"
        )
    await finance.books(invoice)
    assert finance.drafts(invoice) == []
    assert await finance.stands(invoice) is State.PARKED
    assert "999999" in await finance.reason(invoice)


@in_finance(invoices=FREE_TEXT)
async def test_a_draft_that_was_posted_with_other_lines_is_left_to_a_person(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    finance.ledger_dials.next(Kind.DROPPED, where=_lines)
    await finance.notify(invoice)
    await finance.works_for(4)
    header = finance.draft(invoice)
    line = {
        "ParentRecId": header["InvoiceIdentifier"],
        "LineNumber": 9,
        "MainAccountDisplayValue": "401000",
    }
    amounts = {"TransactionCurrencyAmount": Decimal(1), "CurrencyCode": "USD", "dataAreaId": "usmf"}
    finance.dynamics.put("FreeTextInvoiceLines", **line, **amounts)
    finance.dynamics.post_free_text_invoice(header["InvoiceIdentifier"])
    await finance.works_until_idle()
    assert "is another document: " in await finance.reason(invoice)
    assert "amount 1.00 there" in await finance.reason(invoice)
    assert len(finance.draft_lines(invoice)) == 1


def _header(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomerReference" in arrival.body


def _lines(arrival: Arrival) -> bool:
    return arrival.writes and b"ParentRecId" in arrival.body
