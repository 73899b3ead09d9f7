"""What F&O posted against what Commerce charged or gave back: every kind of document, its amount,
its tax, its currency."""

import logging
from decimal import Decimal
from typing import Any, Final

import pytest

from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Kind
from sync.core.money import rounded
from sync.dynamics.posted_invoices import JOURNAL, SALES
from sync.engine.claim import State
from sync.engine.corrections import Corrections
from sync.engine.trail import Entry
from tests.flows.finance import FREE_CREDIT, FREE_TEXT, GERMAN, Finance, in_finance, key
from tests.harness import key_of
from tests.systems import COMPANY

FREE: Final[dict[str, Any]] = {"invoices": FREE_TEXT, "creditmemos": FREE_CREDIT}
OFF: Final = ("1.00", "-1.00")


async def _refunded(finance: Finance, **wishes: Any) -> tuple[StoredOrder, Columns]:
    """An order whose credit memo is booked."""
    order = await finance.placed(**wishes)
    finance.commerce.invoice(order)
    finance.commerce.ship(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, "creditmemos")
    return order, memo


async def _invoiced(finance: Finance) -> Columns:
    """An invoice that is booked."""
    invoice = finance.commerce.invoice(await finance.placed())
    await finance.books(invoice)
    return invoice


def _credits(finance: Finance, memo: Columns, more: str = "0") -> str:
    number = finance.returned(memo)["ReturnOrderNumber"]
    return finance.dynamics.post_return(number, tax=memo["tax_amount"] + Decimal(more))


def _drafts_posted(finance: Finance, document: Columns, flow: str, more: str = "0") -> str:
    identifier = finance.draft(document, flow)["InvoiceIdentifier"]
    tax = document["tax_amount"] + Decimal(more)
    return finance.dynamics.post_free_text_invoice(
        identifier, tax=tax if flow == "invoices" else -tax
    )


async def _reads_back(finance: Finance) -> list[str]:
    """The poll, worked off; the reasons of what is parked."""
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    return [
        (await finance.claim(record, "posted_invoices")).reason
        for record in await finance.parked("posted_invoices")
    ]


async def _reported(finance: Finance, record: str, flow: str) -> list[Entry]:
    return [entry for entry in await finance.trail(record, flow) if entry.event == "posted"]


