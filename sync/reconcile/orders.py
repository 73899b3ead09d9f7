"""Orders against sales orders.

An order comes to what its sales order holds with tax: what was paid by gift card or credit is part
of it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.order import Order, utc
from sync.commerce.search import Node
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import CENT, rounded, total
from sync.core.skipped import Waiting
from sync.dynamics.books import Booked, Books, IsOurs
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import changes_between, sent_form
from sync.engine.delivery import Delivery
from sync.flows.keys import elsewhere
from sync.flows.orders.kept_off import with_pieces_off
from sync.flows.orders.order_amounts import never_charged
from sync.flows.orders.order_changes import (
    former_reference,
    given_up,
    is_rejected_there,
    without_what_is_credited,
)
from sync.flows.orders.order_sums import OrderLook
from sync.flows.orders.sales_order_writes import KIND
from sync.flows.receivables.wanted_sums import given_back
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.order_left import is_changed
from sync.mapping.order_parts import order_parts
from sync.mapping.posting_policy import before_our_time, is_cancelled, is_rejected, not_now
from sync.mapping.sales_order import order_items, reference_of, sales_order_from
from sync.mapping.segments import segments_of
from sync.mapping.taken_off import orders_are_invoiced
from sync.reconcile.fields import ways_to_pay
from sync.reconcile.kind import LATER, Connected, Kind, Place, Window, charged_entry, unreadable
from sync.reconcile.spool import Entry
from sync.reconcile.wanted import Wanted, is_equal

FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "store_id", "state", "status", "created_at", "updated_at",
    "order_currency_code", "grand_total", "tax_amount", "total_paid", "total_invoiced",
    "total_refunded", "total_canceled",
)  # fmt: skip

NAMELESS: Final = {"increment_id": "", "store_id": 0, "entity_id": 0}


async def charged(connected: Connected, window: Window) -> AsyncIterator[Entry]:
    """The orders that were placed; not those of before our time."""
    settings = connected.settings
    fields = (*FIELDS, *ways_to_pay(settings.orders))
    async for row in connected.orders_made(window, fields):
        try:
            order = Order.read(row)
        except Never:
            template = settings.orders.reference_template
            yield unreadable(row, template.format_map({**NAMELESS, **row}))
            continue
        if not (elsewhere(order.store_id, connected.systems) or _is_others(order, settings)):
            yield _entry(order, connected)


def _is_others(order: Order, settings: Connection) -> bool:
    return bool(before_our_time(order, settings.orders))


def _entry(order: Order, connected: Connected) -> Entry:
    """Nothing is to be in F&O of an order that was cancelled whole. Where pieces were cancelled or
    refunded, only the order's rows tell what is left."""
    is_plain = not (order.total_refunded or order.total_canceled)
    amount: Decimal | None = order.grand_total
    try:
        segments = [*segments_of(order, connected.settings.orders)]
    except Never:
        segments, is_plain = [], False
    paid = total(abs(one.amount) for one in segments if one.home.payment is not None)
    if is_rejected(order) or is_cancelled(order):
        amount = None
    return charged_entry(
        connected, place(order, connected.settings),
        None if amount is None else rounded(amount + paid), rounded(order.tax_amount),
        order.order_currency_code, is_plain=is_plain,
    )  # fmt: skip


def place(order: Order, settings: Connection) -> Place:
    """Where the sales order of an order stands."""
    company = settings.legal_entity_of(order.store_id)
    return Place(
        order, order.key, order.store_id, order.placed_at, utc(order.updated_at), company,
        (reference_of(order, settings),), former_reference(order),
    )  # fmt: skip


def booked(books: Books, company: str, window: Window, is_ours: IsOurs) -> AsyncIterator[Booked]:
    """The sales orders that were created in the time, or soon after."""
    return books.sales_orders(company, window.since, window.until + LATER, is_ours)


