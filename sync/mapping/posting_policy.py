"""Whether an order is posted now: its state, how far its payment has come, its age; and whose its
documents are. Pure."""

from datetime import datetime, timedelta

from sync.commerce.models.invoice import MoneyDocument
from sync.commerce.models.order import Order, utc
from sync.config.connections import Orders, Posting
from sync.core.errors import Never
from sync.core.money import CENT, ZERO
from sync.core.skipped import Skipped, Waiting

WAITING_STATES = {
    "pending_payment": "its payment is pending at the gateway",
    "payment_review": "its payment is under review",
    "holded": "it is on hold in Commerce",
}
"""States in which an order is not exported: it may still fall through, or a person stopped it."""


def is_cancelled(order: Order) -> bool:
    """Cancelled as a whole. An order that was invoiced in part before it was cancelled is not:
    money did flow, or cards and credit paid for it, which no total shows."""
    is_charged = order.total_invoiced or order.total_paid
    return order.state == "canceled" and not (
        is_charged or any(item.qty_invoiced for item in order.items)
    )


def is_rejected(order: Order) -> bool:
    """Commerce accepted it at first and could not place it (asynchronous order placement): there is
    no such order."""
    return "rejected" in (order.state, order.status)


def on_hold(order: Order, settings: Orders) -> str:
    """Why an order waits in Commerce, in an operator's words; empty when it does not."""
    if order.state in WAITING_STATES:
        return f"{WAITING_STATES[order.state]} (state {order.state})"
    if order.status in settings.hold_statuses:
        return f"its status is {order.status}, which holds orders (orders.hold_statuses)"
    return ""


def is_captured(order: Order) -> bool:
    """Everything that is to be paid has been paid (nothing, for a free order): what was cancelled
    never is, and a cent may stay due although all is invoiced (measured: three invoices with
    untaxed fixed product tax and a coupon)."""
    due = order.grand_total - order.total_canceled - order.total_paid
    return due <= (CENT if order.total_paid else ZERO)


def is_authorised(order: Order) -> bool:
    """The gateway has promised the money, or some has come."""
    promised = order.payment.amount_authorized or order.payment.base_amount_authorized
    return bool(promised > ZERO or order.total_paid > ZERO or is_captured(order))


def not_now(order: Order, settings: Orders, now: datetime) -> Skipped | None:
    """Why the order is not posted now; None when it is. A later change looks again."""
    if reason := on_hold(order, settings):
        return Waiting(reason)
    if order.status == "received":
        return Waiting("Commerce has not finished placing it (status received)")
    posting = _posting(order, settings)
    method = order.payment.method or "(no method)"
    if is_never_posted(order, settings):
        return Skipped(f"orders paid by {method} are never posted (orders.posting)")
    if posting is Posting.CAPTURED and not is_captured(order):
        wanted = order.grand_total - order.total_canceled
        paid = f"{order.total_paid} of {wanted} {order.order_currency_code}"
        return Waiting(f"paid {paid}; {method} is posted when captured")
    if posting is Posting.AUTHORISED and not is_authorised(order):
        return Waiting(f"{method} is not authorised yet")
    return _too_old(order, settings, now)


def before_our_time(order: Order, settings: Orders) -> str:
    """Why an order is none of ours: somebody entered it into D365 before this connection took over.
    Empty where it is."""
    start, placed = settings.placed_from, order.placed_at
    if start is None or placed is None or placed >= start:
        return ""
    return (
        f"placed {placed:%Y-%m-%d %H:%M} UTC, before this connection took over (orders.placed_from"
        f" = {start.isoformat()})"
    )


def old_document(document: MoneyDocument, settings: Orders) -> str:
    """Why a document is none of ours: it is as old as orders of before our time, and was dealt with
    when they were.

    Not one that changed since and may have been captured only then: there is no time of capture. A
    refund changes an invoice too; that one had been paid.
    """
    start, made, changed = settings.placed_from, utc(document.created_at), utc(document.updated_at)
    if start is None or made is None or made >= start:
        return ""
    if changed is not None and changed >= start and not document.raw.get("is_used_for_refund"):
        return ""
    return f"made {made:%Y-%m-%d %H:%M} UTC, before this connection took over (orders.placed_from)"


def must_be_of_our_time(document: MoneyDocument, order: Order, settings: Orders) -> None:
    """Raise `Never` where somebody else entered the order: whether he books its money as well is
    not known to us."""
    if reason := before_our_time(order, settings):
        raise Never(
            f"{document.label} is of order {order.increment_id}, which was {reason}",
            remedy=(
                "Book it in D365 where that order was entered, and leave this one; or replay it,"
                " and it is booked from here."
            ),
        )


def not_sold(document: MoneyDocument, order: Order, reason: str) -> Never:
    """The fault of a document whose order is left alone for `reason`: F&O invoices nothing of it
    unless somebody else entered it, which is not known to us, nor who books its money."""
    return Never(
        f"{document.label} is of order {order.increment_id}, which is no sales order in D365:"
        f" {reason}",
        remedy=(
            "Book it in D365 where that order was entered, and leave this one. To send the order,"
            " change the setting that keeps it out, then replay first the order and then this one."
            " Replayed alone, it is booked from here without its order."
        ),
    )


def is_never_posted(order: Order, settings: Orders) -> bool:
    """Whether orders of its payment method stay out of D365 for good."""
    return _posting(order, settings) is Posting.NEVER


def _posting(order: Order, settings: Orders) -> Posting:
    payment = settings.payments.get(order.payment.method) or settings.payments.get("*")
    return payment.posting if payment and payment.posting is not None else settings.posting


def _too_old(order: Order, settings: Orders, now: datetime) -> Skipped | None:
    placed = order.placed_at
    if (
        settings.oldest_days is None
        or placed is None
        or now - placed <= timedelta(days=settings.oldest_days)
    ):
        return None
    limit = f"orders.oldest_days = {settings.oldest_days}"
    return Skipped(f"placed {placed:%Y-%m-%d}, before the oldest day that is posted ({limit})")
