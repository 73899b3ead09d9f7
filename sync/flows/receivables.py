"""What invoices and credit memos share: the order behind them, settled in D365 first, and the account they belong to."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sync.commerce.models.invoice import MoneyDocument
from sync.commerce.models.order import Order
from sync.desk import Desk
from sync.errors import Later, Never
from sync.flow import Change, Receipt, Skipped
from sync.flows.accounts import account_for
from sync.flows.keys import change_in
from sync.ledger import State
from sync.mapping.bookings import Booked, Ground, ground_of
from sync.mapping.sales_order import order_store
from sync.work import Work


async def changed_documents(desk: Desk, path: str, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Documents by `updated_at`, those of the connection's stores. An order's own stamp does not tell of them."""
    fields = ("increment_id", "entity_id", "store_id", "updated_at")
    async for row in desk.commerce.changed(path, since, until, fields=fields):
        change = change_in(row, desk)
        if change is not None:
            yield change


async def order_of(document: MoneyDocument, desk: Desk) -> Order | None:
    """The order behind a document; None when Commerce does not show it (yet)."""
    found = await desk.orders_by_id.get(document.order_id)
    return Order.read(found) if found is not None else None


async def ground_for(booked: Booked[Any], work: Work) -> Ground:
    """Where the document is booked; its order is delivered first where orders are. Raises `Later` while that waits."""
    order, settings = booked.order, work.desk.settings
    order_store(order, settings)
    number = await _order_number(order, work)
    account = await account_for(order, work)
    return replace(ground_of(booked, settings, account), order_number=number)


async def _order_number(order: Order, work: Work) -> str:
    """The sales order's number. An invoice may overtake its order: then the order is delivered first."""
    if "orders" not in work.desk.settings.flows:
        return ""
    claim = await work.ledger.claim(work.desk.name, "orders", order.key)
    if claim.number:
        return claim.number
    outcome = await work.require("orders", order.key, order)
    if isinstance(outcome, Receipt):
        return outcome.number
    if outcome.reason.startswith("waiting"):
        raise Later(f"its order {order.increment_id} is not posted yet: {outcome.reason}", after=timedelta(minutes=10))
    return ""


def booked_before(document: MoneyDocument, entity: str, fingerprint: str, work: Work) -> Receipt:
    """A document seen again: the same one is fine. Raises `Never` for one with other amounts than those booked."""
    number = work.claim.number
    if work.claim.digest == fingerprint:
        return Receipt(entity, number, fingerprint, "unchanged")
    raise Never(
        f"{document.label} changed in Commerce after {number} was booked for it",
        remedy=f"Compare {number} in D365 with it and correct it there; posted documents are never overwritten.",
    )


def cancelled(document: MoneyDocument, work: Work) -> Skipped:
    """A cancelled document is not booked. Raises `Never` for one that was booked before."""
    number = work.claim.number
    if not number or work.claim.state is State.CANCELLED:
        return Skipped("cancelled in Commerce before it was booked")
    raise Never(
        f"{document.label} was cancelled in Commerce after {number} was booked for it",
        remedy=f"Credit or delete {number} in D365; nothing is changed there by us.",
    )
