"""Whether an invoice or credit memo is booked at all. Pure."""

from typing import Final

from sync.commerce.models.invoice import PAID, REFUNDED, CreditMemo, Invoice
from sync.config.connections import Connection
from sync.core.skipped import Waiting
from sync.mapping.receivable_lines import Receivable


def reason_to_wait(document: Invoice | CreditMemo) -> Waiting | None:
    """Why a document is not booked yet; None when it may be."""
    if isinstance(document, Invoice):
        return None if document.state == PAID else Waiting("the invoice is not captured yet")
    return None if document.state == REFUNDED else Waiting("the credit memo is not refunded yet")


NOTHING_IN: Final = "an invoice of nothing: there is nothing to receive"
NOTHING_BACK: Final = "a credit memo of nothing: there is nothing to give back"
ON_ACCOUNT: Final = (
    "which moves no money (invoices.on_account): the receivable stays open under its terms"
)


def nothing_to_book(
    document: Invoice | CreditMemo, method: str, receivable: Receivable, connection: Connection
) -> str:
    """Why there is nothing to book for good; empty when there is something.

    An invoice that gift cards paid in full brings no money in, yet its goods are revenue.
    """
    if isinstance(document, CreditMemo):
        return NOTHING_BACK if receivable.is_nothing else ""
    is_money_only = connection.invoices.recipe == "payment-journal"
    if is_money_only and receivable.totals.commerce and not connection.invoices.moves_money(method):
        return f"paid by {method}, {ON_ACCOUNT}"
    is_nothing = not receivable.totals.commerce if is_money_only else receivable.is_nothing
    return NOTHING_IN if is_nothing else ""
