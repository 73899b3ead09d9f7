from decimal import Decimal
from typing import Any

import pytest

from sandbox.demo.cash import INVOICE, REFUND, Entry, FinanceDocument, settled
from sandbox.demo.company_orders import on_company_accounts
from sandbox.demo.invoicing import part_of

INVOICED = FinanceDocument(
    INVOICE, "000000003", "USD", grand_total=Decimal("10.83"), tax=Decimal("0.83"), paid=Decimal(0)
)
GIVEN_BACK = FinanceDocument(
    REFUND,
    "000000004",
    "USD",
    grand_total=Decimal("3.17"),
    tax=Decimal("0.42"),
    paid=Decimal("2.25"),
)
PAYMENT = Entry("INV-000000003", "journal J1 line 1", "USD", Decimal("10.83"), includes_tax=True)
RETURN = Entry(
    "CM-000000004", "return order R1", "USD", Decimal("-5.00"), includes_tax=False, is_net=False
)


def payment(**changes: Any) -> Entry:
    return Entry(**{**PAYMENT.__dict__, **changes})


def reported(documents: list[FinanceDocument], entries: list[Entry]) -> list[str]:
    return [
        f"{finding.record} {finding.what}" for finding in settled("outdoor", documents, entries)[1]
    ]


def test_documents_that_agree_come_to_the_same_net_on_both_sides() -> None:
    rows, findings = settled("outdoor", [INVOICED, GIVEN_BACK], [PAYMENT, RETURN])
    assert not findings
    side = {"invoices": 1, "refunds": 1, "invoiced": "10.83", "refunded": "3.17", "net": "7.66"}
    assert [row.as_json() for row in rows] == [
        {
            "connection": "outdoor",
            "currency": "USD",
            "commerce": side,
            "dynamics": side,
            "difference": "0.00",
        }
    ]


@pytest.mark.parametrize(
    ("amount", "includes_tax"),
    [(Decimal("-3.17"), True), (Decimal("-2.75"), False)],
    ids=["gross", "net"],
)
def test_a_free_text_credit_has_what_went_back_otherwise_taken_off(
    amount: Decimal, includes_tax: bool
) -> None:
    entry = Entry("CM-000000004", "free text invoice 5", "USD", amount, includes_tax=includes_tax)
    assert not reported([GIVEN_BACK], [entry])


def test_a_refund_that_went_to_a_gift_card_alone_is_neither_missing_nor_of_the_wrong_sign() -> None:
    memo = FinanceDocument(
        REFUND,
        "000000004",
        "USD",
        grand_total=Decimal(0),
        tax=Decimal("0.42"),
        paid=Decimal("5.42"),
    )
    entry = Entry("CM-000000004", "free text invoice 5", "USD", Decimal("0.42"), includes_tax=False)
    assert not reported([memo], [entry])
    assert not reported([memo], [])


@pytest.mark.parametrize(
    ("documents", "entries", "what"),
    [
        ([INVOICED], [], "invoice 000000003 is not in Dynamics: 10.83 USD"),
        (
            [INVOICED],
            [PAYMENT, payment(number="payment V2")],
            "invoice 000000003 is in Dynamics 2 times: journal J1 line 1, payment V2",
        ),
        (
            [INVOICED],
            [payment(amount=Decimal("10.82"))],
            "invoice 000000003 comes to 10.83 USD, journal J1 line 1 to 10.82: difference 0.01",
        ),
        (
            [INVOICED],
            [payment(amount=Decimal("-10.83"))],
            "invoice 000000003 comes to 10.83 USD, journal J1 line 1 to -10.83: difference 21.66",
        ),
        (
            [INVOICED],
            [payment(currency="EUR")],
            "invoice 000000003 is in USD, journal J1 line 1 in EUR",
        ),
        (
            [],
            [PAYMENT],
            "journal J1 line 1 answers no document of the shop: its reference is INV-000000003",
        ),
    ],
)
def test_whatever_is_off_in_a_receivable_is_named(
    documents: list[FinanceDocument], entries: list[Entry], what: str
) -> None:
    assert reported(documents, entries) == [what]


def test_a_company_order_on_somebody_elses_account_is_named() -> None:
    books: list[dict[str, Any]] = [
        {"increment_id": "1", "company": "Contoso Ltd"},
        {"increment_id": "2", "company": None},
    ]
    orders = [
        {"CustomersOrderReference": f"1-{number}", "InvoiceCustomerAccountNumber": "C7"}
        for number in ("1", "2")
    ]
    customers = [
        {"CustomerAccount": "C7", "OrganizationName": "Somebody"},
        {"CustomerAccount": "B2", "OrganizationName": "Contoso Ltd"},
    ]
    count, findings = on_company_accounts("outdoor", books, orders, customers)
    assert (count, [finding.what for finding in findings]) == (
        1,
        ["is Contoso Ltd's, but account C7 is charged"],
    )
    right = [{**orders[0], "InvoiceCustomerAccountNumber": "B2"}]
    assert on_company_accounts("outdoor", books, right, customers) == (1, [])


def rows(*left: str) -> list[dict[str, Any]]:
    return [{"item_id": place, "to_invoice": Decimal(qty)} for place, qty in enumerate(left, 1)]


def test_a_part_of_an_order_is_half_of_its_rows_and_never_all() -> None:
    assert part_of(rows("3", "1", "1"), "to_invoice") == {"1": "1", "3": "1"}
    assert part_of(rows("1", "1"), "to_invoice") == {"1": "1"}
    assert part_of(rows("1"), "to_invoice") == {}
    assert part_of(rows(), "to_invoice") == {}
