"""Invoices of an order, all of it or in parts: which rows they have, and what the order counts of
them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.commerce import extra_charges, levies
from sandbox.commerce.documents import (
    CANCELLED,
    OPEN,
    SETTLED,
    SIDES,
    Row,
    added,
    exact,
    head_columns,
    item_columns,
    live,
    paying,
)
from sandbox.commerce.faults import RestFault
from sandbox.commerce.invoice_sums import InvoiceSums
from sandbox.commerce.lifecycle import touch
from sandbox.commerce.numbering import Sequences
from sandbox.commerce.order_rows import children, countable, parent, pays, per_parent, to_invoice
from sandbox.commerce.records import Columns, StoredOrder, amount, stamp
from sandbox.commerce.settling import processed, settle
from sync.core.money import ZERO

Quantities = Mapping[int, Decimal]
"""Order item id -> so many. Empty: everything that is left."""

COUNTED: Final = {
    "total_invoiced": "grand_total",
    "subtotal_invoiced": "subtotal",
    "tax_invoiced": "tax_amount",
    "shipping_invoiced": "shipping_amount",
    "discount_invoiced": "discount_amount",
    "discount_tax_compensation_invoiced": "discount_tax_compensation_amount",
}
"""Column of the order -> column of the invoice."""

ITEM_COUNTED: Final = {
    "row_invoiced": "row_total",
    "tax_invoiced": "tax_amount",
    "discount_invoiced": "discount_amount",
    "discount_tax_compensation_invoiced": "discount_tax_compensation_amount",
}


def invoice(
    order: StoredOrder,
    now: datetime,
    sequences: Sequences,
    quantities: Quantities | None = None,
    *,
    captured: bool = True,
) -> Columns:
    """Invoice what is asked for (by default the rest) and count it on the order; the invoice.

    `captured`: it is paid, else it stays open until `pay`. Raises `RestFault` for more than is
    left, and for nothing.
    """
    rows = rows_of(order, quantities or {})
    if not any(row.qty for row in rows):
        raise _refused("The invoice can't be created without products. Add products and try again.")
    head = _head(order, rows, stamp(now))
    entity_id = sequences.next("invoice")
    kept = [row for row in rows if row.qty > ZERO]
    document = {
        **exact(head),
        "entity_id": entity_id,
        "increment_id": sequences.increment(int(order.row["store_id"]), "invoice"),
        "state": OPEN,
        "can_void_flag": int(not captured),
        "total_qty": sum((row.qty for row in rows), ZERO),
        "items": [item_columns(row, entity_id, sequences.next("invoice_item")) for row in kept],
    }
    for row in rows:
        _count_item(row, stamp(now))
    _count(order, document, 1)
    order.invoices.append(document)
    if captured:
        pay(order, document, now)
    order.row["base_total_invoiced_cost"] = ZERO
    settle(order)
    processed(order)
    touch(order, now)
    return document


def _head(order: StoredOrder, rows: list[Row], moment: str) -> Columns:
    """The invoice's own columns with its sums. Whether it is the order's first or last decides
    which rest of shipping and rounding it takes."""
    head = head_columns(order, moment)
    covered = {row.item["item_id"] for row in paying(rows) if row.last}
    rest = (item for item in order.items if pays(order, item) and item["item_id"] not in covered)
    last = not any(amount(item, "qty_ordered") > amount(item, "qty_invoiced") for item in rest)
    first = not any(amount(one, "shipping_amount") for one in live(order))
    for side in SIDES:
        InvoiceSums(order, rows, head, side, last, first).collect()
    return head


def rows_of(order: StoredOrder, quantities: Quantities) -> list[Row]:
    """The rows of an invoice. Raises `RestFault` for more than is left of an item.

    Rows without an amount come along with what they belong to. Without quantities they come with
    all that was ordered, every time, which is how their counters overshoot.
    """
    wanted = dict(quantities)
    for item in order.items:
        above = parent(order, item)
        if item["item_id"] not in wanted and above is not None and above["item_id"] in wanted:
            wanted[item["item_id"]] = wanted[above["item_id"]] * per_parent(item, above)
    rows = []
    for item in order.items:
        if not _comes_along(order, item, wanted):
            continue
        with_money, rest = pays(order, item), to_invoice(order, item)
        qty = countable(item, wanted.get(item["item_id"], ZERO)) if wanted else rest
        if not with_money and item["item_id"] not in wanted:
            qty = amount(item, "qty_ordered")
        if with_money and qty > rest:
            raise RestFault(
                400, 'We found an invalid quantity to invoice item "%1".', [item["name"]]
            )
        rows.append(
            Row(
                item,
                max(qty, ZERO),
                with_money,
                qty == amount(item, "qty_ordered") - amount(item, "qty_invoiced"),
            )
        )
    return rows


def _comes_along(order: StoredOrder, item: Columns, wanted: Quantities) -> bool:
    if pays(order, item):
        return to_invoice(order, item) > ZERO or wanted.get(item["item_id"], ZERO) > ZERO
    others: Iterable[Columns] = children(order, item) or [
        above for above in (parent(order, item),) if above
    ]
    if not wanted:
        return any(to_invoice(order, other) for other in others)
    return any(wanted.get(other["item_id"], ZERO) > ZERO for other in others)


def pay(order: StoredOrder, document: Columns, now: datetime) -> None:
    """The money of an open invoice has come; its order's time of change moves too."""
    document |= {"state": SETTLED, "can_void_flag": 0, "updated_at": stamp(now)}
    for side in SIDES:
        added(order.row, f"{side}total_paid", document[f"{side}grand_total"])
        order.row[f"{side}total_due"] = (
            order.amount(f"{side}grand_total") - order.row[f"{side}total_paid"]
        )
        if order.amount("grand_total"):
            added(order.payment, f"{side}amount_paid", document[f"{side}grand_total"])
            added(
                order.payment,
                f"{side}shipping_captured",
                amount(document, f"{side}shipping_amount"),
            )
    touch(order, now)


def cancel(order: StoredOrder, document: Columns, now: datetime) -> None:
    """Take an open invoice back: what the order counted of it can be invoiced again."""
    by_id = {item["item_id"]: item for item in order.items}
    for line in document["items"]:
        item = by_id[line["order_item_id"]]
        added(item, "qty_invoiced", -line["qty"])
        for side in SIDES:
            for counter, name in ITEM_COUNTED.items():
                if f"{side}{name}" in line:
                    added(item, f"{side}{counter}", -line[f"{side}{name}"])
    levies.uncount(by_id, document)
    _count(order, document, -1)
    document |= {"state": CANCELLED, "can_void_flag": 0, "updated_at": stamp(now)}
    settle(order)
    touch(order, now)


def _count(order: StoredOrder, document: Columns, sign: int) -> None:
    for side in SIDES:
        for counter, name in COUNTED.items():
            added(order.row, f"{side}{counter}", sign * amount(document, f"{side}{name}"))
    extra_charges.count(order, document, "invoiced", sign=sign)


def _count_item(row: Row, moment: str) -> None:
    item = row.item
    if row.pays:
        levies.count(item, row.levies, "invoiced")
    if not row.qty:
        return
    item["updated_at"] = moment
    added(item, "qty_invoiced", row.qty)
    for side in SIDES:
        for counter, name in ITEM_COUNTED.items():
            added(item, f"{side}{counter}", amount(row.money, f"{side}{name}"))


def _refused(message: str) -> RestFault:
    return RestFault(400, f"Invoice Document Validation Error(s):\n{message}")
