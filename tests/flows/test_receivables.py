"""Invoices and credit memos through the engine: by every recipe each becomes what it should, once,
and comes to its total."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Kind
from sandbox.dynamics.store import Record
from sync.engine.claim import State
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

FLOWS = ("orders", "customers", "invoices", "creditmemos")
BOOKS: Mapping[str, Any] = {
    "revenue_account": "401000", "banks": {"*": "USMF OPER"},
    "accounts": {"shipping": "401100", "gift_cards": "401200"},
}  # fmt: skip


def books(
    invoices: str = "payment-journal", memos: str = "return-order", *, refunds: bool = False
) -> dict[str, Any]:
    """Settings of a connection with these recipes."""
    return {
        "flows": FLOWS,
        "invoices": {**BOOKS, "recipe": invoices},
        "creditmemos": {"recipe": memos, "refund_payment": refunds},
    }


def rows(harness: Harness, table: str) -> list[Record]:
    """The ledger's rows of a table, in the order in which they were made."""
    return [
        row
        for row in harness.dynamics.store.table(table).records.values()
        if row["dataAreaId"] == COMPANY
    ]


def key_of(document: Mapping[str, Any]) -> str:
    return f"{document['increment_id']}@{document['store_id']}"


async def notify(harness: Harness, flow: str, document: Mapping[str, Any]) -> None:
    """The shop's webhook for a document comes in and is worked off."""
    name = {"invoices": "invoice", "creditmemos": "creditmemo"}[flow]
    record = {"increment_id": document["increment_id"], "store_id": document["store_id"]}
    await harness.hook(flow, {"data": {name: record}})
    await harness.works_until_idle()


def returned(harness: Harness, order: StoredOrder) -> Columns:
    """A credit memo of all of an order that the shop has sent and F&O has invoiced."""
    harness.commerce.ship(order)
    harness.dynamics.invoice(
        harness.header(order)["SalesOrderNumber"], COMPANY, tax=order.amount("tax_amount")
    )
    return harness.commerce.refund(order)


async def invoiced(harness: Harness, **wishes: Any) -> tuple[StoredOrder, dict[str, Any]]:
    """An order in D365, and its invoice of all of it, which nobody has heard of yet."""
    order = harness.place(**wishes)
    await harness.delivers(order)
    return order, harness.commerce.invoice(order)


def amounts(lines: list[Record], *names: str) -> Decimal:
    return sum((line[name] for line in lines for name in names), Decimal(0))


@in_harness(**books("free-text-invoice"))
async def test_a_captured_invoice_is_a_free_text_invoice_of_its_total(harness: Harness) -> None:
    _, invoice = await invoiced(harness)
    await notify(harness, "invoices", invoice)
    (header,) = rows(harness, "FreeTextInvoiceHeaders")
    lines = rows(harness, "FreeTextInvoiceLines")
    assert {line["ParentRecId"] for line in lines} == {header["InvoiceIdentifier"]}
    net = invoice["grand_total"] - invoice["tax_amount"]
    assert amounts(lines, "TransactionCurrencyAmount") == net
    assert not rows(harness, "CustomerPaymentJournalLines")
    claim = await harness.claim(key_of(invoice), "invoices")
    assert (claim.state, claim.number) == (State.DELIVERED, f"FTI {header['InvoiceIdentifier']}")


@in_harness(**books("payment-journal"))
async def test_a_captured_invoice_is_a_payment_of_its_total(harness: Harness) -> None:
    order, invoice = await invoiced(harness)
    await notify(harness, "invoices", invoice)
    (line,) = rows(harness, "CustomerPaymentJournalLines")
    assert line["CreditAmount"] == invoice["grand_total"]
    assert line["PaymentReference"] == f"{order.row['store_id']}-I{invoice['increment_id']}"
    assert not rows(harness, "FreeTextInvoiceHeaders")


@in_harness(**books("both"))
async def test_both_are_made_where_the_recipe_says_so(harness: Harness) -> None:
    _, invoice = await invoiced(harness)
    await notify(harness, "invoices", invoice)
    assert len(rows(harness, "FreeTextInvoiceHeaders")) == 1
    (line,) = rows(harness, "CustomerPaymentJournalLines")
    claim = await harness.claim(key_of(invoice), "invoices")
    assert claim.number.endswith(f"journal {line['JournalBatchNumber']} line 1")


@pytest.mark.parametrize("times", [2, 3])
@in_harness(**books("both", refunds=True))
async def test_documents_seen_again_are_booked_once(harness: Harness, times: int) -> None:
    order, invoice = await invoiced(harness)
    memo = returned(harness, order)
    for _ in range(times):
        await notify(harness, "invoices", invoice)
        await notify(harness, "creditmemos", memo)
    assert [
        len(rows(harness, table)) for table in ("FreeTextInvoiceHeaders", "ReturnOrderHeadersV2")
    ] == [1, 1]
    assert len(rows(harness, "CustomerPaymentJournalLines")) == 2
    assert await harness.events(key_of(invoice), "invoices") == [
        "created",
        *["unchanged"] * (times - 1),
    ]


@in_harness(**books("free-text-invoice"))
async def test_an_invoice_that_overtakes_its_order_has_it_delivered_first(harness: Harness) -> None:
    order = harness.place()
    invoice = harness.commerce.invoice(order)
    await notify(harness, "invoices", invoice)
    assert harness.header(order)["SalesOrderNumber"]
    assert len(rows(harness, "FreeTextInvoiceHeaders")) == 1


