"""What of an order can be shipped, by which rows, and what a shipment changes: the rules of a live
2.4.7.

A configurable is shipped by its own row, and its variant's row counts nothing. A bundle is shipped
by its own row, and its parts follow; or, where its parts are sent separately, by theirs, and its
own row counts shipments. More than is left is cut off without a word. The first shipment makes a
new order one that is processed; a later one in the same state moves no time of change.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce import lifecycle
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import (
    children,
    countable,
    is_shipped_by,
    parent,
    per_parent,
    to_ship,
)
from sandbox.commerce.records import Columns, StoredOrder, amount
from sandbox.commerce.settling import processed, settle
from sync.core.money import ZERO

BARRED: Final = frozenset({"payment_review", "holded", "canceled"})
INVALID: Final = "Shipment Document Validation Error(s):\n"
NOTHING: Final = "You can't create a shipment without products."
WRONG_ROW: Final = {
    False: 'Cannot create shipment as bundle product "{sku}" has shipment type "Together". Bundle'
    " product itself should be shipped instead.",
    True: 'Cannot create shipment as bundle product "{sku}" has shipment type "Separately". Bundle'
    " product options should be shipped instead.",
}


def wanted_rows(
    order: StoredOrder, wanted: Mapping[int, Decimal], tracks: list[Any]
) -> dict[int, Decimal]:
    """Pieces by row of a shipment to be; `wanted` empty: all that is left. Raises the refusal."""
    rows = {
        item["item_id"]: min(wanted.get(item["item_id"], ZERO) if wanted else to_ship(item),
                             to_ship(item))
        for item in order.items
        if is_shipped_by(order, item)
    }  # fmt: skip
    by_id = {item["item_id"]: item for item in order.items}
    rows = {number: countable(by_id[number], qty) for number, qty in rows.items()}
    rows = {number: qty for number, qty in rows.items() if qty > ZERO}
    if order.row["is_virtual"] or order.row["state"] in BARRED:
        first = f"A shipment cannot be created when an order has a status of {order.row['status']}"
    else:
        first = "" if can_ship(order) else NOT_ALLOWED
    faults = [first, "" if rows else NOTHING]
    faults += ["Please enter a tracking number."] * any(not t.get("track_number") for t in tracks)
    faults += _wrong_rows(order, wanted)
    if any(faults):
        raise RestFault(400, INVALID + "\n".join(fault for fault in faults if fault))
    return rows


NOT_ALLOWED: Final = "The order does not allow a shipment to be created."


def can_ship(order: StoredOrder) -> bool:
    """Whether goods are left that can be sent."""
    if order.row["is_virtual"] or order.row["state"] in BARRED:
        return False
    return any(to_ship(item) for item in order.items if is_shipped_by(order, item))


def _wrong_rows(
    order: StoredOrder, wanted: Mapping[int, Decimal]
) -> list[str]:  # fmt: skip
    found = []
    for item in order.items:
        bundle = parent(order, item) or item
        is_named = item["item_id"] in wanted and bundle["product_type"] == "bundle"
        if is_named and not is_shipped_by(order, item):
            text = WRONG_ROW[bundle["product_id"] in order.in_parts]
            found.append(text.format(sku=bundle["sku"]))
    return found


def goods_of(order: StoredOrder, rows: Mapping[int, Decimal]) -> dict[str, Decimal]:
    """Pieces by SKU that a shipment takes from its source."""
    found: dict[str, Decimal] = {}
    for item in order.items:
        qty = rows.get(item["item_id"], ZERO)
        parts = children(order, item) if qty else []
        for part in parts or ([item] if qty else []):
            per = per_parent(part, item) if item["product_type"] == "bundle" and parts else 1
            if not part["is_virtual"]:
                sku = str(part["sku"])
                found[sku] = found.get(sku, ZERO) + qty * per
    return found


def count(order: StoredOrder, rows: Mapping[int, Decimal], now: Any) -> None:
    """Count a shipment in the order's rows, and set the state that follows."""
    touched = set()
    is_first = not any(amount(item, "qty_shipped") for item in order.items)
    for item in order.items:
        qty = rows.get(item["item_id"], ZERO)
        if not qty:
            continue
        _add(item, qty)
        above = parent(order, item)
        if above is not None:
            touched.add(above["item_id"])
        for part in children(order, item) if item["product_type"] == "bundle" else ():
            if not part["is_virtual"]:
                _add(part, qty * per_parent(part, item))
    for item in order.items:
        if item["item_id"] in touched:
            _add(item, Decimal(1))
    _settled(order, now, is_first=is_first)


def _settled(order: StoredOrder, now: Any, *, is_first: bool) -> None:
    before = order.row["state"]
    settle(order)
    if order.row["state"] == "new":
        lifecycle.set_state(order, "processing")
    if is_first:
        processed(order)
    if order.row["state"] != before or is_first:
        lifecycle.touch(order, now)


def _add(item: Columns, qty: Decimal) -> None:
    item["qty_shipped"] = amount(item, "qty_shipped") + qty
