"""An order of Commerce as rows of the data set. Pure; no name, address or e-mail is taken over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import Order, utc
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import CENT, ZERO, rounded, stored, total
from sync.mapping.bundles import spread
from sync.mapping.delivery_address import INTANGIBLE
from sync.mapping.order_rows import MoneyRow, money_items, money_rows
from sync.mapping.pieces_left import pieces_wanted
from sync.mapping.posting_policy import is_cancelled, is_rejected
from sync.mapping.segments import segments_of
from sync.reporting.landed import Rows, placed

CHARGES: Final = 0
"""The line of what no row carries."""
DONE: Final = ("complete", "closed")
"""States of orders of which Commerce ships nothing any more."""


@dataclass(frozen=True)
class OrderRows:
    """Makes the rows of a connection's orders. `shop`: the connection's name."""

    shop: str
    settings: Connection

    def rows(self, raw: Mapping[str, Any]) -> Rows:
        """The order with its lines, parts of bundles and promotions. Raises `Never` where it cannot
        be read."""
        order = Order.read(raw)
        place = placed(self.settings, order.store_id, order.placed_at, f"order {order.key}")
        changed = utc(order.updated_at) or order.placed_at
        common = {**place, "shop": self.shop, "order_key": order.key, "changed_at": changed}
        net = stored(_charged(order, self.settings) - order.tax_amount)
        lines = [*_lines(order, net)]
        uses = [*_uses(order, lines)]
        return {
            "orders": [{**common, **_header(order, net)}],
            "order_lines": [{**common, **line} for line in lines],
            "bundle_parts": [{**common, **part} for part in _parts(order)],
            "promotion_uses": [{**common, **use} for use in uses],
        }


def _header(order: Order, net: Decimal) -> dict[str, Any]:
    address = order.shipping.address or order.billing_address
    is_void = is_cancelled(order) or is_rejected(order) or bool(order.relation_child_real_id)
    return {
        "order_id": order.entity_id, "store": str(order.store_id), "placed_at": order.placed_at,
        "state": order.state, "status": order.status, "is_void": is_void,
        "currency": order.order_currency_code, "amount": net + order.tax_amount,
        "tax": order.tax_amount, "discount": _discount(order), "unshipped": _unshipped(order),
        "cancelled": order.total_canceled, "refunded": order.total_refunded,
        "company_id": str(order.company_id or ""), "coupon": order.coupon_code,
        "customer_group": "" if order.customer_group_id is None else str(order.customer_group_id),
        "country": address.country_id if address is not None else "",
    }  # fmt: skip


def _discount(order: Order) -> Decimal:
    """Without the tax that is not charged either, which is in it where prices include tax."""
    in_tax = order.discount_tax_compensation_amount
    in_tax += order.shipping_discount_tax_compensation_amount
    return stored(abs(order.discount_amount) - in_tax)


def _unshipped(order: Order) -> Decimal:
    """Pieces that are still to be sent; none where nobody can tell by the rows."""
    try:
        items = [] if order.state in DONE else [item for item, _ in money_items(order)]
    except Never:
        return ZERO
    return total(
        max(pieces_wanted(item) - item.qty_shipped, ZERO)
        for item in items
        if not item.is_virtual and item.product_type not in INTANGIBLE
    )


def _charged(order: Order, settings: Connection) -> Decimal:
    """With what was paid by gift card, credit or the like."""
    try:
        segments = [*segments_of(order, settings.orders)]
    except Never:
        segments = []
    paid = total(abs(one.amount) for one in segments if one.home.payment is not None)
    return rounded(order.grand_total + paid)


def _lines(order: Order, net: Decimal) -> Iterator[dict[str, Any]]:
    """The rows with money, and what is left of the order's net."""
    rows = _money_rows(order)
    for row in rows:
        yield {
            "line": row.item.item_id, "sku": row.sku, "quantity": row.item.qty_ordered,
            "cancelled": row.item.qty_canceled, "shipped": row.item.qty_shipped,
            "refunded": row.item.qty_refunded, "net": row.net,
            "discount": row.discount(gross=False),
        }  # fmt: skip
    rest = net - total(row.net for row in rows)
    nothing = dict.fromkeys(("quantity", "cancelled", "shipped", "refunded", "discount"), ZERO)
    yield {"line": CHARGES, "sku": "", "net": rest, **nothing}


def _money_rows(order: Order) -> Sequence[MoneyRow]:
    """None where the rows do not add up, or one has no id: then the order is one line."""
    try:
        rows = money_rows(order)
    except Never:
        return []
    return rows if all(row.item.item_id for row in rows) else []


def _parts(order: Order) -> Iterator[dict[str, Any]]:
    """What is sent of bundles."""
    bundles = {one.item_id: one for one in order.items if one.product_type == "bundle"}
    for item in order.items:
        bundle = bundles.get(item.parent_item_id)
        if item.item_id and bundle is not None and item.qty_ordered and not item.is_virtual:
            yield {
                "line": item.item_id, "bundle": bundle.item_id, "quantity": item.qty_ordered,
                "sets": bundle.qty_ordered,
            }  # fmt: skip


def _uses(order: Order, lines: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    rules = {int(one["item_id"]): _rules(one) for one in _raw_items(order)}
    for line in lines:
        applied = rules.get(line["line"], [])
        weights = [Decimal(1)] * len(applied)
        shares = spread(rounded(line["discount"], CENT), weights) if applied else []
        for rule, share in zip(applied, shares, strict=True):
            yield {"line": line["line"], "rule": rule, "rules": len(applied), "discount": share}
    yield {"line": CHARGES, "rule": 0, "rules": 0, "discount": ZERO}


def _raw_items(order: Order) -> Iterator[Mapping[str, Any]]:
    found = order.raw.get("items")
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and str(one.get("item_id")).isdigit():
            yield one


def _rules(item: Mapping[str, Any]) -> list[int]:
    told = str(item.get("applied_rule_ids") or "").split(",")
    return sorted({int(one) for one in told if one.strip().isdigit()})