@in_harness(**books("free-text-invoice"))
async def test_an_open_invoice_waits_until_it_is_captured(harness: Harness) -> None:
    order = harness.place()
    invoice = harness.commerce.invoice(order, captured=False)
    await notify(harness, "invoices", invoice)
    assert not rows(harness, "FreeTextInvoiceHeaders")
    harness.commerce.capture(invoice)
    await notify(harness, "invoices", invoice)
    assert len(rows(harness, "FreeTextInvoiceHeaders")) == 1


@in_harness(**books())
async def test_a_credit_memo_is_a_return_order_of_the_lots_that_were_sold(harness: Harness) -> None:
    order, _ = await invoiced(harness)
    memo = returned(harness, order)
    await notify(harness, "creditmemos", memo)
    (header,) = rows(harness, "ReturnOrderHeadersV2")
    lines = rows(harness, "ReturnOrderLinesV2")
    assert -amounts(lines, "LineAmount") == memo["grand_total"] - memo["tax_amount"]
    sold = {
        line["ItemNumber"]: line["InventoryLotId"]
        for line in harness.dynamics.lines(COMPANY, harness.header(order)["SalesOrderNumber"])
    }
    for line in lines:
        expected = "" if line["ItemNumber"] == "FREIGHT" else sold[line["ItemNumber"]]
        assert line.values.get("ReturningInventoryLotId", "") == expected
    claim = await harness.claim(key_of(memo), "creditmemos")
    assert header["ReturnOrderNumber"] in claim.number


@in_harness(**books("payment-journal", "free-text-credit", refunds=True))
async def test_a_credit_memo_is_a_negative_invoice_and_a_debit_where_the_recipe_says_so(
    harness: Harness,
) -> None:
    order, _ = await invoiced(harness)
    memo = returned(harness, order)
    await notify(harness, "creditmemos", memo)
    assert (
        -amounts(rows(harness, "FreeTextInvoiceLines"), "TransactionCurrencyAmount")
        == memo["grand_total"] - memo["tax_amount"]
    )
    (line,) = rows(harness, "CustomerPaymentJournalLines")
    assert line["DebitAmount"] == memo["grand_total"]


@pytest.mark.parametrize("included", ["Yes", "No"])
@in_harness(**books())
async def test_a_return_is_priced_as_its_account_is_charged_whatever_the_store_says(
    harness: Harness, included: str
) -> None:
    order, _ = await invoiced(harness)
    account = harness.dynamics.store.find(
        "CustTable", COMPANY, harness.header(order)["OrderingCustomerAccountNumber"]
    )
    assert account is not None
    harness.dynamics.store.update("CustTable", account, {"IsSalesTaxIncludedInPrices": included})
    memo = returned(harness, order)
    await notify(harness, "creditmemos", memo)
    credited = -amounts(rows(harness, "ReturnOrderLinesV2"), "LineAmount")
    on_top = Decimal(0) if included == "Yes" else memo["tax_amount"]
    assert memo["tax_amount"] > 0
    assert credited + on_top == memo["grand_total"]


@pytest.mark.parametrize(
    "path",
    [
        "FreeTextInvoiceHeaders",
        "$batch",
        "CustomerPaymentJournalHeaders",
        "CustomerPaymentJournalLines",
    ],
)
@in_harness(**books("both"))
async def test_a_lost_answer_makes_no_second_document(harness: Harness, path: str) -> None:
    _, invoice = await invoiced(harness)
    harness.ledger_dials.next(Kind.LOST, path=path, writes=True)
    await notify(harness, "invoices", invoice)
    assert len(rows(harness, "FreeTextInvoiceHeaders")) == 1
    assert len(rows(harness, "CustomerPaymentJournalLines")) == 1
    assert not await harness.parked("invoices")


@in_harness(**books("free-text-invoice", "return-order"))
async def test_what_cannot_be_booked_is_parked_before_anything_is_asked_of_d365(
    harness: Harness,
) -> None:
    order, invoice = await invoiced(harness)
    invoice["grand_total"] += 7
    asked = sum(harness.dynamics.requests.values())
    await notify(harness, "invoices", invoice)
    assert await harness.parked("invoices") == [key_of(invoice)]
    assert sum(harness.dynamics.requests.values()) == asked
    assert len(harness.headers(order)) == 1


async def posted_return(harness: Harness, *, too_much: str) -> Mapping[str, Any]:
    """A credit memo whose return F&O has posted as a credit note, with so much more tax; read back
    by a poll."""
    order, _ = await invoiced(harness)
    memo = returned(harness, order)
    await notify(harness, "creditmemos", memo)
    (header,) = rows(harness, "ReturnOrderHeadersV2")
    harness.dynamics.post_return(
        header["ReturnOrderNumber"], COMPANY, tax=memo["tax_amount"] + Decimal(too_much)
    )
    await harness.polls("posted_invoices")
    await harness.works_until_idle()
    return memo


@in_harness(**{**books(), "flows": (*FLOWS, "posted_invoices")})
async def test_a_credit_note_that_f_o_posted_is_told_in_the_memo_s_trail(harness: Harness) -> None:
    memo = await posted_return(harness, too_much="0")
    assert (await harness.events(key_of(memo), "creditmemos"))[-1] == "posted"
    assert not await harness.parked("posted_invoices")


@in_harness(**{**books(), "flows": (*FLOWS, "posted_invoices")})
async def test_a_credit_note_of_more_than_the_shop_gave_back_is_shown_to_a_person(
    harness: Harness,
) -> None:
    memo = await posted_return(harness, too_much="1.00")
    (parked,) = await harness.parked("posted_invoices")
    reason = (await harness.claim(parked, "posted_invoices")).reason
    assert f"credit memo {memo['increment_id']}" in reason
    assert "difference 1.00" in reason
