"""Returns: what Commerce refunded of each RMA against what F&O credited of its return order. Goods
that are replaced are credited and not refunded."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.commerce.models.refund import marker_of, returns_in
from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.dynamics.books import Booked, Books
from sync.engine.claim import State
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.flows.keys import elsewhere
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.flows.returns.refund_writes import amount_of
from sync.flows.returns.refunds import case_of
from sync.flows.returns.return_states import REFUNDS
from sync.flows.returns.rma_records import RETURNS
from sync.mapping.refund_case import RefundCase, given_by
from sync.mapping.rma_return_order import RmaWithOrder, requested_at, rma_reference
from sync.reconcile.causes import Case, Told
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause
from sync.reconcile.kind import Connected, Kind, Place, Window, charged_entry
from sync.reconcile.receivables import credit_notes
from sync.reconcile.spool import Entry
from sync.reconcile.wanted import Wanted


async def charged(connected: Connected, window: Window) -> AsyncIterator[Entry]:
    """The RMAs that were requested; each is looked at, for its refunds are its order's."""
    systems = connected.systems
    rows = systems.commerce.returns.since(
        window.since, window.until, stores=connected.stores(window)
    )
    async for row in rows:
        if elsewhere(row.get("store_id"), systems):
            continue
        order = await systems.commerce.orders.by_id(int(row["order_id"]))
        if order is not None:
            found = RmaWithOrder(Rma.read(row), Order.read(order))
            place = _place(found, connected.settings)
            currency = str(order["order_currency_code"])
            yield charged_entry(connected, place, None, ZERO, currency, is_plain=False)


def _place(found: RmaWithOrder, settings: Connection) -> Place:
    rma, order = found.rma, found.order
    at, reference = requested_at(rma), rma_reference(rma, order, settings)
    company = settings.legal_entity_of(order.store_id)
    return Place(found, rma.key, rma.store_id, at, at, company, (reference,), reference)


async def booked_of(books: Books, company: str, references: Sequence[str]) -> list[Booked]:
    """What was credited of a return order, each as one document."""
    found = await books.invoiced_of(company, references)
    return [one for one in found if one.amount < ZERO]


async def wanted(found: RmaWithOrder, delivery: Delivery, _: Sequence[Booked]) -> Wanted:
    """What Commerce refunded of it, and what F&O credited for goods that are replaced."""
    if elsewhere(found.rma.store_id, delivery.systems):
        return Wanted(None)
    kept = [case.note.amount - given_by(case).amount for case in await cases_of(found, delivery)]
    amount = total(amount_of(one) for one in await memos_of(found, delivery.systems)) + total(kept)
    currency = found.order.order_currency_code
    return Wanted(amount or None, currency, is_sent=bool(delivery.claim.number))


async def memos_of(found: RmaWithOrder, systems: Systems) -> list[Mapping[str, Any]]:
    """The credit memos of which a comment says that they refund this RMA."""
    bare = marker_of(found.rma.increment_id)
    return [
        memo
        for memo in await systems.commerce.creditmemos.of_order(found.order.entity_id or 0)
        if any(text == bare or text.startswith(f"{bare} ") for text in returns_in(memo))
    ]


async def cases_of(found: RmaWithOrder, delivery: Delivery) -> list[RefundCase]:
    """The credit notes of its return order, with all that decides over their refunds."""
    states, settings = delivery.systems.dynamics.return_states, delivery.systems.settings
    company, cases = settings.legal_entity_of(found.order.store_id), list[RefundCase]()
    held = delivery.claim.delivered.get(ReturnOrderWrite.kind)
    for number in await states.credit_notes_of(company, held.number) if held else ():
        note = await states.credit_note(company, number)
        case = await case_of(note, found, delivery) if note is not None else None
        cases += [] if case is None else [case]
    return cases


async def explained(case: Case, _: Wanted | Never) -> Told:
    """Why it differs: the refund of one of its credit notes waits, or was never made."""
    numbers = [one.number for one in case.held]
    said = f"Compare the credit memos of the order with the credit notes of {case.numbers}."
    told = await told_of_notes(case.connected, case.place.company, numbers)
    return told or (Cause.AMOUNT, "", said)


async def told_of_notes(connected: Connected, company: str, numbers: Sequence[str]) -> Told | None:
    """What is to be said of the refunds of these return orders; None where all were made."""
    systems, ledger = connected.systems, connected.ledger
    for number in numbers:
        for note in await systems.dynamics.return_states.credit_notes_of(company, number):
            key = f"{company}|{note}"
            claim = await ledger.claim(systems.name, REFUNDS, key)
            if claim.waits_for_a_person:
                return Cause.PARKED, "", claim.remedy
            if claim.state not in (State.DELIVERED, State.SKIPPED):
                return Cause.WAITING, "", Commands(systems.name, REFUNDS, key).replay()
    return None


def _is_flowing(settings: Connection) -> bool:
    return REFUNDS in settings.flows


returns: Final = Kind(
    RETURNS, RETURNS, charged, credit_notes, booked_of, _place, wanted, _is_flowing, sign=-1,
    explained=explained,
)  # fmt: skip
