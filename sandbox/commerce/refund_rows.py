"""What a refund is asked for, and the rows of its credit memo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.commerce.documents import (
    Row,
)
from sandbox.commerce.faults import RestFault
from sandbox.commerce.memo_sums import Adjustment
from sandbox.commerce.order_rows import children, countable, parent, pays, per_parent, to_refund
from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO


@dataclass(frozen=True)
class Refund:
    """What is asked for. `quantities` by order item id, empty for the rest; amounts in base
    currency.

    `shipping` None: all that is left; `gross`: it includes tax. `invoice`: refund no more than that
    one. `online`: through the payment's gateway. `to_store_credit`: so much of it is not paid out
    but kept as credit. `needs_goods`: an amount alone is refused where no shipping is left, as
    before 2.4.2 (its release notes).
    """

    quantities: Mapping[int, Decimal] = field(default_factory=dict)
    shipping: Decimal | None = None
    adjustment: Adjustment = field(default_factory=Adjustment)
    invoice: Columns | None = None
    gross: bool = False
    online: bool = False
    to_store_credit: Decimal = ZERO
    needs_goods: bool = False


def rows_of(order: StoredOrder, asked: Refund) -> list[Row]:
    """The rows of a credit memo. Raises `RestFault` for more than was invoiced and not yet
    refunded."""
    limits = _limits(order, asked.invoice)
    rows = []
    for item in order.items:
        if not _comes_along(order, item, asked.quantities, limits):
            continue
        with_money, rest = pays(order, item), to_refund(order, item)
        if not with_money:
            qty = _extra(order, item, asked, limits)
        elif asked.quantities and item["item_id"] not in asked.quantities:
            continue
        else:
            most = rest if limits is None else min(rest, limits.get(item["item_id"], ZERO))
            qty = countable(item, asked.quantities[item["item_id"]]) if asked.quantities else most
            if qty > most:
                raise RestFault(
                    400, 'We found an invalid quantity to refund item "%1".', [item["name"]]
                )
        rows.append(Row(item, max(qty, ZERO), with_money, qty == rest))
    return rows


def _limits(order: StoredOrder, invoice: Columns | None) -> dict[int, Decimal] | None:
    """What may still be refunded of one invoice, by order item id."""
    if invoice is None:
        return None
    limits = {line["order_item_id"]: Decimal(line["qty"]) for line in invoice["items"]}
    for memo in order.creditmemos:
        for line in memo["items"] if memo["invoice_id"] == invoice["entity_id"] else ():
            limits[line["order_item_id"]] -= line["qty"]
    return limits


def _comes_along(
    order: StoredOrder,
    item: Columns,
    wanted: Mapping[int, Decimal],
    limits: dict[int, Decimal] | None,
) -> bool:
    def open_(one: Columns) -> bool:
        return limits is None or limits.get(one["item_id"], ZERO) > ZERO

    if pays(order, item):
        return open_(item) or item["item_id"] in wanted
    others = children(order, item) or [above for above in (parent(order, item),) if above]
    return any(wanted.get(one["item_id"], ZERO) > ZERO if wanted else open_(one) for one in others)


def _extra(
    order: StoredOrder, item: Columns, asked: Refund, limits: dict[int, Decimal] | None
) -> Decimal:
    """How many of a row without an amount: as many as go with its parent; a dynamic bundle's all,
    every time."""
    above = parent(order, item)
    if above is None:
        lines = asked.invoice["items"] if asked.invoice is not None else ()
        invoiced = (
            Decimal(line["qty"]) for line in lines if line["order_item_id"] == item["item_id"]
        )
        return next(invoiced, amount(item, "qty_invoiced"))
    left = to_refund(order, above) if limits is None else limits.get(above["item_id"], ZERO)
    return asked.quantities.get(above["item_id"], left) * per_parent(item, above)