async def wanted(order: Order, delivery: Delivery, held: Sequence[Booked]) -> Wanted:
    """By the rules of the flow: what the sales order holds once all is delivered."""
    settings = delivery.systems.settings
    is_unasked = not delivery.claim.etag and _is_others(order, settings)
    if is_unasked or await _is_kept_there(order, delivery, held):
        return Wanted(None, is_others=True)
    as_read, order = order, await without_what_is_credited(order, delivery)
    if not held and (known := _not_posted(order, delivery)) is not None:
        return known
    document, sold = [
        await document_of(one, settings, delivery) for one in (order, without_refunds(order))
    ]
    found = _of_document(order, document, settings)
    if not held or (is_equal(found, held) and not never_charged(document)):
        return found
    given = await given_back(as_read, delivery.systems)
    amount = None if found.amount is None else found.amount - given
    found = replace(found, amount=amount, is_sent=await _is_sent(document, delivery))
    if given and is_equal(found, held):
        return found
    if len(held) > 1 or not (is_changed(order) and orders_are_invoiced(settings)):
        return found
    there = await delivery.systems.dynamics.sales_orders.by_number(document.company, held[0].number)
    sums = await OrderLook(order, document, sold, delivery).sums(held[0].number, there)
    point = sums.open_point()
    return Wanted(
        sums.commerce, found.currency, is_sent=found.is_sent, held=sums.dynamics,
        allowed=sums.allowed, sums=point.sums if point else "",
    )  # fmt: skip


async def _is_kept_there(order: Order, delivery: Delivery, held: Sequence[Booked]) -> bool:
    """Whether F&O rejected the order, and keeps it as rejected; we have cancelled it in Commerce.
    Not one that it has posted after all."""
    is_open = bool(held) and all(one.tax is None for one in held)
    return is_open and bool(given_up(order, delivery)) and await is_rejected_there(order, delivery)


def _not_posted(order: Order, delivery: Delivery) -> Wanted | None:
    """Why nothing is to be in F&O (yet); None where the sales order is to be there."""
    settings = delivery.systems.settings.orders
    if elsewhere(order.store_id, delivery.systems) or given_up(order, delivery):
        return Wanted(None)
    if delivery.held(KIND) is not None or delivery.claim.intent is not None:
        return None
    if not delivery.is_asked and before_our_time(order, settings):
        return Wanted(None)
    outcome = not_now(order, settings, delivery.now())
    if isinstance(outcome, Waiting):
        amount, currency = rounded(order.grand_total), order.order_currency_code
        return Wanted(amount, currency, waits=outcome.reason)
    return None if outcome is None else Wanted(None)


async def document_of(order: Order, settings: Connection, delivery: Delivery) -> SalesOrder:
    """The sales order of an order, by the rules of the flow. Raises `Never` as they do. While a
    write of it may still commit, nobody knows which pieces stay off."""
    items = await delivery.systems.items.of(
        order_items(order, settings), with_custom_options(order)
    )
    document = sales_order_from(order, settings, account="", items=items)
    if delivery.is_unsettled:
        return document
    kept = await with_pieces_off(order, document, delivery)
    if kept is order:
        return document
    return sales_order_from(kept, settings, account="", items=items)


def _of_document(order: Order, document: SalesOrder, settings: Connection) -> Wanted:
    currency, is_whole = order.order_currency_code, not is_changed(order)
    unit, amount = settings.dynamics.rounding.get(currency, CENT), document.held.dynamics
    if is_whole:
        amount += total(document.paid.values())
    lines = total(line.left.amount(unit) for line in document.lines if line.left is not None)
    tax = rounded(order_parts(order, settings.orders).tax) if is_whole else None
    return Wanted(amount, currency, on_top=amount - lines, tax=tax)


async def _is_sent(document: SalesOrder, delivery: Delivery) -> bool:
    """Whether these very lines were sent last. Copies expire: of what is older, nothing has
    changed."""
    if delivery.held(KIND) is None:
        return False
    sent = await delivery.last_sent(KIND)
    changes = changes_between(sent, sent_form(document)) if sent else None
    return changes is None or not (changes.patched or changes.removed or changes.added)


def _is_flowing(settings: Connection) -> bool:
    return "orders" in settings.flows


def _stays_open(settings: Connection) -> bool:
    """Where free text invoices book the revenue, F&O's own invoices would double it."""
    return "invoices" in settings.flows and not orders_are_invoiced(settings)


orders: Final = Kind(
    "orders", "orders", charged, booked, Books.sales_orders_of, place, wanted, _is_flowing,
    stays_open=_stays_open,
)  # fmt: skip
