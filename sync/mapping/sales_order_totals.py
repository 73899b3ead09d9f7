"""The proof of a sales order: its lines come to the grand total of Commerce. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.sales_order import SalesOrderLine
from sync.dynamics.documents.totals import Totals, Unproved, proof
from sync.mapping.order_parts import OrderParts
from sync.mapping.sales_order_lines import rounding_line
from sync.mapping.unexplained import unexplained


def proved_lines(
    order: Order,
    connection: Connection,
    parts: OrderParts,
    lines: list[SalesOrderLine],
    *,
    gross: bool,
) -> tuple[list[SalesOrderLine], Totals]:
    """The lines, with a rounding line where one is needed, and the totals. Raises `Unproved`."""
    unit = connection.dynamics.rounding.get(order.order_currency_code, CENT)
    totals = _compared(order, parts, lines, gross=gross, unit=unit)
    rest, most = totals.difference, connection.orders.rounding_most
    dust = parts.dust(gross=gross) if unit == CENT else ZERO
    if rest and min(abs(rest), abs(rest - dust)) <= most:
        lines = [*lines, rounding_line(connection, rest, lines)]
        totals = replace(_compared(order, parts, lines, gross=gross, unit=unit), rounding=rest)
    if totals.difference:
        at_cents = _compared(order, parts, lines, gross=gross, unit=CENT)
        if unit != CENT and abs(at_cents.difference) <= most:
            raise _off_by_rounding(order, totals, unit)
        raise unexplained(order, totals, len(lines))
    return lines, totals


def _compared(
    order: Order, parts: OrderParts, lines: Sequence[SalesOrderLine], *, gross: bool, unit: Decimal
) -> Totals:
    paid = total(rounded(p.amount) for p in parts.paid)
    return proof(
        [line.price for line in lines], tax_on_top=ZERO if gross else parts.tax, paid=paid,
        grand_total=parts.grand_total, currency=order.order_currency_code, unit=unit,
    )  # fmt: skip


def _off_by_rounding(order: Order, totals: Totals, unit: Decimal) -> Unproved:
    return Unproved(
        f"order {order.increment_id}: grand_total {totals.commerce} {totals.currency} is made of"
        f" amounts that are no multiples of {unit}, F&O's rounding unit: rounded line by line they"
        f" come to {totals.dynamics}",
        remedy=(
            f"Set the rounding of {totals.currency} in F&O's Currencies to 0.01 (and"
            " dynamics.rounding here), or Commerce's prices to whole units."
        ),
        totals=totals,
    )