@pytest.mark.parametrize("more", OFF)
@in_finance()
async def test_a_credit_note_that_differs_is_parked_with_both_sums(
    finance: Finance, more: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, memo = await _refunded(finance)
    number = _credits(finance, memo, more)
    (reason,) = await _reads_back(finance)
    gave, tax = memo["grand_total"], memo["tax_amount"]
    assert (
        f"F&O credited {gave + Decimal(more):.2f} USD with {tax + Decimal(more):.2f} tax" in reason
    )
    assert (
        f"(last {number}), Commerce gave back {gave:.2f} with {tax:.2f} tax; difference {more}, of"
        " it tax" in reason
    )
    assert finance.reference(memo, "creditmemos") in reason
    assert [entry.number for entry in await _reported(finance, key(memo), "creditmemos")] == [
        number
    ]
    assert [r.getMessage().split()[0] for r in caplog.records if r.levelno == logging.ERROR] == [
        "posted_invoices.differs"
    ]


@pytest.mark.parametrize("more", OFF)
@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_finance(**FREE)
async def test_a_free_text_invoice_that_differs_is_parked_with_both_sums(
    finance: Finance, flow: str, more: str
) -> None:
    invoice = await _invoiced(finance)
    document = invoice
    if flow == "creditmemos":
        document = finance.commerce.refund(finance.commerce.order_of(invoice))
        await finance.books(document, flow)
    number = _drafts_posted(finance, document, flow, more)
    (reason,) = await _reads_back(finance)
    assert f"(last {number})" in reason
    assert f"difference {more}, of it tax {more}" in reason


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_finance(**FREE)
async def test_a_free_text_invoice_that_agrees_is_said_to_be_equal(
    finance: Finance, flow: str
) -> None:
    invoice = await _invoiced(finance)
    document = invoice
    if flow == "creditmemos":
        document = finance.commerce.refund(finance.commerce.order_of(invoice))
        await finance.books(document, flow)
    _drafts_posted(finance, document, flow)
    assert await _reads_back(finance) == []
    (entry,) = await _reported(finance, key(document), flow)
    assert entry.details["compared"] == "equal"
    sign = -1 if flow == "creditmemos" else 1
    assert Decimal(entry.details["amount"]) == sign * document["grand_total"]
    assert Decimal(entry.details["tax"]) == sign * document["tax_amount"]


@in_finance()
async def test_tax_that_differs_within_the_same_total_is_parked(finance: Finance) -> None:
    shopper = next(one for one in finance.commerce.catalogue.shoppers if one.place in GERMAN.places)
    order, memo = await _refunded(finance, store=GERMAN, shopper=shopper)
    assert memo["tax_amount"] > 1
    finance.dynamics.invoice(
        finance.header(order)["SalesOrderNumber"], tax=order.amount("tax_amount") - 1
    )
    _credits(finance, memo, "-1.00")
    reasons = await _reads_back(finance)
    assert len(reasons) == 2
    assert all("difference 0.00, of it tax -1.00" in reason for reason in reasons)


@in_finance()
async def test_a_credit_note_in_another_currency_is_parked(finance: Finance) -> None:
    _, memo = await _refunded(finance)
    number = _credits(finance, memo)
    (row,) = finance.rows("CustInvoiceJour", InvoiceNumber=number)
    finance.dynamics.store.update("CustInvoiceJour", row, {"CurrencyCode": "EUR"})
    (reason,) = await _reads_back(finance)
    assert f"F&O posted {number} in EUR, Commerce in USD" in reason


@in_finance()
async def test_a_return_that_is_credited_in_part_is_said_to_be_so(
    finance: Finance, caplog: pytest.LogCaptureFixture
) -> None:
    _, memo = await _refunded(finance)
    header = finance.returned(memo)
    finance.dynamics.put(
        SALES, dataAreaId=COMPANY, InvoiceNumber="CCN-PART", InvoiceDate=finance.clock.now(),
        LedgerVoucher="V", TotalInvoiceAmount=Decimal(-1),
        CustomersOrderReference=header["CustomersOrderReference"],
        SalesOrderNumber=header["ReturnOrderNumber"],
        CurrencyCode="USD",
    )  # fmt: skip
    assert await _reads_back(finance) == []
    (entry,) = await _reported(finance, key(memo), "creditmemos")
    assert (
        entry.details["compared"]
        == f"not yet: F&O has posted 1.00 of {memo['grand_total']:.2f} USD so far"
    )
    assert any("posted_invoices.not_compared" in record.getMessage() for record in caplog.records)


@in_finance(**FREE)
async def test_where_the_journal_may_not_be_read_the_lines_tell_the_amount_and_that_no_tax_is_shown(
    finance: Finance,
) -> None:
    invoice = await _invoiced(finance)
    _drafts_posted(finance, invoice, "invoices")
    finance.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403, where=lambda arrival: JOURNAL in arrival.path
    )
    (reason,) = await _reads_back(finance)
    assert "with an unknown tax" in reason
    assert f"difference {-invoice['tax_amount']:.2f}" in reason


@in_finance(stores={"default": {"prices_include_tax": True}}, **FREE)
async def test_tax_that_cannot_be_read_is_said_not_to_be_compared(finance: Finance) -> None:
    invoice = await _invoiced(finance)
    _drafts_posted(finance, invoice, "invoices")
    finance.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403, where=lambda arrival: JOURNAL in arrival.path
    )
    assert await _reads_back(finance) == []
    (entry,) = await _reported(finance, key(invoice), "invoices")
    assert entry.details["compared"].startswith("amount only: F&O shows our user no tax")


