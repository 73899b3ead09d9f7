"""What F&O posted against what Commerce charged or gave back: every kind of document, its amount, its tax, its currency."""

import logging
from decimal import Decimal
from typing import Any, Final

import pytest

from sync.dynamics.posted_invoices import JOURNAL, SALES
from sync.money import rounded
from sync.road.ledger import Entry
from sync.sandbox.commerce.records import Columns, StoredOrder
from sync.sandbox.dials import Kind
from tests.flows.till import FREE_CREDIT, FREE_TEXT, GERMAN, Till, in_till, key
from tests.house import key_of
from tests.site import COMPANY

FREE: Final[dict[str, Any]] = {"invoices": FREE_TEXT, "creditmemos": FREE_CREDIT}
OFF: Final = ("1.00", "-1.00")


async def _refunded(till: Till, **wishes: Any) -> tuple[StoredOrder, Columns]:
    """An order whose credit memo is booked."""
    order = await till.placed(**wishes)
    till.commerce.invoice(order)
    till.commerce.ship(order)
    memo = till.commerce.refund(order)
    await till.books(memo, "creditmemos")
    return order, memo


async def _invoiced(till: Till) -> Columns:
    """An invoice that is booked."""
    invoice = till.commerce.invoice(await till.placed())
    await till.books(invoice)
    return invoice


def _credits(till: Till, memo: Columns, more: str = "0") -> str:
    number = till.returned(memo)["ReturnOrderNumber"]
    return till.dynamics.post_return(number, tax=memo["tax_amount"] + Decimal(more))


def _drafts_posted(till: Till, document: Columns, flow: str, more: str = "0") -> str:
    identifier = till.draft(document, flow)["InvoiceIdentifier"]
    tax = document["tax_amount"] + Decimal(more)
    return till.dynamics.post_free_text_invoice(identifier, tax=tax if flow == "invoices" else -tax)


async def _reads_back(till: Till) -> list[str]:
    """The poll, worked off; the reasons of what is parked."""
    await till.polls("postings")
    await till.works_until_idle()
    return [(await till.claim(record, "postings")).reason for record in await till.parked("postings")]


async def _told(till: Till, record: str, flow: str) -> list[Entry]:
    return [entry for entry in await till.trail(record, flow) if entry.event == "posted"]


