"""What F&O's documents of a record have to come to: what Commerce charged or gave back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.commerce.models.refund import is_of_lower_total
from sync.core.money import ZERO, rounded, total
from sync.dynamics.posted_invoices import PostedInvoice
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.flows.orders.order_amounts import PLACED, amounts_told
from sync.flows.orders.orders import read as read_order
from sync.flows.receivables.creditmemos import documents as memos
from sync.flows.receivables.invoices import documents as invoices
from sync.mapping.document_parts import document_parts
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.order_left import is_changed, is_refunded, parts_left
from sync.mapping.order_parts import order_parts
from sync.mapping.taken_off import CUT, CUT_CHARGES, CUT_FROM, TAKEN_OFF


@dataclass(frozen=True)
class Wanted:
    """What F&O has to come to: positive as charged or given back. `tax` None: nobody knows what is
    left of it, since pieces were cancelled, or refunded before they were shipped. `unclear`: why
    not even the amount is known."""

    amount: Decimal
    tax: Decimal | None
    currency: str
    unclear: str = ""


MIXED = "part of it was taken off the sales order, and part was given back to cards or credit"


async def wanted_of(posted: PostedInvoice, claim: Claim, delivery: Delivery) -> Wanted | None:
    """What the record of `claim` comes to in documents of the kind of `posted`; None when Commerce
    does not show it any more."""
    return await _WANTED[claim.flow](claim, posted, delivery)


async def _order(claim: Claim, _: PostedInvoice, delivery: Delivery) -> Wanted | None:
    """A sales order: what was paid with gift cards and credit is no part of it. One that was
    reduced since it was placed comes to what was sent of it last, and one that was given up to what
    Commerce did not cancel; less what F&O alone took off."""
    order = await read_order(claim.key, delivery.systems)
    if order is None:
        return None
    amounts, currency = await amounts_told(claim, delivery.ledger), order.order_currency_code
    given = await given_back(order, delivery.systems) + await _cut(order, amounts, delivery)
    if PLACED in amounts:
        return Wanted(Decimal(amounts["dynamics"]) - given, None, currency)
    sold, settings = without_refunds(order), delivery.systems.settings.orders
    parts = parts_left(sold, order_parts(sold, settings), settings)
    amount = parts.grand_total + total(paid.amount for paid in parts.paid) - given
    tax = None if given or is_changed(sold) else rounded(parts.tax)
    return Wanted(rounded(amount), tax, currency)


async def _cut(order: Order, told: Mapping[str, str], delivery: Delivery) -> Decimal:
    """What F&O alone took off the order, by the credit memos that gave it back. Pieces that the
    order has come to be without, as its trail tells (`told`), are no part of it."""
    ledger, systems, found = delivery.ledger, delivery.systems, ZERO
    amount = told.get("dynamics")
    if not is_refunded(order):
        return found
    for row in await systems.commerce.creditmemos.of_order(order.entity_id or 0):
        claim = await ledger.claim(systems.name, "creditmemos", CreditMemo.read(row).key)
        if (off := claim.delivered.get(TAKEN_OFF)) is not None:
            is_without = PLACED in told and off.keys.get(CUT_FROM, amount) != amount
            found += Decimal(off.keys.get(CUT_CHARGES if is_without else CUT, 0))
    return found


async def given_back(order: Order, systems: Systems) -> Decimal:
    """What credit memos gave back because F&O invoiced less."""
    if not order.total_refunded:
        return ZERO
    rows = await systems.commerce.creditmemos.of_order(order.entity_id or 0)
    return total(CreditMemo.read(one).grand_total for one in rows if is_of_lower_total(one))


async def _invoice(claim: Claim, _: PostedInvoice, delivery: Delivery) -> Wanted | None:
    """A free text invoice, which holds the ways to pay as lines."""
    with_order = await invoices.read(claim.key, delivery.systems)
    if with_order is None:
        return None
    parts = document_parts(with_order.document, with_order.order, delivery.systems.settings.orders)
    return Wanted(
        rounded(parts.grand_total), rounded(parts.tax), with_order.document.order_currency_code
    )


async def _memo(claim: Claim, posted: PostedInvoice, delivery: Delivery) -> Wanted | None:
    """A return order is of the goods alone; a negative free text invoice holds the ways to give
    back as lines. What was taken off the sales order, since F&O had not invoiced it, is not
    credited."""
    with_order = await memos.read(claim.key, delivery.systems)
    if with_order is None:
        return None
    parts = document_parts(with_order.document, with_order.order, delivery.systems.settings.orders)
    paid = total(one.amount for one in parts.paid)
    currency = with_order.document.order_currency_code
    taken_off = (await amounts_told(claim, delivery.ledger)).get("taken off the sales order")
    if taken_off is not None:
        left = rounded(parts.grand_total) - Decimal(taken_off)
        return Wanted(left, None, currency, MIXED if paid else "")
    amount = parts.grand_total + (paid if posted.kind == "sales-invoice" else ZERO)
    return Wanted(rounded(amount), rounded(parts.tax), currency)


_WANTED: Mapping[str, Callable[[Claim, PostedInvoice, Delivery], Awaitable[Wanted | None]]] = {
    "orders": _order,
    "invoices": _invoice,
    "creditmemos": _memo,
}
