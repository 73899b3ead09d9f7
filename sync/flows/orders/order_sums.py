"""What F&O holds of an order against what Commerce holds, where the order itself cannot be made to
agree: the shop never charges what was shipped and then cancelled, and F&O has invoiced it.

The order stays delivered, for its invoices and credit memos go on. A person credits the rest in
F&O, or decides that F&O is right.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.order import Order
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.line_amount import LinePrice
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.posted_invoices import PostedInvoice, PostedInvoices
from sync.engine.delivery import Delivery
from sync.engine.plan import OpenPoint
from sync.engine.write import Result
from sync.flows.orders.amendment_rules import INVOICED_BEFORE, LATE, RETURNED
from sync.flows.orders.sales_order_removal import INVOICED, SHIPPED
from sync.flows.orders.sales_order_writes import KIND
from sync.flows.orders.unsure_goods import unsure_goods
from sync.mapping.order_left import still_charged
from sync.mapping.taken_off import orders_are_invoiced

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


@dataclass(frozen=True)
class OrderLook:
    """Looks at what F&O holds of an order. `sold`: the document as if nothing had been refunded."""

    order: Order
    document: SalesOrder
    sold: SalesOrder
    delivery: Delivery

    def planned(self) -> OpenPoint | None:
        """What will be left for a person once F&O holds the document."""
        return self._differing() or unsure_goods(self.order, self.delivery.systems.settings)

    def _differing(self) -> OpenPoint | None:
        """None where F&O does not invoice sales orders."""
        if not orders_are_invoiced(self.delivery.systems.settings):
            return None
        return self._sums(self.document.held.dynamics, ZERO).open_point()

    async def look(self) -> OpenPoint | None:
        """What is left for a person by what F&O holds: sums that differ first."""
        return await self._look_at_sums() or self._late()

    def _late(self) -> OpenPoint | None:
        """What changed in Commerce when F&O took no more changes."""
        held = self.delivery.held(KIND)
        if held is None or not (late := held.keys.get(LATE)):
            return None
        key, document = self.order.key, self.delivery.ledger.digests(self.document.current_digest)
        return OpenPoint(
            f"{self.order.label} changed in Commerce when F&O let {held.number} be changed no more:"
            f" {late}",
            "Where it matters still, enter it in F&O ({number}) and tell the warehouse or the"
            f" carrier; then replay {key}. Else: resolve orders {key} --why TEXT. Its invoices and"
            " credit memos go on.",
            sums=f"{late} of {held.number}, version {document[-6:]}",
        )

    async def _look_at_sums(self) -> OpenPoint | None:
        """It is asked only where something is planned to be left, or was left because F&O had
        shipped or invoiced the order."""
        held, planned = self.delivery.held(KIND), self.planned()
        if held is None or not (was_left(held) or planned):
            return None
        sales_orders, company = self.delivery.systems.dynamics.sales_orders, self.document.company
        found = await sales_orders.by_number(company, held.number)
        is_open = found is not None and not (found.is_over or found.is_shipped)
        if not (was_left(held) or self._differing()):
            return planned if is_open else None
        return (await self.sums(held.number, found)).open_point()

    async def sums(self, number: str, found: ExistingSalesOrder | None) -> OrderSums:
        """What F&O holds of the order and has posted with its reference, against what Commerce
        holds. `found`: its sales order; None when it is gone. Of an invoice of several orders its
        lines tell what it is of the one, as long as the order is there."""
        dynamics, company = self.delivery.systems.dynamics, self.document.company
        posted, is_over = dynamics.posted_invoices, found is None or found.is_over
        there = await _posted_beside(posted, company, number, self.document.reference)
        is_shared = is_over and await dynamics.invoiced_lines.is_shared(company, number)
        if is_shared and found is None:
            return self._sums(self.document.held.commerce, ZERO)  # nobody can tell
        if is_over:
            own = await posted.invoices_of_order(company, number)
            credits_ = [one for one in own if (one.amount or ZERO) < ZERO]
            there += _total(credits_ if is_shared else own)
        if found and is_shared:
            found = _as_invoiced(found, await dynamics.invoiced_lines.by_lot(company, number))
        if found and (is_shared or not is_over):
            there += self._taxed(found.amounts, beside=found.total - total(found.amounts.values()))
        return self._sums(there, self._to_be_returned(found))

    def _sums(self, there: Decimal, returned: Decimal) -> OrderSums:
        """Commerce wants F&O to hold all that it may still charge, less what extensions have
        cancelled of rows and not of the total, but no less than what it has charged; and what was
        refunded as long as it comes back by credit memos (`returned`)."""
        most = self.document.held.commerce + returned
        least = min(still_charged(self.order) + returned, most)
        wanted = min(max(there, least), most)
        return OrderSums(self.order, self.document.reference, there, wanted, self._allowed)

    def _to_be_returned(self, found: ExistingSalesOrder | None) -> Decimal:
        """What F&O has of what was refunded, with its part of the tax: it was not taken off, so
        credit memos return it."""
        there = found.amounts if found else {}
        left = {line.reference: line.left for line in self.document.lines}
        beyond = {}
        for line in self.sold.lines:
            kept, sold = _amount(left.get(line.reference)), _amount(line.left)
            beyond[line.reference] = max(min(there.get(line.reference, ZERO), sold) - kept, ZERO)
        return self._taxed(beyond)

    def _taxed(self, amounts: Mapping[str, Decimal], *, beside: Decimal = ZERO) -> Decimal:
        """Amounts of our lines with the tax that comes on top of each; `beside`, of lines that
        others have added, with that of all lines together."""
        lines = self.sold.lines
        placed = total(line.price.amount() for line in lines)
        usual = total(line.tax for line in lines) / placed if placed else ZERO
        rates = {line.reference: line.tax_rate for line in lines}
        taxes = total(amount * rates.get(name, usual) for name, amount in amounts.items())
        return rounded(total(amounts.values()) + taxes + beside * (1 + usual))

    @property
    def _allowed(self) -> Decimal:
        """What rounding line by line makes."""
        settings = self.delivery.systems.settings
        unit = max(settings.dynamics.rounding.get(self.document.held.currency, CENT), CENT)
        return max(unit * (1 + len(self.document.lines)), settings.orders.rounding_most)


def was_left(held: Result | None) -> bool:
    """Whether what was cancelled or refunded was left on the order, since F&O had shipped or
    invoiced it."""
    return held is not None and (_is_given_up(held) or INVOICED_BEFORE.items() <= held.keys.items())


def is_for_a_memo(held: Result | None) -> bool:
    """Whether what was refunded was left on the order, since a credit memo returns it."""
    return held is not None and (_is_given_up(held) or RETURNED in held.keys)


def _is_given_up(held: Result) -> bool:
    return held.digest.startswith((SHIPPED, INVOICED))


def _amount(price: LinePrice | None) -> Decimal:
    return price.amount() if price is not None else ZERO


def _as_invoiced(found: ExistingSalesOrder, pieces: Mapping[str, Decimal]) -> ExistingSalesOrder:
    """With amounts of what was invoiced: a line keeps the amount of what it had when its rest is
    cancelled. Lines below zero are of credit notes, which tell their own sums."""
    lines = []
    for line in found.lines:
        ordered = Decimal(line.get("OrderedSalesQuantity") or 0)
        part = pieces.get(str(line["InventoryLotId"]), ZERO) / ordered if ordered > ZERO else ZERO
        lines.append({**line, "LineAmount": Decimal(line.get("LineAmount") or 0) * part})
    return replace(found, lines=lines)


async def _posted_beside(
    posted: PostedInvoices, company: str, number: str, reference: str
) -> Decimal:
    """What F&O has posted of other orders, return orders and free text invoices with the order's
    reference."""
    others = await posted.sales_invoices_of(company, reference)
    free = await posted.free_text_invoices_of(company, reference)
    sums = [await posted.free_text_sums(one) for one in free]
    beside = _total(one for one in others if one.sales_order != number)
    return rounded(beside + total(one.amount for one in sums))


def _total(posted: Iterable[PostedInvoice]) -> Decimal:
    return rounded(total(one.amount or ZERO for one in posted))
