"""What an order, invoice or credit memo must be before it is mapped: amounts and facts that no real
document lacks. Pure."""

from typing import Final

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import CENT, ZERO, rounded

AMOUNTS = ("grand_total", "subtotal", "tax_amount", "shipping_amount", "shipping_tax_amount")
"""Amounts of a header that are never below zero; a discount is, and a credit memo's are what is
given back."""

TAXES = ("tax_amount", "shipping_tax_amount")
"""The last of several documents takes the remainder of rounding, up to a cent for each row and for
shipping."""

COMPARE_WITH_ORDER: Final = (
    "Compare the document with its order in Commerce, and look at the extension that writes it."
    " Correct it there and replay, or enter in D365 by hand what was really paid."
)


def must_be_sound(order: Order) -> None:
    """Raise `Never` for an order with an amount below zero, or without state and status."""
    _refuse_negative(order)
    if not order.state and not order.status:
        raise Never(
            f"order {order.increment_id}: state and status are both missing (grand_total"
            f" {order.grand_total:.2f}, total_paid {order.total_paid:.2f}, total_due"
            f" {order.total_due:.2f} {order.order_currency_code})",
            remedy=(
                "Open the order in Commerce and at what placed or changed it: an order has a state."
                " Set it there (a comment with a status does, or cancel it), then replay the order."
            ),
        )


def document_must_be_sound(document: Invoice | CreditMemo, order: Order) -> None:
    """Raise `Never` for an amount below zero, and for another currency than the order's."""
    _refuse_negative(document)
    if document.order_currency_code != order.order_currency_code:
        raise Never(
            f"{document.label}: its currency is {document.order_currency_code} (grand_total"
            f" {document.grand_total:.2f}), that of its order {order.increment_id} is"
            f" {order.order_currency_code} (grand_total {order.grand_total:.2f})",
            remedy=(
                "Look at the extension that writes the document: it has its order's currency in"
                " Commerce. Correct it there and replay, or enter it in D365 by hand."
            ),
        )


def _refuse_negative(document: Order | Invoice | CreditMemo) -> None:
    remainder = -CENT * (len(document.items) + 1)
    negative = [
        f"{name} is {getattr(document, name):.2f}"
        for name in AMOUNTS
        if rounded(getattr(document, name)) < (remainder if name in TAXES else ZERO)
    ]
    if negative:
        raise Never(
            f"{document.label}: {', '.join(negative)} {document.order_currency_code}; none of them"
            " is ever below zero",
            remedy=COMPARE_WITH_ORDER,
        )
