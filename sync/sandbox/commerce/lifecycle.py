"""What happens to an order after it was placed: the rules of hold, cancel, invoice and ship on stored columns.

Each changes the order in place and moves `updated_at`; whether it may happen is asked before. Money columns that are
not named here never change after placing (measured, see `commerce-money.md`, section 10).
"""

from datetime import datetime
from decimal import Decimal

from sync.money import ZERO
from sync.sandbox.commerce.numbering import Sequences
from sync.sandbox.commerce.records import Columns, StoredOrder, amount, stamp

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
    order.row |= {"hold_before_state": order.row["state"], "hold_before_status": order.row["status"]}
    set_state(order, "holded")
    touch(order, now)


def can_unhold(order: StoredOrder) -> bool:
    """Whether it is on hold."""
    return bool(order.row["state"] == "holded")


def unhold(order: StoredOrder, now: datetime) -> None:
    """Back to what it was before."""
    order.row["state"], order.row["status"] = order.row["hold_before_state"], order.row["hold_before_status"]
    order.row["hold_before_state"] = order.row["hold_before_status"] = None
    touch(order, now)


def can_cancel(order: StoredOrder) -> bool:
    """Whether something is left that can be cancelled."""
    if order.row["state"] in ENDED | {"payment_review", "holded"}:
        return False
    return any(amount(item, "qty_ordered") > amount(item, "qty_invoiced") for item in order.items)


def cancel(order: StoredOrder, now: datetime) -> None:
    """Cancel what is not invoiced. `total_due` keeps showing it, as the shop does."""
    for side in ("", "base_"):
        row = order.row
        for name in ("subtotal", "tax", "shipping"):
            whole = amount(row, f"{side}{name}" if name == "subtotal" else f"{side}{name}_amount")
            row[f"{side}{name}_canceled"] = whole - amount(row, f"{side}{name}_invoiced")
        taken = amount(row, f"{side}discount_amount") - amount(row, f"{side}discount_invoiced")
        row[f"{side}discount_canceled"] = abs(taken)
        row[f"{side}total_canceled"] = amount(row, f"{side}grand_total") - amount(row, f"{side}total_invoiced")
    for item in order.items:
        open_qty = max(amount(item, "qty_ordered") - amount(item, "qty_invoiced"), ZERO)
        item |= {"qty_canceled": open_qty, "updated_at": stamp(now)}
        item["tax_canceled"] = amount(item, "tax_amount") - amount(item, "tax_invoiced")
        if item.get("discount_tax_compensation_amount") is not None:
            item["discount_tax_compensation_canceled"] = amount(item, "discount_tax_compensation_amount") - amount(
                item, "discount_tax_compensation_invoiced"
            )
    set_state(order, "canceled")
    touch(order, now)


def can_invoice(order: StoredOrder) -> bool:
    """Whether there is something to invoice and nothing in the way."""
    return can_cancel(order) and order.row["state"] != "pending_payment"


def invoice(order: StoredOrder, now: datetime, sequences: Sequences) -> Columns:
    """Invoice and pay everything; the invoice. A virtual order is complete then, another is in processing."""
    for side in ("", "base_"):
        row = order.row
        for name in ("tax", "shipping", "discount", "discount_tax_compensation"):
            row[f"{side}{name}_invoiced"] = amount(row, f"{side}{name}_amount")
        row[f"{side}subtotal_invoiced"] = amount(row, f"{side}subtotal")
        row[f"{side}total_invoiced"] = row[f"{side}total_paid"] = amount(row, f"{side}grand_total")
        row[f"{side}total_due"] = ZERO
        order.payment[f"{side}amount_paid"] = amount(row, f"{side}grand_total")
        order.payment[f"{side}shipping_captured"] = amount(row, f"{side}shipping_amount")
    order.row["shipping_discount_tax_compensation_invoiced"] = None
    order.row["base_total_invoiced_cost"] = ZERO
    for item in order.items:
        _invoice_item(item, now)
    shipped = all(amount(item, "qty_shipped") >= amount(item, "qty_ordered") for item in order.items)
    set_state(order, "complete" if order.row["is_virtual"] or shipped else "processing")
    touch(order, now)
    document = _invoice_document(order, now, sequences)
    order.invoices.append(document)
    return document


def _invoice_item(item: Columns, now: datetime) -> None:
    item |= {"qty_invoiced": item["qty_ordered"], "updated_at": stamp(now)}
    item.setdefault("weee_tax_applied", "[]")
    for side in ("", "base_"):
        item[f"{side}row_invoiced"] = amount(item, f"{side}row_total")
        item[f"{side}tax_invoiced"] = amount(item, f"{side}tax_amount")
        item[f"{side}discount_invoiced"] = amount(item, f"{side}discount_amount")
        if item.get(f"{side}discount_tax_compensation_amount") is not None:
            item[f"{side}discount_tax_compensation_invoiced"] = item[f"{side}discount_tax_compensation_amount"]


def can_ship(order: StoredOrder) -> bool:
    """Whether goods are left that can be sent."""
    left = any(amount(item, "qty_ordered") > amount(item, "qty_shipped") for item in order.items)
    return left and not order.row["is_virtual"] and order.row["state"] in {"new", "processing"}


def ship(order: StoredOrder, now: datetime) -> None:
    """Send everything. Moves `updated_at` only because the state changes."""
    for item in order.items:
        if not item["is_virtual"]:
            item |= {"qty_shipped": item["qty_ordered"], "updated_at": stamp(now)}
    set_state(order, "complete" if amount(order.row, "total_due") == ZERO else "processing")
    touch(order, now)


COPIED = [
    "currency_code",
    "discount_amount",
    "grand_total",
    "discount_tax_compensation_amount",
    "shipping_amount",
    "shipping_incl_tax",
    "shipping_tax_amount",
    "subtotal",
    "subtotal_incl_tax",
    "tax_amount",
]
ITEM_COPIED = [
    "price",
    "price_incl_tax",
    "row_total",
    "row_total_incl_tax",
    "tax_amount",
    "discount_amount",
    "discount_tax_compensation_amount",
]


def _invoice_document(order: StoredOrder, now: datetime, sequences: Sequences) -> Columns:
    row, moment = order.row, stamp(now)
    entity_id = sequences.next("invoice")
    keys = [f"{side}{name}" for side in ("base_", "") for name in COPIED]
    same = (
        "global_currency_code order_currency_code store_currency_code store_id base_to_global_rate base_to_order_rate"
    )
    document = {key: row[key] for key in [*keys, *same.split(), "billing_address_id"] if row.get(key) is not None}
    item_keys = [f"{side}{name}" for side in ("base_", "") for name in ITEM_COPIED]
    items = [
        {
            **{key: item[key] for key in item_keys if item.get(key) is not None},
            **{key: item[key] for key in ("name", "product_id", "sku")},
            "entity_id": sequences.next("invoice_item"),
            "parent_id": entity_id,
            "order_item_id": item["item_id"],
            "qty": item["qty_ordered"],
        }
        for item in order.items
    ]
    times = {"created_at": moment, "updated_at": moment}
    return {
        **document,
        **times,
        "entity_id": entity_id,
        "increment_id": sequences.increment(int(row["store_id"]), "invoice"),
        "order_id": order.entity_id,
        "state": 2,
        "can_void_flag": 0,
        "total_qty": sum((amount(item, "qty_ordered") for item in order.items), Decimal(0)),
        "items": items,
        "comments": [],
    }
