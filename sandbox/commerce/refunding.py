"""Credit memos of an order or of one invoice, all of it or in parts, and what the order counts of
them."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.commerce import extra_charges, levies
from sandbox.commerce.documents import (
    SETTLED,
    SIDES,
    Row,
    added,
    exact,
    head_columns,
    item_columns,
    paying,
)
from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import touch
from sandbox.commerce.memo_shipping import SIGNS, shipping_back
from sandbox.commerce.memo_sums import MemoSums
from sandbox.commerce.numbering import Sequences
from sandbox.commerce.order_rows import to_refund
from sandbox.commerce.records import Columns, StoredOrder, amount, stamp
from sandbox.commerce.refund_rows import Refund, rows_of
from sandbox.commerce.settling import settle
from sandbox.commerce.shape import number
from sync.core.money import ZERO, rounded

COUNTED: Final = {
    "subtotal_refunded": "subtotal",
    "tax_refunded": "tax_amount",
    "shipping_refunded": "shipping_amount",
    "shipping_tax_refunded": "shipping_tax_amount",
    "discount_refunded": "discount_amount",
    "discount_tax_compensation_refunded": "discount_tax_compensation_amount",
    "adjustment_positive": "adjustment_positive",
    "adjustment_negative": "adjustment_negative",
}
"""Column of the order -> column of the credit memo."""

ITEM_COUNTED: Final = {
    "amount_refunded": "row_total",
    "tax_refunded": "tax_amount",
    "discount_refunded": "discount_amount",
    "discount_tax_compensation_refunded": "discount_tax_compensation_amount",
}
BARRED: Final = frozenset({"payment_review", "holded", "canceled", "closed"})


def refund(order: StoredOrder, asked: Refund, now: datetime, sequences: Sequences) -> Columns:
    """Refund and count it on the order; the credit memo. Raises `RestFault` for what the shop
    refuses, changing nothing."""
    if order.row["state"] in BARRED:
        raise refused(
            f"A creditmemo can not be created when an order has a status of {order.row['status']}"
        )
    rows = rows_of(order, asked)
    head = _head(order, rows, asked, stamp(now))
    _check(order, head, rows, asked)
    entity_id = sequences.next("creditmemo")
    document = {
        **exact(head),
        "entity_id": entity_id,
        "increment_id": sequences.increment(int(order.row["store_id"]), "creditmemo"),
        "invoice_id": asked.invoice["entity_id"] if asked.invoice is not None else None,
        "state": SETTLED,
        "items": [
            item_columns(row, entity_id, sequences.next("creditmemo_item"))
            | levies.memo_columns(row, row.levies)
            for row in rows
            if row.qty > ZERO
        ],
    }
    for row in rows:
        _count_item(row, stamp(now))
    _count(order, head, asked)
    order.creditmemos.append(document)
    settle(order)
    touch(order, now)
    _note(order, head, stamp(now), sequences.next("order_comment"), online=asked.online)
    return document


def _head(order: StoredOrder, rows: list[Row], asked: Refund, moment: str) -> Columns:
    """The memo's own columns with its sums."""
    head = head_columns(order, moment)
    covered = {row.item["item_id"] for row in paying(rows) if row.last}
    last = not any(to_refund(order, item) for item in order.items if item["item_id"] not in covered)
    shipping = shipping_back(order, asked.shipping, asked.invoice, gross=asked.gross)
    for side in SIDES:
        MemoSums(order, rows, head, side, last, asked.invoice, shipping, asked.adjustment).collect()
    return head


def _check(order: StoredOrder, head: Columns, rows: list[Row], asked: Refund) -> None:
    """Raises `RestFault` for what the shop's validators refuse. A memo of nothing and one below
    zero are taken (live: the order of `s2_creditmemos_by_order`)."""
    of_goods = any(row.qty > ZERO for row in rows)
    refunded, paid = order.amount("base_total_refunded"), order.amount("base_total_paid")
    if rounded(refunded + head["base_grand_total"]) > rounded(paid):
        raise refused(f"The most money available to refund is {number(paid - refunded)}.")
    left = order.amount("base_shipping_amount") - order.amount("base_shipping_refunded")
    if asked.needs_goods and not of_goods and left <= ZERO:
        raise refused("You can't create a creditmemo without products.")
    kept = head["base_grand_total"] + amount(head, "base_customer_balance_amount")
    if asked.to_store_credit and asked.to_store_credit > kept:
        raise RestFault(400, "The store credit used cannot exceed order amount.")


def _count(order: StoredOrder, head: Columns, asked: Refund) -> None:
    row, line = order.row, "online" if asked.online else "offline"
    for side in SIDES:
        total = head[f"{side}grand_total"]
        row[f"{side}total_refunded"] = rounded(order.amount(f"{side}total_refunded") + total)
        added(row, f"{side}total_{line}_refunded", total)
        for counter, name in COUNTED.items():
            added(row, f"{side}{counter}", amount(head, f"{side}{name}"))
        if order.amount("grand_total"):
            added(order.payment, f"{side}amount_refunded", rounded(total) if side else total)
            added(order.payment, f"{side}shipping_refunded", amount(head, f"{side}shipping_amount"))
        if asked.to_store_credit:
            rate = Decimal(1) if side else order.amount("base_to_order_rate")
            kept = rounded(asked.to_store_credit * rate)
            added(order.extension, f"{side}customer_balance_total_refunded", kept)
    extra_charges.count(order, head, "refunded")


def _note(order: StoredOrder, head: Columns, moment: str, entity_id: int, *, online: bool) -> None:
    """What the shop writes into the order's history, in base currency."""
    sign = SIGNS.get(str(order.row["base_currency_code"]), "")
    how = "online" if online else "offline"
    text = f"We refunded {sign}{rounded(head['base_grand_total']):,.2f} {how}."
    entry: Columns = {
        "comment": text,
        "created_at": moment,
        "entity_id": entity_id,
        "entity_name": "creditmemo",
    }
    entry |= {"is_customer_notified": 0, "is_visible_on_front": 0}
    order.comments.insert(0, {**entry, "parent_id": order.entity_id, "status": order.row["status"]})


def _count_item(row: Row, moment: str) -> None:
    item = row.item
    if row.pays:
        levies.count(item, row.levies, "refunded")
    if not row.qty:
        return
    item["updated_at"] = moment
    added(item, "qty_refunded", row.qty)
    for side in SIDES:
        for counter, name in ITEM_COUNTED.items():
            added(item, f"{side}{counter}", amount(row.money, f"{side}{name}"))


def refused(message: str) -> RestFault:
    """A refusal of the validators, which put several of them into one message."""
    return RestFault(400, f"Creditmemo Document Validation Error(s):\n{message}")
