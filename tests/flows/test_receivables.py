"""Invoices and credit memos on the road: by every recipe each becomes what it should, once, and comes to its total."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from sync.road.ledger import State
from sync.sandbox.commerce.records import Columns, StoredOrder
from sync.sandbox.dials import Kind
from sync.sandbox.dynamics.store import Record
from tests.house import House, in_house
from tests.site import COMPANY

FLOWS = ("orders", "customers", "invoices", "creditmemos")
BOOKS: Mapping[str, Any] = {
    "revenue_account": "401000", "banks": {"*": "USMF OPER"}, "accounts": {"shipping": "401100", "gift_cards": "401200"},
}  # fmt: skip


def books(invoices: str = "payment-journal", memos: str = "return-order", *, refunds: bool = False) -> dict[str, Any]:
    """Settings of a connection with these recipes."""
    return {
        "flows": FLOWS,
        "invoices": {**BOOKS, "recipe": invoices},
        "creditmemos": {"recipe": memos, "refund_payment": refunds},
    }


def rows(house: House, table: str) -> list[Record]:
    """The ledger's rows of a table, in the order in which they were made."""
    return [row for row in house.dynamics.store.table(table).records.values() if row["dataAreaId"] == COMPANY]


def key_of(document: Mapping[str, Any]) -> str:
    return f"{document['increment_id']}@{document['store_id']}"


async def hears(house: House, flow: str, document: Mapping[str, Any]) -> None:
    """The shop's webhook for a document comes in and is worked off."""
    name = {"invoices": "invoice", "creditmemos": "creditmemo"}[flow]
    record = {"increment_id": document["increment_id"], "store_id": document["store_id"]}
    await house.hook(flow, {"data": {name: record}})
    await house.works_until_idle()


def returned(house: House, order: StoredOrder) -> Columns:
    """A credit memo of all of an order that the shop has sent and F&O has invoiced."""
    house.commerce.ship(order)
    house.dynamics.invoice(house.header(order)["SalesOrderNumber"], COMPANY, tax=order.amount("tax_amount"))
    return house.commerce.refund(order)


async def invoiced(house: House, **wishes: Any) -> tuple[StoredOrder, dict[str, Any]]:
    """An order in D365, and its invoice of all of it, which nobody has heard of yet."""
    order = house.place(**wishes)
    await house.delivers(order)
    return order, house.commerce.invoice(order)


def amounts(lines: list[Record], *names: str) -> Decimal:
    return sum((line[name] for line in lines for name in names), Decimal(0))


@in_house(**books("free-text-invoice"))
async def test_a_captured_invoice_is_a_free_text_invoice_of_its_total(house: House) -> None:
    _, invoice = await invoiced(house)
    await hears(house, "invoices", invoice)
    (header,) = rows(house, "FreeTextInvoiceHeaders")
    lines = rows(house, "FreeTextInvoiceLines")
    assert {line["ParentRecId"] for line in lines} == {header["InvoiceIdentifier"]}
    net = invoice["grand_total"] - invoice["tax_amount"]
    assert amounts(lines, "TransactionCurrencyAmount") == net
    assert not rows(house, "CustomerPaymentJournalLines")
    claim = await house.claim(key_of(invoice), "invoices")
    assert (claim.state, claim.number) == (State.DELIVERED, f"FTI {header['InvoiceIdentifier']}")


@in_house(**books("payment-journal"))
async def test_a_captured_invoice_is_a_payment_of_its_total(house: House) -> None:
    order, invoice = await invoiced(house)
    await hears(house, "invoices", invoice)
    (line,) = rows(house, "CustomerPaymentJournalLines")
    assert line["CreditAmount"] == invoice["grand_total"]
    assert line["PaymentReference"] == f"{order.row['store_id']}-I{invoice['increment_id']}"
    assert not rows(house, "FreeTextInvoiceHeaders")


@in_house(**books("both"))
async def test_both_are_made_where_the_recipe_says_so(house: House) -> None:
    _, invoice = await invoiced(house)
    await hears(house, "invoices", invoice)
    assert len(rows(house, "FreeTextInvoiceHeaders")) == 1
    (line,) = rows(house, "CustomerPaymentJournalLines")
    claim = await house.claim(key_of(invoice), "invoices")
    assert claim.number.endswith(f"journal {line['JournalBatchNumber']} line 1")


@pytest.mark.parametrize("times", [2, 3])
@in_house(**books("both", refunds=True))
async def test_documents_seen_again_are_booked_once(house: House, times: int) -> None:
    order, invoice = await invoiced(house)
    memo = returned(house, order)
    for _ in range(times):
        await hears(house, "invoices", invoice)
        await hears(house, "creditmemos", memo)
    assert [len(rows(house, table)) for table in ("FreeTextInvoiceHeaders", "ReturnOrderHeadersV2")] == [1, 1]
    assert len(rows(house, "CustomerPaymentJournalLines")) == 2
    assert await house.events(key_of(invoice), "invoices") == ["created", *["unchanged"] * (times - 1)]


@in_house(**books("free-text-invoice"))
async def test_an_invoice_that_overtakes_its_order_has_it_delivered_first(house: House) -> None:
    order = house.place()
    invoice = house.commerce.invoice(order)
    await hears(house, "invoices", invoice)
    assert house.header(order)["SalesOrderNumber"]
    assert len(rows(house, "FreeTextInvoiceHeaders")) == 1


