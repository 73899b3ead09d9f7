"""Invoices as free text invoices: header and lines are two requests, and the document is there once and whole."""

from decimal import Decimal

import pytest

from sync.road.ledger import State
from sync.sandbox.commerce.recipe import Extras
from sync.sandbox.dials import Arrival, Kind
from tests.flows.till import FREE_TEXT, GERMAN, Till, in_till, key


@in_till(invoices=FREE_TEXT)
async def test_an_invoice_becomes_a_free_text_invoice_of_its_parts(till: Till) -> None:
    order = await till.placed(shipping=Decimal("4.95"))
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    header, lines = till.draft(invoice), till.draft_lines(invoice)
    assert header["CustomerAccount"] == till.header(order)["OrderingCustomerAccountNumber"]
    assert [line["MainAccountDisplayValue"] for line in lines] == ["401000", "401000", "401100"]
    assert till.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")
    assert till.journals() == []


@in_till(invoices=FREE_TEXT)
async def test_what_a_gift_card_and_store_credit_paid_is_a_line_on_their_accounts(till: Till) -> None:
    order = await till.placed(extras=Extras(gift_card=Decimal(5), credit=Decimal(3)), **till.wants("SIMPLE-006"))
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    by_account = {
        line["MainAccountDisplayValue"]: line["TransactionCurrencyAmount"] for line in till.draft_lines(invoice)
    }
    assert (by_account["250100"], by_account["250200"]) == (-5, -3)
    assert till.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")


@in_till(invoices={"recipe": "both"})
async def test_an_invoice_that_a_gift_card_paid_in_full_is_revenue_and_no_payment(till: Till) -> None:
    order = await till.placed(extras=Extras(gift_card=Decimal(2000)), **till.wants("SIMPLE-006"))
    invoice = till.commerce.invoice(order)
    assert invoice["grand_total"] == 0
    await till.books(invoice)
    assert till.draft_total(invoice) + order.amount("tax_amount") == 0
    assert till.journals() == []


@in_till(invoices={"recipe": "both"})
async def test_both_recipes_make_an_invoice_and_its_payment_once(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    for _ in range(3):
        await till.books(invoice)
    claim = await till.claim(key(invoice), "invoices")
    line = till.payment(invoice)
    expected = f"FTI {till.draft(invoice)['InvoiceIdentifier']} + journal {line['JournalBatchNumber']} line 1"
    assert claim.number == expected
    assert line["CreditAmount"] == order.amount("grand_total")


@in_till(invoices=FREE_TEXT)
async def test_an_invoice_in_euros_has_gross_prices_in_euros(till: Till) -> None:
    order = await till.placed(store=GERMAN, shopper=till.commerce.catalogue.shopper("elise@example.org"))
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert (till.draft(invoice)["CurrencyCode"], till.draft(invoice)["InclTax"]) == ("EUR", "Yes")
    assert till.draft_total(invoice) == order.amount("grand_total")


@in_till(invoices=FREE_TEXT)
async def test_an_invoice_of_the_goods_alone_and_the_rest_with_the_shipping_come_to_the_order(till: Till) -> None:
    order = await till.placed(shipping=Decimal(10), **till.wants("SIMPLE-003", "SIMPLE-004", pieces=2))
    parts = [till.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)}), till.commerce.invoice(order)]
    for invoice in parts:
        await till.books(invoice)
    total = sum(till.draft_total(invoice) + invoice["tax_amount"] for invoice in parts)
    assert total == order.amount("grand_total")
    freight = [line for one in parts for line in till.draft_lines(one) if line["MainAccountDisplayValue"] == "401100"]
    assert len(freight) == 1


@in_till(invoices=FREE_TEXT)
async def test_an_invoice_of_shipping_only_is_booked(till: Till) -> None:
    order = await till.placed(skus=("SIMPLE-011",), shipping=Decimal(10), **till.wants("SIMPLE-011"))
    invoice = till.commerce.invoice(order)
    for item in invoice["items"]:
        item.update(dict.fromkeys(("row_total", "tax_amount", "discount_amount"), Decimal(0)))
    invoice["grand_total"] = invoice["shipping_amount"] + invoice["shipping_tax_amount"]
    invoice["tax_amount"] = invoice["shipping_tax_amount"]
    await till.books(invoice)
    assert [line["MainAccountDisplayValue"] for line in till.draft_lines(invoice)] == ["401100"]
    assert till.draft_total(invoice) == 10


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED])
@pytest.mark.parametrize("part", ["header", "lines"])
@in_till(invoices={"recipe": "both"})
async def test_a_document_whose_answer_was_lost_is_not_made_twice(till: Till, kind: Kind, part: str) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    till.ledger_dials.next(kind, where=_header if part == "header" else _lines, seconds=50)
    await till.books(invoice)
    await till.settled()
    assert till.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")
    assert len(till.payments(invoice)) == 1
    assert await till.stands(invoice) is State.DELIVERED


@pytest.mark.parametrize("part", ["header", "lines"])
@in_till(invoices={"recipe": "both"})
async def test_a_crash_while_it_is_posted_ends_in_one_whole_document(till: Till, part: str) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.hears(invoice)
    await till.dies_when(_header if part == "header" else _lines)
    assert bool(till.draft_lines(invoice)) is (part == "lines")
    await till.works_until_idle()
    assert till.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")
    assert len(till.payments(invoice)) == 1


@pytest.mark.parametrize("table", ["trail", "claims"])
@in_till(invoices=FREE_TEXT)
async def test_a_crash_on_the_way_makes_no_second_document(till: Till, table: str) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.hears(invoice)
    await till.works_until_it_dies(before=table)
    await till.works_until_idle()
    assert till.draft_total(invoice) + order.amount("tax_amount") == order.amount("grand_total")


@pytest.mark.parametrize("faulty", [False, True])
@in_till(invoices={**FREE_TEXT, "accounts": {"shipping": "999999"}})
async def test_a_refused_line_removes_its_header_and_parks_the_invoice(till: Till, faulty: bool) -> None:
    order = await till.placed(shipping=Decimal(10))
    invoice = till.commerce.invoice(order)
    if faulty:
        till.ledger_dials.next(Kind.ERROR_BEFORE, where=lambda arrival: arrival.method == "DELETE")
    await till.books(invoice)
    assert till.drafts(invoice) == []
    assert await till.stands(invoice) is State.PARKED
    assert "999999" in await till.reason(invoice)


@in_till(invoices=FREE_TEXT)
async def test_a_draft_that_was_posted_with_other_lines_is_left_to_a_person(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    till.ledger_dials.next(Kind.DROPPED, where=_lines)
    await till.hears(invoice)
    await till.works_for(4)
    header = till.draft(invoice)
    line = {"ParentRecId": header["InvoiceIdentifier"], "LineNumber": 9, "MainAccountDisplayValue": "401000"}
    amounts = {"TransactionCurrencyAmount": Decimal(1), "CurrencyCode": "USD", "dataAreaId": "usmf"}
    till.dynamics.put("FreeTextInvoiceLines", **line, **amounts)
    till.dynamics.post_free_text_invoice(header["InvoiceIdentifier"])
    await till.works_until_idle()
    assert "is another document: " in await till.reason(invoice)
    assert "amount 1.00 there" in await till.reason(invoice)
    assert len(till.draft_lines(invoice)) == 1


def _header(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomerReference" in arrival.body


def _lines(arrival: Arrival) -> bool:
    return arrival.writes and b"ParentRecId" in arrival.body