@pytest.mark.parametrize("more", ["0", *OFF])
@in_finance()
async def test_an_order_that_was_reduced_comes_to_what_was_sent_of_it_last(
    finance: Finance, more: str
) -> None:
    order = await finance.placed(**finance.wants("SIMPLE-001", pieces=3))
    number = finance.header(order)["SalesOrderNumber"]
    order.items[0]["qty_canceled"] = Decimal(1)
    order.row |= {"total_canceled": rounded(order.amount("subtotal") / 3 * Decimal("1.0825"))}
    await finance.delivers(order)
    (reported,) = [
        entry.details["amounts"] for entry in await finance.trail(key_of(order), "orders")
    ][-1:]
    tax = Decimal(reported["dynamics"]) - finance.dynamics.order_total(COMPANY, number)
    finance.dynamics.invoice(number, tax=tax + Decimal(more))
    reasons = await _reads_back(finance)
    (entry,) = await _reported(finance, key_of(order), "orders")
    if more == "0":
        assert reasons == []
        assert entry.details["compared"].startswith(
            "amount only: pieces were cancelled or refunded"
        )
    else:
        assert f"difference {more}" in reasons[0]


@pytest.mark.parametrize("is_told", [False, True])
@in_finance()
async def test_what_was_corrected_in_f_o_agrees_once_that_is_read_back_or_replayed(
    finance: Finance, *, is_told: bool
) -> None:
    order = await finance.placed()
    header = finance.header(order)
    (number,) = finance.dynamics.invoice(
        header["SalesOrderNumber"], tax=order.amount("tax_amount") + 1
    )
    assert len(await _reads_back(finance)) == 1
    (posted,) = finance.rows("CustInvoiceJour", InvoiceNumber=number)
    again = {
        "CustomersOrderReference": header["CustomersOrderReference"],
        "CurrencyCode": "USD",
        "LedgerVoucher": "V",
    }
    wrong = {
        "TotalInvoiceAmount": posted["TotalInvoiceAmount"],
        "TotalTaxAmount": posted["TotalTaxAmount"],
    }
    for name, sums in (
        ("CIV-CREDIT", {field: -value for field, value in wrong.items()}),
        ("CIV-RIGHT", {field: value - 1 for field, value in wrong.items()}),
    ):
        finance.dynamics.put(
            SALES, dataAreaId=COMPANY, InvoiceNumber=name, InvoiceDate=finance.clock.now(),
            SalesOrderNumber=header["SalesOrderNumber"],
            **again, **sums,
        )  # fmt: skip
    if is_told:
        await _reads_back(finance)
    else:
        await finance.replays(f"sales-invoice|{COMPANY}|{number}", "posted_invoices")
    assert await finance.parked("posted_invoices") == []


@in_finance(creditmemos={"reference_template": "{store_id}/{order_increment_id}/C{increment_id}"})
async def test_what_was_posted_before_the_template_changed_is_read_back_to_its_record(
    finance: Finance,
) -> None:
    order, memo = await _refunded(finance)
    former = f"{order.row['increment_id']}/C{memo['increment_id']}"
    (header,) = finance.rows("ReturnOrderHeadersV2")
    finance.dynamics.store.update(
        "ReturnOrderHeadersV2", header, {"CustomersOrderReference": former}
    )
    number = finance.dynamics.post_return(header["ReturnOrderNumber"], tax=memo["tax_amount"])
    assert await _reads_back(finance) == []
    assert [entry.number for entry in await _reported(finance, key(memo), "creditmemos")] == [
        number
    ]


@in_finance()
async def test_a_posted_invoice_that_differs_is_delivered_and_leaves_the_list_by_a_decision(
    finance: Finance,
) -> None:
    _, memo = await _refunded(finance)
    number = _credits(finance, memo, "1.00")
    assert len(await _reads_back(finance)) == 1
    name = f"sales-invoice|{COMPANY}|{number}"
    claim = await finance.claim(name, "posted_invoices")
    assert (claim.state, f"resolve posted_invoices '{name}'" in claim.remedy) == (
        State.DELIVERED,
        True,
    )
    ledger = finance.services.ledger
    assert await Corrections(ledger, finance.clock, "ann", "a gift").resolve(claim)
    assert await finance.parked("posted_invoices") == []
    await finance.replays(name, "posted_invoices")
    assert await finance.parked("posted_invoices") == []
