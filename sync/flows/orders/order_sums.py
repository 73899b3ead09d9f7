"""What F&O holds of an order against what Commerce holds, where the order itself cannot be made to
agree: what was shipped and then cancelled is never charged in the shop.

The order stays delivered, for its invoices and credit memos go on. A person credits the rest in
F&O, or decides that F&O is right.
"""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.posted_invoices import PostedInvoice, PostedInvoices
from sync.dynamics.sales_orders import SalesOrders
from sync.engine.delivery import Delivery
from sync.engine.plan import OpenPoint
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.order_left import refunded_of_goods
from sync.mapping.taken_off import orders_are_invoiced

Look = Callable[[], Awaitable[OpenPoint | None]]


def open_point(
    order: Order, document: SalesOrder, connection: Connection, held: Decimal | None = None
) -> OpenPoint | None:
    """What a person has to look at where both systems differ by more than rounding; None where
    they agree, or where F&O does not invoice sales orders. `held`: what F&O holds; None where it is
    what the document says."""
    if not orders_are_invoiced(connection):
        return None
    there = document.held.dynamics if held is None else held
    wanted = _nearest(there, document.held.commerce, order)
    if abs(there - wanted) <= _allowed(document, connection):
        return None
    currency, key = document.held.currency, order.key
    more = there > wanted
    what = (
        "it was shipped and then cancelled, and the shop never charges it"
        if more
        else "the shop has charged it, and F&O does not hold it"
    )
    change = (
        "Credit it in F&O: by a credit note of {number}, or by a return order or a negative free"
        f" text invoice with the customer reference {document.reference}; while {{number}} is open,"
        " take it off there."
        if more
        else "Add it to {number} in F&O, or charge it by a free text invoice with the customer"
        f" reference {document.reference}."
    )
    return OpenPoint(
        f"{order.label}: F&O holds {there:.2f} {currency}, Commerce {wanted:.2f};"
        f" {abs(there - wanted):.2f} too {'much' if more else 'little'}: {what}",
        f"{change} When it is posted: replay {key}. If F&O is right as it is: resolve orders {key}"
        " --why TEXT.",
        sums=f"F&O {there:.2f}, Commerce {wanted:.2f} {currency}",
    )


def look_at(order: Order, document: SalesOrder, delivery: Delivery) -> Look | None:
    """Looks at what F&O holds of an order that is to differ; None where it is to agree."""
    connection = delivery.systems.settings
    if open_point(order, document, connection) is None:
        return None

    async def look() -> OpenPoint | None:
        held = delivery.held(KIND)
        there = await _held_now(document, held.number if held else "", delivery)
        return open_point(order, document, connection, there)

    return look


def _nearest(held: Decimal, commerce: Decimal, order: Order) -> Decimal:
    """What Commerce wants F&O to hold: all that it may still charge, less what extensions have
    cancelled of rows and not of the total, but no less than what it has charged."""
    charged = min(order.total_invoiced - refunded_of_goods(order), commerce)
    return min(max(held, charged), commerce)


def _allowed(document: SalesOrder, connection: Connection) -> Decimal:
    unit = max(connection.dynamics.rounding.get(document.held.currency, CENT), CENT)
    return max(unit * (1 + len(document.lines)), connection.orders.rounding_most)


async def _held_now(document: SalesOrder, number: str, delivery: Delivery) -> Decimal:
    """What F&O has invoiced and credited of an order, and of its reference; while the order is open
    what its lines come to, with their part of the tax."""
    client, company = delivery.systems.dynamics, document.company
    orders, posted = SalesOrders(client, delivery.systems.settings.dynamics), PostedInvoices(client)
    found = await orders.read(company, number)
    others = await posted.sales_invoices_of(company, document.reference)
    free = await posted.free_text_invoices_of(company, document.reference)
    sums = [await posted.free_text_sums(one) for one in free]
    beside = total(one.amount or ZERO for one in others if one.sales_order != number)
    beside += total(one.amount for one in sums)
    if found is not None and not found.is_over:
        return rounded(_of_lines(document, found) + beside)
    return rounded(_sum(await posted.invoices_of_order(company, number)) + beside)


def _sum(posted: Sequence[PostedInvoice]) -> Decimal:
    return total(one.amount or ZERO for one in posted)


def _of_lines(document: SalesOrder, found: ExistingSalesOrder) -> Decimal:
    there = total(Decimal(line.get("LineAmount") or 0) for line in found.lines)
    sent = total(line.left.amount() for line in document.lines if line.left is not None)
    return there * document.held.dynamics / sent if sent else there