@in_house(**books("free-text-invoice"))
async def test_an_open_invoice_waits_until_it_is_captured(house: House) -> None:
    order = house.place()
    invoice = house.commerce.invoice(order, captured=False)
    await hears(house, "invoices", invoice)
    assert not rows(house, "FreeTextInvoiceHeaders")
    house.commerce.capture(invoice)
    await hears(house, "invoices", invoice)
    assert len(rows(house, "FreeTextInvoiceHeaders")) == 1


@in_house(**books())
async def test_a_credit_memo_is_a_return_order_of_the_lots_that_were_sold(house: House) -> None:
    order, _ = await invoiced(house)
    memo = returned(house, order)
    await hears(house, "creditmemos", memo)
    (header,) = rows(house, "ReturnOrderHeadersV2")
    lines = rows(house, "ReturnOrderLinesV2")
    assert -amounts(lines, "LineAmount") == memo["grand_total"] - memo["tax_amount"]
    sold = {
        line["ItemNumber"]: line["InventoryLotId"]
        for line in house.dynamics.lines(COMPANY, house.header(order)["SalesOrderNumber"])
    }
    for line in lines:
        expected = "" if line["ItemNumber"] == "FREIGHT" else sold[line["ItemNumber"]]
        assert line.values.get("ReturningInventoryLotId", "") == expected
    claim = await house.claim(key_of(memo), "creditmemos")
    assert header["ReturnOrderNumber"] in claim.number


@in_house(**books("payment-journal", "free-text-credit", refunds=True))
async def test_a_credit_memo_is_a_negative_invoice_and_a_debit_where_the_recipe_says_so(house: House) -> None:
    order, _ = await invoiced(house)
    memo = returned(house, order)
    await hears(house, "creditmemos", memo)
    assert (
        -amounts(rows(house, "FreeTextInvoiceLines"), "TransactionCurrencyAmount")
        == memo["grand_total"] - memo["tax_amount"]
    )
    (line,) = rows(house, "CustomerPaymentJournalLines")
    assert line["DebitAmount"] == memo["grand_total"]


@pytest.mark.parametrize("included", ["Yes", "No"])
@in_house(**books())
async def test_a_return_is_priced_as_its_account_is_charged_whatever_the_store_says(
    house: House, included: str
) -> None:
    order, _ = await invoiced(house)
    account = house.dynamics.store.find("CustTable", COMPANY, house.header(order)["OrderingCustomerAccountNumber"])
    assert account is not None
    house.dynamics.store.update("CustTable", account, {"IsSalesTaxIncludedInPrices": included})
    memo = returned(house, order)
    await hears(house, "creditmemos", memo)
    credited = -amounts(rows(house, "ReturnOrderLinesV2"), "LineAmount")
    on_top = Decimal(0) if included == "Yes" else memo["tax_amount"]
    assert memo["tax_amount"] > 0
    assert credited + on_top == memo["grand_total"]


@pytest.mark.parametrize(
    "path", ["FreeTextInvoiceHeaders", "$batch", "CustomerPaymentJournalHeaders", "CustomerPaymentJournalLines"]
)
@in_house(**books("both"))
async def test_a_lost_answer_makes_no_second_document(house: House, path: str) -> None:
    _, invoice = await invoiced(house)
    house.ledger_dials.next(Kind.LOST, path=path, writes=True)
    await hears(house, "invoices", invoice)
    assert len(rows(house, "FreeTextInvoiceHeaders")) == 1
    assert len(rows(house, "CustomerPaymentJournalLines")) == 1
    assert not await house.parked("invoices")


@in_house(**books("free-text-invoice", "return-order"))
async def test_what_cannot_be_booked_is_parked_before_anything_is_asked_of_d365(house: House) -> None:
    order, invoice = await invoiced(house)
    invoice["grand_total"] += 7
    asked = sum(house.dynamics.requests.values())
    await hears(house, "invoices", invoice)
    assert await house.parked("invoices") == [key_of(invoice)]
    assert sum(house.dynamics.requests.values()) == asked
    assert len(house.headers(order)) == 1


async def posted_return(house: House, *, too_much: str) -> Mapping[str, Any]:
    """A credit memo whose return F&O has posted as a credit note, with so much more tax; read back by a poll."""
    order, _ = await invoiced(house)
    memo = returned(house, order)
    await hears(house, "creditmemos", memo)
    (header,) = rows(house, "ReturnOrderHeadersV2")
    house.dynamics.post_return(header["ReturnOrderNumber"], COMPANY, tax=memo["tax_amount"] + Decimal(too_much))
    await house.polls("postings")
    await house.works_until_idle()
    return memo


@in_house(**{**books(), "flows": (*FLOWS, "postings")})
async def test_a_credit_note_that_f_o_posted_is_told_in_the_memo_s_trail(house: House) -> None:
    memo = await posted_return(house, too_much="0")
    assert (await house.events(key_of(memo), "creditmemos"))[-1] == "posted"
    assert not await house.parked("postings")


@in_house(**{**books(), "flows": (*FLOWS, "postings")})
async def test_a_credit_note_of_more_than_the_shop_gave_back_is_shown_to_a_person(house: House) -> None:
    memo = await posted_return(house, too_much="1.00")
    (parked,) = await house.parked("postings")
    reason = (await house.claim(parked, "postings")).reason
    assert f"credit memo {memo['increment_id']}" in reason
    assert "difference 1.00" in reason
