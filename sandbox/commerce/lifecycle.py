"""What happens to an order after it was placed: the rules of hold and cancel on stored columns.

Each changes the order in place and moves `updated_at`; whether it may happen is asked before. Money
columns that are not named here never change after placing (measured, see `commerce-money.md`,
section 10).
"""

from datetime import datetime

from sandbox.commerce.order_rows import to_invoice, to_refund, to_ship
from sandbox.commerce.records import Columns, StoredOrder, amount, stamp
from sync.core.money import stored

ENDED = frozenset({"canceled", "complete", "closed"})
STATUSES: dict[str, tuple[str, ...]] = {
    "new": ("pending",),
    "pending_payment": ("pending_payment",),
    "payment_review": ("payment_review", "fraud"),
    "processing": ("processing", "fraud"),
    "complete": ("complete",),
    "closed": ("closed",),
    "canceled": ("canceled",),
    "holded": ("holded",),
}
"""The factory statuses of each state, the default one first."""


def touch(order: StoredOrder, now: datetime) -> None:
    """The row itself changed: its time of change moves, to the second."""
    order.row["updated_at"] = stamp(now)


def set_state(order: StoredOrder, state: str) -> None:
    """A state with its default status."""
    order.row["state"], order.row["status"] = state, STATUSES[state][0]


def can_hold(order: StoredOrder) -> bool:
    """Whether an order can be put on hold."""
    return order.row["state"] not in ENDED | {"payment_review", "holded"}


def hold(order: StoredOrder, now: datetime) -> None:
    """Put on hold; what it was before is kept."""
    order.row |= {
        "hold_before_state": order.row["state"],
        "hold_before_status": order.row["status"],
    }
    set_state(order, "holded")
    touch(order, now)


def can_unhold(order: StoredOrder) -> bool:
    """Whether it is on hold."""
    return bool(order.row["state"] == "holded")


def unhold(order: StoredOrder, now: datetime) -> None:
    """Back to what it was before."""
    order.row["state"], order.row["status"] = (
        order.row["hold_before_state"],
        order.row["hold_before_status"],
    )
    order.row["hold_before_state"] = order.row["hold_before_status"] = None
    touch(order, now)


def can_cancel(order: StoredOrder) -> bool:
    """Whether something is left that can be cancelled."""
    if order.row["state"] in ENDED | {"payment_review", "holded"}:
        return False
    return any(to_invoice(order, item) for item in order.items)


def cancel(order: StoredOrder, now: datetime) -> None:
    """Cancel what is not invoiced. `total_due` keeps showing it, as the shop does.

    An order of which something is invoiced and not refunded lives on: it is processed further, or
    complete.
    """
    for side in ("", "base_"):
        row = order.row
        for name in ("subtotal", "tax", "shipping"):
            whole = amount(row, f"{side}{name}" if name == "subtotal" else f"{side}{name}_amount")
            row[f"{side}{name}_canceled"] = whole - amount(row, f"{side}{name}_invoiced")
        taken = amount(row, f"{side}discount_amount") - amount(row, f"{side}discount_invoiced")
        row[f"{side}discount_canceled"] = abs(taken)
        row[f"{side}total_canceled"] = amount(row, f"{side}grand_total") - amount(
            row, f"{side}total_invoiced"
        )
    state = "canceled"
    for item in order.items:
        if to_refund(order, item) and state != "processing":
            state = "processing" if to_ship(item) > to_invoice(order, item) else "complete"
        _cancel_item(order, item, now)
    set_state(order, state)
    touch(order, now)


def _cancel_item(order: StoredOrder, item: Columns, now: datetime) -> None:
    """What is cancelled of an item's tax and compensation is its part of them, not rounded to the
    cent."""
    open_qty = min(to_invoice(order, item), to_ship(item))
    item |= {"qty_canceled": open_qty, "updated_at": stamp(now)}
    if not open_qty:
        return
    part = open_qty / amount(item, "qty_ordered")
    item["tax_canceled"] = stored(amount(item, "base_tax_amount") * part)
    if item.get("discount_tax_compensation_amount") is not None:
        item["discount_tax_compensation_canceled"] = stored(
            amount(item, "discount_tax_compensation_amount") * part
        )


def can_invoice(order: StoredOrder) -> bool:
    """Whether there is something to invoice and nothing in the way."""
    return can_cancel(order) and order.row["state"] != "pending_payment"
