"""Credits, and free text invoices, that people entered with the reference of an order or credit
memo, beside what was delivered of it: a credit by hand and the credit note of a memo are one too
many.

They are no difference where they make both books agree, as where the shop never charged what F&O
invoiced; nor where another one takes them back.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import Final

from typing_extensions import override

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.dynamics.books import Booked, Books, IsOurs
from sync.engine.delivery import Delivery
from sync.flows.orders.order_changes import without_what_is_credited
from sync.flows.orders.order_sums import OrderLook
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.receivable_documents import REVENUE_KINDS
from sync.mapping.taken_off import orders_are_invoiced
from sync.reconcile.causes import Case, Told
from sync.reconcile.difference import Cause
from sync.reconcile.kind import Connected, Kind, Window
from sync.reconcile.orders import document_of, place
from sync.reconcile.receivables import document_place
from sync.reconcile.receivables_wanted import WithOrder
from sync.reconcile.spool import Entry
from sync.reconcile.wanted import Wanted

ORDERS, MEMOS, POSTED = "orders", "creditmemos", "posted_invoices"


async def _nothing(_: Connected, __: Window) -> AsyncIterator[Entry]:
    """Commerce has no such documents."""
    entries: tuple[Entry, ...] = ()
    for entry in entries:
        yield entry


async def _booked(
    books: Books, company: str, window: Window, is_ours: IsOurs
) -> AsyncIterator[Booked]:
    async for one in books.free_text_invoices(company, _days(window), is_ours):
        yield one


def _days(window: Window) -> tuple[date, date]:
    """Those of the time itself: an order of any age may have such a document."""
    return window.since.date(), (window.until - timedelta(seconds=1)).date()


async def _booked_of(books: Books, company: str, references: Sequence[str]) -> list[Booked]:
    """Nothing, where what was entered was taken back."""
    found = await books.free_text_invoices_of(company, references)
    return found if total(one.amount for one in found) else []


async def _booked_of_orders(
    books: Books, company: str, window: Window, is_ours: IsOurs
) -> AsyncIterator[Booked]:
    """And credit notes: of a return order by hand, that took the reference over."""
    async for one in _booked(books, company, window, is_ours):
        yield one
    async for one in books.credit_notes(company, _days(window), is_ours):
        if one.amount < ZERO:
            yield one


async def _held_of_orders(books: Books, company: str, references: Sequence[str]) -> list[Booked]:
    """And what was credited by another order than the one that was sold by."""
    invoiced = await books.invoiced_of(company, references)
    by_hand = await _booked_of(books, company, references)
    return [*by_hand, *(one for one in invoiced if one.amount < ZERO)]


async def _wanted(order: Order, delivery: Delivery, held: Sequence[Booked]) -> Wanted:
    """What F&O holds of the order in all, and what Commerce wants it to hold; a draft is not held
    yet."""
    known = delivery.held(KIND)
    if known is None or not held:
        return Wanted(None, is_others=True)
    systems, settings = delivery.systems, delivery.systems.settings
    order = await without_what_is_credited(order, delivery)
    document, sold = [
        await document_of(one, settings, delivery) for one in (order, without_refunds(order))
    ]
    there = await systems.dynamics.sales_orders.by_number(document.company, known.number)
    sums = await OrderLook(order, document, sold, delivery).sums(known.number, there)
    point = sums.open_point()
    return Wanted(
        sums.commerce, order.order_currency_code, held=sums.dynamics, allowed=sums.allowed,
        sums=point.sums if point else "",
    )  # fmt: skip


async def _of_memo(_: WithOrder, delivery: Delivery, __: Sequence[Booked]) -> Wanted:
    """Nothing, where we made its credit note; one that was parked is entered by hand."""
    is_credited = bool(delivery.claim.delivered.keys() & REVENUE_KINDS)
    return Wanted(None, is_others=not is_credited)


async def _explained(case: Case, wanted: Wanted | Never) -> Told:
    changed = case.place.changed.isoformat() if case.place.changed else ""
    if isinstance(wanted, Never):
        return Cause.AMOUNT, changed, wanted.remedy
    said = (
        f"{case.numbers} in D365 has the reference {case.place.references[0]} beside what was"
        " delivered. Reverse it there under the same reference; or keep it, and reverse the credit"
        " note of the credit memo that gave the same back."
    )
    return Cause.EDITED, changed, said


def _is_wanted(settings: Connection) -> bool:
    """Where posted invoices are read, free text invoices may be."""
    return POSTED in settings.flows and orders_are_invoiced(settings)


def _of_memos(settings: Connection) -> bool:
    is_returned = MEMOS in settings.flows and settings.creditmemos.recipe == "return-order"
    return is_returned and _is_wanted(settings)


class ByHand(Kind):
    """People write what they like: a reference that names no record may be of anything."""

    @override
    def is_telling(self, settings: Connection) -> bool:
        return False


by_hand: Final = ByHand(
    "by_hand", ORDERS, _nothing, _booked_of_orders, _held_of_orders, place, _wanted, _is_wanted,
    explained=_explained,
)  # fmt: skip
memos_by_hand: Final = ByHand(
    "memos_by_hand", MEMOS, _nothing, _booked, _booked_of, document_place, _of_memo, _of_memos,
    sign=-1, explained=_explained,
)  # fmt: skip
