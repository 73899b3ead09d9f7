from decimal import Decimal
from typing import Any

import pytest

from sync.core.encoding import from_json
from tests.sandbox.dynamics.conftest import Environment


async def seen(fo: Environment, path: str, **wanted: str) -> Any:
    answer = await fo.client.get(f"/sandbox/{path}", params=wanted, headers={"Authorization": ""})
    assert answer.status_code == 200
    return from_json(answer.content)


async def run(fo: Environment, document: str, number: object, **body: object) -> Any:
    wanted = {"document": document, "number": number, "company": "usmf", **body}
    answer = await fo.client.post("/sandbox/postings", json=wanted, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    return answer.json()["posted"]


async def drafted(fo: Environment, amount: int, reference: str) -> int:
    header = {"CustomerAccount": "US-001", "InvoiceDate": "2026-01-05", "CurrencyCode": "USD"}
    parent = int(
        (await fo.made("FreeTextInvoiceHeaders", **header, CustomerReference=reference))[
            "InvoiceIdentifier"
        ]
    )
    wanted = {"ParentRecId": parent, "LineNumber": 1, "MainAccountDisplayValue": "401000"}
    await fo.made("FreeTextInvoiceLines", **wanted, TransactionCurrencyAmount=amount)
    return parent


async def paid(fo: Environment, reference: str) -> str:
    number = str(
        (await fo.made("CustomerPaymentJournalHeaders", JournalName="WEBPAY"))["JournalBatchNumber"]
    )
    payment = {
        "JournalBatchNumber": number,
        "LineNumber": 1,
        "AccountDisplayValue": "US\\-001",
        "CurrencyCode": "USD",
    }
    await fo.made(
        "CustomerPaymentJournalLines", **payment, CreditAmount=5, PaymentReference=reference
    )
    return number


async def test_receivables_show_drafts_and_what_was_posted(fo: Environment) -> None:
    identifier, journal = await drafted(fo, 7, "R1"), await paid(fo, "R1")
    order = (await fo.order(CustomersOrderReference="R1"))["SalesOrderNumber"]
    await fo.line(order, SalesPrice=3)
    before = await seen(fo, "receivables", customer="US-001", reference="r1")
    assert before["transactions"] == []
    assert [(row["total"], len(row["lines"])) for row in before["free_text_invoices"]] == [(7, 1)]
    assert [row["CreditAmount"] for row in before["payments"]] == [5]
    assert await run(fo, "packing_slip", order) == ["PS-000001"]
    assert await run(fo, "sales_order", order, tax="0.3") == ["CIV-000001"]
    assert await run(fo, "free_text_invoice", identifier) == "FTI-000001"
    assert await run(fo, "journal", journal) == ["PAY-000001"]
    after = await seen(fo, "receivables", customer="US-001", reference="R1", company="usmf")
    assert [row["open"] for row in after["transactions"]] == [Decimal("3.3"), 7, -5]
    assert (after["free_text_invoices"], after["payments"]) == ([], [])


async def test_receivables_are_narrowed_by_customer_reference_and_company(fo: Environment) -> None:
    fo.state.post_free_text_invoice(await drafted(fo, 7, "R1"))
    await drafted(fo, 8, "R2")
    await paid(fo, "R2")
    whole = await seen(fo, "receivables")
    assert [len(whole[name]) for name in ("transactions", "free_text_invoices", "payments")] == [
        1,
        1,
        1,
    ]
    for wanted in ({"customer": "US-002"}, {"reference": "R3"}, {"company": "dat"}):
        other = await seen(fo, "receivables", **wanted)
        assert not any(other.values())
    named = await seen(fo, "receivables", reference="FTI-000001")
    assert [len(named[name]) for name in ("transactions", "free_text_invoices", "payments")] == [
        1,
        0,
        0,
    ]


async def test_credit_notes_show_returns_negative_drafts_and_what_was_posted(
    fo: Environment,
) -> None:
    await drafted(fo, 7, "CM-1")
    await drafted(fo, -7, "CM-1")
    header = {
        "CustomerAccountNumber": "US-001",
        "DefaultReturnSiteId": "1",
        "CustomersOrderReference": "CM-1",
    }
    number = (await fo.made("ReturnOrderHeadersV2", **header))["ReturnOrderNumber"]
    body = {"ReturnOrderNumber": number, "ItemNumber": "A0002", "ReturnSalesQuantity": -1}
    await fo.made("ReturnOrderLinesV2", **body)
    before = await seen(fo, "credit_notes", reference="CM-1", customer="US-001")
    assert before["posted"] == []
    assert [row["total"] for row in before["returns"]] == [Decimal("-9.99")]
    assert [row["total"] for row in before["free_text_invoices"]] == [-7]
    assert await run(fo, "return_receipt", number) is None
    assert await run(fo, "return", number) == "CCN-000001"
    after = await seen(fo, "credit_notes", reference="CM-1")
    assert [row["InvoiceAmount"] for row in after["posted"]] == [Decimal("-9.99")]
    assert [row["ReturnStatus"] for row in after["returns"]] == ["Closed"]
    assert not any((await seen(fo, "credit_notes", reference="CM-2")).values())


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"document": "order", "number": "1"}, "documents are packing_slip, sales_order"),
        ({"document": "journal"}, "'number'"),
        ({"document": "journal", "number": "9"}, "JournalBatchNumber 9: 0 rows"),
        ({"document": "free_text_invoice", "number": "x"}, "invalid literal"),
        ({"document": "sales_order", "number": "1", "tax": "much"}, "each with its number"),
        ([], "each with its number"),
    ],
)
async def test_a_posting_that_cannot_be_is_explained(
    fo: Environment, wanted: Any, words: str
) -> None:
    answer = await fo.client.post("/sandbox/postings", json=wanted)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


async def test_a_document_of_two_companies_is_named_with_its_own(fo: Environment) -> None:
    await paid(fo, "R1")
    fo.state.put(
        "CustomerPaymentJournalHeaders",
        dataAreaId="dat",
        JournalBatchNumber="00001",
        JournalName="WEBPAY",
    )
    answer = await fo.client.post(
        "/sandbox/postings", json={"document": "journal", "number": "00001"}
    )
    assert "2 rows of CustomerPaymentJournalHeaders fit, name the company" in answer.json()["error"]
    assert await run(fo, "journal", "00001") == ["PAY-000001"]


async def test_a_reset_forgets_writers_and_numbers(fo: Environment) -> None:
    await paid(fo, "R1")
    await fo.client.post("/sandbox/reset")
    assert (fo.state.payments_for("R1"), fo.state.journal_writers) == ([], {})
    assert await paid(fo, "R1") == "00001"
