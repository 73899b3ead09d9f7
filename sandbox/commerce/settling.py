"""In which state an order is after money moved: invoiced, paid, sent and given back."""

from sandbox.commerce.lifecycle import set_state
from sandbox.commerce.order_rows import is_shipped_by, to_invoice, to_ship
from sandbox.commerce.records import StoredOrder, amount
from sync.core.money import ZERO, rounded


def may_refund(order: StoredOrder) -> bool:
    """Whether the shop sees money left to give back. A rest that is exactly the fee withheld counts
    as none."""
    rest = rounded(order.amount("total_paid")) - order.amount("total_refunded")
    return rest not in {ZERO, order.amount("adjustment_negative")}


def settle(order: StoredOrder) -> None:
    """Set the state (and its default status) that follows from the order's counters."""
    state = order.row["state"]
    if state in {"holded", "canceled"}:
        return
    if any(to_invoice(order, item) for item in order.items):
        state = "processing"
    elif order.amount("total_refunded") and not may_refund(order):
        state = "closed"
    else:
        state = "processing" if _to_be_sent(order) else "complete"
    if state != order.row["state"]:
        set_state(order, state)


def processed(order: StoredOrder) -> None:
    """An order in process shows so: a status of the shop's own is replaced by each invoice and by
    the first shipment, not by a later one (live)."""
    if order.row["state"] == "processing":
        set_state(order, "processing")


def _to_be_sent(order: StoredOrder) -> bool:
    if order.row["is_virtual"]:
        return False
    tangible = [item for item in order.items if is_shipped_by(order, item)]
    if not any(to_ship(item) for item in tangible):
        return False
    gone = sum(
        (amount(item, "qty_shipped") + amount(item, "qty_refunded") for item in tangible), ZERO
    )
    due = sum(
        (amount(item, "qty_ordered") - amount(item, "qty_canceled") for item in tangible), ZERO
    )
    return not order.amount("total_refunded") or gone < due
