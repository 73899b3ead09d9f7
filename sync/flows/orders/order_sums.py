"""What F&O holds of an order against what Commerce holds, where the order itself cannot be made to
agree: the shop never charges what was shipped and then cancelled, and F&O has invoiced it.

The order stays delivered, for its invoices and credit memos go on. A person credits the rest in
F&O, or decides that F&O is right.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.posted_invoices import PostedInvoice, PostedInvoices
from sync.dynamics.sales_orders import SalesOrders
from sync.engine.delivery import Delivery
from sync.engine.plan import OpenPoint
from sync.flows.orders.sales_order_removal import INVOICED, SHIPPED
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.order_left import refunded_of_goods
from sync.mapping.taken_off import orders_are_invoiced

Look = Callable[[], Awaitable[OpenPoint | None]]
DocumentOf = Callable[[Order], Awaitable[SalesOrder]]


MUCH: Final = (
    "much",
    "it was cancelled in Commerce after it was shipped or invoiced, and is never charged there",
    (
        "Credit it in F&O: by a credit note of {{number}}, or by a return order or a negative free"
        " text invoice with the customer reference {reference}; while {{number}} is open, take it"
        " off there."
    ),
)
LITTLE: Final = (
    "little",
    "the shop has charged it",
    (
        "Add it to {{number}} in F&O, or charge it by a free text invoice with the customer"
        " reference {reference}."
    ),
)


@dataclass(frozen=True)
class OrderSums:
    """What both systems hold of an order, in its currency. `allowed`: by how much they may
    differ."""

    order: Order
    reference: str
    dynamics: Decimal
    commerce: Decimal
    allowed: Decimal

    def open_point(self) -> OpenPoint | None:
        """What a person has to look at; None where both agree."""
        off, currency = self.dynamics - self.commerce, self.order.order_currency_code
        if abs(off) <= self.allowed:
            return None
        much, what, change = MUCH if off > ZERO else LITTLE
        key = self.order.key
        return OpenPoint(
            f"{self.order.label}: F&O holds {self.dynamics:.2f} {currency}, Commerce"
            f" {self.commerce:.2f}; {abs(off):.2f} too {much}: {what}",
            f"{change.format(reference=self.reference)} When that is posted: replay {key}. If F&O"
            f" is right as it is: resolve orders {key} --why TEXT.",
            sums=f"F&O {self.dynamics:.2f}, Commerce {self.commerce:.2f} {currency}",
        )


def open_point(order: Order, document: SalesOrder, connection: Connection) -> OpenPoint | None:
    """What will be left for a person once F&O holds the document."""
    if not orders_are_invoiced(connection):
        return None
    return _sums(order, document, document.held.dynamics, connection).open_point()


def look_at(order: Order, document: SalesOrder, delivery: Delivery) -> Look | None:
    """Looks at what F&O holds of an order that is to differ; None where it is to agree."""
    connection = delivery.systems.settings
    if open_point(order, document, connection) is None:
        return None

    async def look() -> OpenPoint | None:
        held = delivery.held(KIND)
        there = await _held_now(document, held.number if held else "", delivery)
        return _sums(order, document, there, connection).open_point()

    return look


def look_at_given_up(order: Order, document_of: DocumentOf, delivery: Delivery) -> Look:
    """Looks at what F&O has shipped or invoiced of an order that is given up in Commerce. What was
    refunded of it comes back by its credit memos."""

    async def look() -> OpenPoint | None:
        held, settings = delivery.held(KIND), delivery.systems.settings
        if held is None or not held.digest.startswith((SHIPPED, INVOICED)):
            return None
        sold = without_refunds(order) if held.digest.startswith(SHIPPED) else order
        document = await document_of(sold)
        there = await _held_now(document, held.number, delivery)
        return _sums(sold, document, there, settings).open_point()

    return look


def _sums(order: Order, document: SalesOrder, there: Decimal, connection: Connection) -> OrderSums:
    """Commerce wants F&O to hold all that it may still charge, less what extensions have cancelled
    of rows and not of the total, but no less than what it has charged."""
    most = document.held.commerce
    least = min(order.total_invoiced - refunded_of_goods(order), most)
    wanted = min(max(there, least), most)
    allowed = _allowed(document.held.currency, len(document.lines), connection)
    return OrderSums(order, document.reference, there, wanted, allowed)


def _allowed(currency: str, lines: int, connection: Connection) -> Decimal:
    """What rounding line by line makes."""
    unit = max(connection.dynamics.rounding.get(currency, CENT), CENT)
    return max(unit * (1 + lines), connection.orders.rounding_most)


async def _held_now(document: SalesOrder, number: str, delivery: Delivery) -> Decimal:
    """What F&O has invoiced and credited of an order; while the order is open what its lines come
    to, with their part of the tax."""
    found = await _read(document.company, number, delivery)
    beside = await _posted_beside(document.company, number, document.reference, delivery)
    if found is None or found.is_over:
        return await _posted(document.company, number, delivery) + beside
    return rounded(_of_lines(document, found)) + beside


async def _read(company: str, number: str, delivery: Delivery) -> ExistingSalesOrder | None:
    orders = SalesOrders(delivery.systems.dynamics, delivery.systems.settings.dynamics)
    return await orders.read(company, number)


async def _posted(company: str, number: str, delivery: Delivery) -> Decimal:
    """What F&O has invoiced and credited of a sales order."""
    posted = PostedInvoices(delivery.systems.dynamics)
    return _total(await posted.invoices_of_order(company, number))


async def _posted_beside(company: str, number: str, reference: str, delivery: Delivery) -> Decimal:
    """The same of other orders, return orders and free text invoices with the order's reference."""
    if not reference:
        return ZERO
    posted = PostedInvoices(delivery.systems.dynamics)
    others = await posted.sales_invoices_of(company, reference)
    free = await posted.free_text_invoices_of(company, reference)
    sums = [await posted.free_text_sums(one) for one in free]
    beside = _total(one for one in others if one.sales_order != number)
    return rounded(beside + total(one.amount for one in sums))


def _total(posted: Iterable[PostedInvoice]) -> Decimal:
    return rounded(total(one.amount or ZERO for one in posted))


def _of_lines(document: SalesOrder, found: ExistingSalesOrder) -> Decimal:
    there = total(Decimal(line.get("LineAmount") or 0) for line in found.lines)
    sent = total(line.left.amount() for line in document.lines if line.left is not None)
    return there * document.held.dynamics / sent if sent else there