@pytest.mark.parametrize("more", OFF)
@in_till()
async def test_a_credit_note_that_differs_is_parked_with_both_sums(
    till: Till, more: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, memo = await _refunded(till)
    number = _credits(till, memo, more)
    (reason,) = await _reads_back(till)
    gave, tax = memo["grand_total"], memo["tax_amount"]
    assert f"F&O credited {gave + Decimal(more):.2f} USD with {tax + Decimal(more):.2f} tax" in reason
    assert f"(last {number}), Commerce gave back {gave:.2f} with {tax:.2f} tax; difference {more}, of it tax" in reason
    assert till.reference(memo, "creditmemos") in reason
    assert [entry.number for entry in await _told(till, key(memo), "creditmemos")] == [number]
    assert [r.getMessage().split()[0] for r in caplog.records if r.levelno == logging.ERROR] == ["postings.differs"]


@pytest.mark.parametrize("more", OFF)
@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_till(**FREE)
async def test_a_free_text_invoice_that_differs_is_parked_with_both_sums(till: Till, flow: str, more: str) -> None:
    invoice = await _invoiced(till)
    document = invoice
    if flow == "creditmemos":
        document = till.commerce.refund(till.commerce.order_of(invoice))
        await till.books(document, flow)
    number = _drafts_posted(till, document, flow, more)
    (reason,) = await _reads_back(till)
    assert f"(last {number})" in reason
    assert f"difference {more}, of it tax {more}" in reason


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_till(**FREE)
async def test_a_free_text_invoice_that_agrees_is_said_to_be_equal(till: Till, flow: str) -> None:
    invoice = await _invoiced(till)
    document = invoice
    if flow == "creditmemos":
        document = till.commerce.refund(till.commerce.order_of(invoice))
        await till.books(document, flow)
    _drafts_posted(till, document, flow)
    assert await _reads_back(till) == []
    (entry,) = await _told(till, key(document), flow)
    assert entry.details["compared"] == "equal"
    sign = -1 if flow == "creditmemos" else 1
    assert Decimal(entry.details["amount"]) == sign * document["grand_total"]
    assert Decimal(entry.details["tax"]) == sign * document["tax_amount"]


@in_till()
async def test_tax_that_differs_within_the_same_total_is_parked(till: Till) -> None:
    shopper = next(one for one in till.commerce.catalogue.shoppers if one.place in GERMAN.places)
    order, memo = await _refunded(till, store=GERMAN, shopper=shopper)
    assert memo["tax_amount"] > 1
    till.dynamics.invoice(till.header(order)["SalesOrderNumber"], tax=order.amount("tax_amount") - 1)
    _credits(till, memo, "-1.00")
    reasons = await _reads_back(till)
    assert len(reasons) == 2
    assert all("difference 0.00, of it tax -1.00" in reason for reason in reasons)


@in_till()
async def test_a_credit_note_in_another_currency_is_parked(till: Till) -> None:
    _, memo = await _refunded(till)
    number = _credits(till, memo)
    (row,) = till.rows("CustInvoiceJour", InvoiceNumber=number)
    till.dynamics.store.update("CustInvoiceJour", row, {"CurrencyCode": "EUR"})
    (reason,) = await _reads_back(till)
    assert f"F&O posted {number} in EUR, Commerce in USD" in reason


@in_till()
async def test_a_return_that_is_credited_in_part_is_said_to_be_so(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    _, memo = await _refunded(till)
    header = till.returned(memo)
    till.dynamics.put(
        SALES, dataAreaId=COMPANY, InvoiceNumber="CCN-PART", InvoiceDate=till.clock.now(), LedgerVoucher="V", TotalInvoiceAmount=Decimal(-1),
        CustomersOrderReference=header["CustomersOrderReference"], SalesOrderNumber=header["ReturnOrderNumber"],
        CurrencyCode="USD",
    )  # fmt: skip
    assert await _reads_back(till) == []
    (entry,) = await _told(till, key(memo), "creditmemos")
    assert entry.details["compared"] == f"not yet: F&O has posted 1.00 of {memo['grand_total']:.2f} USD so far"
    assert any("postings.not_compared" in record.getMessage() for record in caplog.records)


@in_till(**FREE)
async def test_where_the_journal_may_not_be_read_the_lines_tell_the_amount_and_that_no_tax_is_shown(till: Till) -> None:
    invoice = await _invoiced(till)
    _drafts_posted(till, invoice, "invoices")
    till.ledger_dials.next(Kind.ERROR_BEFORE, status=403, where=lambda arrival: JOURNAL in arrival.path)
    (reason,) = await _reads_back(till)
    assert "with an unknown tax" in reason
    assert f"difference {-invoice['tax_amount']:.2f}" in reason


@in_till(stores={"default": {"prices_include_tax": True}}, **FREE)
async def test_tax_that_cannot_be_read_is_said_not_to_be_compared(till: Till) -> None:
    invoice = await _invoiced(till)
    _drafts_posted(till, invoice, "invoices")
    till.ledger_dials.next(Kind.ERROR_BEFORE, status=403, where=lambda arrival: JOURNAL in arrival.path)
    assert await _reads_back(till) == []
    (entry,) = await _told(till, key(invoice), "invoices")
    assert entry.details["compared"].startswith("amount only: F&O shows our user no tax")


@pytest.mark.parametrize("more", ["0", *OFF])
@in_till()
async def test_an_order_that_was_reduced_comes_to_what_was_sent_of_it_last(till: Till, more: str) -> None:
    order = await till.placed(**till.wants("SIMPLE-001", pieces=3))
    number = till.header(order)["SalesOrderNumber"]
    order.items[0]["qty_canceled"] = Decimal(1)
    order.row |= {"total_canceled": rounded(order.amount("subtotal") / 3 * Decimal("1.0825"))}
    await till.delivers(order)
    (told,) = [entry.details["amounts"] for entry in await till.trail(key_of(order), "orders")][-1:]
    tax = Decimal(told["dynamics"]) - till.dynamics.order_total(COMPANY, number)
    till.dynamics.invoice(number, tax=tax + Decimal(more))
    reasons = await _reads_back(till)
    (entry,) = await _told(till, key_of(order), "orders")
    if more == "0":
        assert reasons == []
        assert entry.details["compared"].startswith("amount only: pieces were cancelled or refunded")
    else:
        assert f"difference {more}" in reasons[0]


@in_till()
async def test_what_was_corrected_in_f_o_agrees_once_it_is_replayed(till: Till) -> None:
    order = await till.placed()
    header = till.header(order)
    (number,) = till.dynamics.invoice(header["SalesOrderNumber"], tax=order.amount("tax_amount") + 1)
    assert len(await _reads_back(till)) == 1
    (posted,) = till.rows("CustInvoiceJour", InvoiceNumber=number)
    again = {"CustomersOrderReference": header["CustomersOrderReference"], "CurrencyCode": "USD", "LedgerVoucher": "V"}
    wrong = {"TotalInvoiceAmount": posted["TotalInvoiceAmount"], "TotalTaxAmount": posted["TotalTaxAmount"]}
    for name, sums in (
        ("CIV-CREDIT", {field: -value for field, value in wrong.items()}),
        ("CIV-RIGHT", {field: value - 1 for field, value in wrong.items()}),
    ):
        till.dynamics.put(
            SALES, dataAreaId=COMPANY, InvoiceNumber=name, InvoiceDate=till.clock.now(), SalesOrderNumber=header["SalesOrderNumber"],
            **again, **sums,
        )  # fmt: skip
    await till.replays(f"sales-invoice|{COMPANY}|{number}", "postings")
    assert await till.parked("postings") == []


@in_till(creditmemos={"reference_template": "{store_id}/{order_increment_id}/C{increment_id}"})
async def test_what_was_posted_before_the_template_changed_is_read_back_to_its_record(till: Till) -> None:
    order, memo = await _refunded(till)
    former = f"{order.row['increment_id']}/C{memo['increment_id']}"
    (header,) = till.rows("ReturnOrderHeadersV2")
    till.dynamics.store.update("ReturnOrderHeadersV2", header, {"CustomersOrderReference": former})
    number = till.dynamics.post_return(header["ReturnOrderNumber"], tax=memo["tax_amount"])
    assert await _reads_back(till) == []
    assert [entry.number for entry in await _told(till, key(memo), "creditmemos")] == [number]
