"""F&O's side of invoices and credit memos, computed anew from the bodies of the requests alone, in
exact fractions."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sync.core.request import Request
from sync.preview.previewed import Preview
from tests.mapping.fno import half_up, has_cents_at_most

TENDERS = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")


def bodies(requests: Sequence[Request], entity: str) -> list[Mapping[str, Any]]:
    """What is posted to an entity set."""
    return [request.body or {} for request in requests if request.path == f"/data/{entity}"]


def _charged_on_top(document: Mapping[str, Any], *, gross: bool) -> Fraction:
    return Fraction(0) if gross else Fraction(str(document.get("tax_amount") or 0))


def tendered(document: Mapping[str, Any]) -> Fraction:
    """What was paid with, or given back to, gift cards and credit."""
    extension = document.get("extension_attributes") or {}
    return sum((abs(Fraction(str(extension.get(name) or 0))) for name in TENDERS), Fraction(0))


def free_text_total(
    requests: Sequence[Request], document: Mapping[str, Any], *, is_memo: bool
) -> Fraction:
    """What a free text invoice comes to; a credit note's total is negative, and so is its tax."""
    (header,) = bodies(requests, "FreeTextInvoiceHeaders")
    lines = bodies(requests, "FreeTextInvoiceLines")
    for line in lines:
        amount = half_up(Fraction(line["Quantity"]) * Fraction(line["UnitPrice"]))
        assert amount == Fraction(line["TransactionCurrencyAmount"]), line
        assert line["MainAccountDisplayValue"]
        assert has_cents_at_most(line["UnitPrice"]), line
        assert line["Quantity"] > 0
    assert [line["LineNumber"] for line in lines] == list(range(1, len(lines) + 1))
    total = sum((Fraction(line["TransactionCurrencyAmount"]) for line in lines), Fraction(0))
    tax = _charged_on_top(document, gross=header["InclTax"] == "Yes")
    return half_up(total - tax if is_memo else total + tax)


def return_total(
    requests: Sequence[Request], document: Mapping[str, Any], *, gross: bool
) -> Fraction:
    """What the credit note of a return order comes to, less what went back to gift cards and
    credit."""
    lines = bodies(requests, "ReturnOrderLinesV2")
    assert len(bodies(requests, "ReturnOrderHeadersV2")) == 1
    assert lines
    for line in lines:
        assert line["ReturnSalesQuantity"] < 0
        assert line["ItemNumber"]
        is_whole = Fraction(line["ReturnSalesQuantity"]).denominator == 1
        assert has_cents_at_most(line["SalesPrice"]) or not is_whole, line
    references = [line["ExternalItemNumber"] for line in lines]
    assert len(set(references)) == len(references)
    assert all(0 < len(reference) <= 20 for reference in references)
    credit = sum(
        (half_up(-Fraction(b["ReturnSalesQuantity"]) * Fraction(b["SalesPrice"])) for b in lines),
        Fraction(0),
    )
    return half_up(credit + _charged_on_top(document, gross=gross) - tendered(document))


def paid_total(requests: Sequence[Request]) -> Fraction:
    """Money received, negative when it was paid back."""
    (line,) = bodies(requests, "CustomerPaymentJournalLines")
    (header,) = bodies(requests, "CustomerPaymentJournalHeaders")
    assert header["JournalName"]
    assert ("CreditAmount" in line) != ("DebitAmount" in line)
    amount = line["CreditAmount"] if "CreditAmount" in line else -line["DebitAmount"]
    assert has_cents_at_most(amount)
    return Fraction(amount)


def taken_off(found: Preview) -> Fraction | None:
    """What of a credit memo is taken off its sales order instead of credited, as the preview tells
    it; None for nothing."""
    reported = [
        note.partition(" ")[0] for note in found.notes if "taken off the sales order" in note
    ]
    return Fraction(reported[0]) if reported else None


def assert_booked(
    found: Preview, document: Mapping[str, Any], *, gross: bool, is_memo: bool = False
) -> None:
    """Every document that is sent comes to the grand total by F&O's arithmetic."""
    assert found.outcome == "deliver", found.reason
    assert found.totals is not None
    assert found.totals.difference == 0
    expected = half_up(Fraction(str(document["grand_total"])))
    assert Fraction(found.totals.commerce) == expected
    taken = taken_off(found)
    if bodies(found.requests, "FreeTextInvoiceHeaders"):
        total = free_text_total(found.requests, document, is_memo=is_memo)
        assert total == (-expected if is_memo else expected)
    if bodies(found.requests, "ReturnOrderHeadersV2") and taken is None:
        assert return_total(found.requests, document, gross=gross) == expected
    elif (
        bodies(found.requests, "ReturnOrderHeadersV2")
        and gross
        and taken
        and not tendered(document)
    ):
        assert return_total(found.requests, document, gross=gross) == expected - taken
    if bodies(found.requests, "CustomerPaymentJournalHeaders"):
        assert paid_total(found.requests) == (-expected if is_memo else expected)
    assert found.requests or taken == expected
