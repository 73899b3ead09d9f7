"""What invoices and credit memos share: the order behind them, settled in D365 first, and the account they belong to."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sync.coalescer import Coalescer
from sync.commerce.models.invoice import CANCELLED, CreditMemo, Invoice, MoneyDocument
from sync.commerce.models.order import Order
from sync.commerce.search import of_any
from sync.desk import Desk
from sync.errors import Later, Never
from sync.flow import Change, Receipt, Skipped
from sync.flows.accounts import account_for
from sync.flows.identity import identified
from sync.flows.keys import UNKNOWN_STORE, change_in, document_keys, elsewhere, keys_of, parts_of
from sync.mapping.bookings import (
    Booked,
    Ground,
    fingerprint_of,
    ground_of,
    nothing_to_book,
    reason_to_wait,
    receivable_of,
)
from sync.mapping.posting_policy import must_be_of_our_time, old_document
from sync.mapping.receivable_lines import Receivable
from sync.mapping.sales_order import order_store
from sync.mapping.taken_off import orders_are_invoiced
from sync.work import Work

D = TypeVar("D", Invoice, CreditMemo)
Documents = Coalescer[str, list[dict[str, Any]]]

SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)
"""Looks for an order that is not posted yet: rarer the longer it has taken, and for as long as it takes."""


@dataclass(frozen=True)
class DocumentsOf(Generic[D]):
    """Where documents of one kind come from: `noun` in a hook's body, `path` in REST. What a flow of them consists of,
    but its `deliver`."""

    noun: str
    path: str
    model: Callable[[Mapping[str, Any]], D]

    def keys_in(self, payload: Mapping[str, Any]) -> Sequence[str]:
        """The document named in a hook's body or an event's value."""
        return document_keys(payload, self.noun)

    async def resolve(self, key: str, desk: Desk) -> Sequence[str] | None:
        """A key without a store: the documents of that number in the connection's store views; None for one that has it."""
        increment, store = parts_of(key)
        return list(keys_of(await self._by_number(desk).get(increment) or [], desk)) if store == UNKNOWN_STORE else None

    async def changed(self, desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
        """By `updated_at`, those of the connection's stores. An order's own stamp does not tell of them."""
        fields = ("increment_id", "entity_id", "store_id", "updated_at")
        only = of_any("store_id", desk.settings.store_ids)
        async for row in desk.commerce.changed(self.path, since, until, fields=fields, only=only):
            change = change_in(row, desk)
            if change is not None:
                yield change

    async def horizon(self, desk: Desk) -> datetime:
        """The shop's clock less the seconds that commits may take."""
        return await desk.commerce.settled(self.path)

    async def read(self, key: str, desk: Desk) -> Booked[D] | None:
        """The document of a key and its order as they are now; None when Commerce does not show one of them (yet)."""
        increment, store = parts_of(key)
        for row in await self._by_number(desk).get(increment) or []:
            if str(row.get("store_id", "")) == store:
                document = self.model(row)
                order = await order_of(document, desk)
                return Booked(document, order) if order is not None else None
        return None

    def _by_number(self, desk: Desk) -> Documents:
        found: Documents = getattr(desk, self.path)
        return found


async def order_of(document: MoneyDocument, desk: Desk) -> Order | None:
    """The order behind a document; None when Commerce does not show it (yet)."""
    found = await desk.orders_by_id.get(document.order_id)
    return Order.read(found) if found is not None else None


async def to_book(booked: Booked[Any], entity: str, work: Work) -> Receipt | Skipped | tuple[Receivable, Ground]:
    """What to book of a document and where, or why there is nothing (more) to book. Raises as `dealt_with` and `ground_for`."""
    if work.claim.number or work.claim.intent is not None:
        await identified(booked.document.entity_id, booked.document.label, work)
    known = dealt_with(booked, entity, work)
    if known is not None:
        return known
    if reason := reason_to_wait(booked.document):
        return Skipped(reason)
    receivable = receivable_of(booked, work.desk.settings)
    if reason := nothing_to_book(booked.document, booked.order.payment.method, receivable, work.desk.settings):
        return Skipped(reason)
    await identified(booked.document.entity_id, booked.document.label, work)
    return receivable, await ground_for(booked, work)


async def ground_for(booked: Booked[Any], work: Work) -> Ground:
    """Where the document is booked; its order is delivered first where orders are. Raises `Later` while that waits."""
    order, settings = booked.order, work.desk.settings
    order_store(order, settings)
    number = await _order_number(booked, work)
    account = await account_for(order, work)
    return replace(ground_of(booked, settings, account), order_number=number)


async def _order_number(booked: Booked[Any], work: Work) -> str:
    """The sales order's number. An invoice may overtake its order: then the order is delivered first.

    A credit memo may overtake its order's change: where F&O invoices the orders, it is the order that tells what is left
    to be credited, so that change is delivered first as well.
    """
    order = booked.order
    if "orders" not in work.desk.settings.flows:
        return ""
    claim = await work.ledger.claim(work.desk.name, "orders", order.key)
    is_settled_first = isinstance(booked.document, CreditMemo) and orders_are_invoiced(work.desk.settings)
    if claim.number and not is_settled_first:
        return claim.number
    if not claim.number and not _is_settled_on(work):
        must_be_of_our_time(booked.document, order, work.desk.settings.orders)
    outcome = await work.require("orders", order.key, order)
    if isinstance(outcome, Receipt):
        return outcome.number
    if outcome.reason.startswith("waiting"):
        after = min(max((work.now() - work.message.hinted_at) / 4, SOONEST), LATEST)
        reason = f"its order {order.increment_id} is not posted yet: {outcome.reason}"
        raise Later(reason, after=after, counts=False)
    return ""


def dealt_with(booked: Booked[Any], entity: str, work: Work) -> Receipt | Skipped | None:
    """What is known of a document before its lines are looked at; None where it is to be booked.

    Posted documents are never overwritten. Raises `Never` for one that changed, or was cancelled, since it was booked.
    """
    document = booked.document
    if reason := elsewhere(document.store_id, work.desk):
        return Skipped(reason)
    if document.state == CANCELLED:
        return _cancelled(booked, work)
    number = work.claim.number
    if not number:
        reason = "" if _is_settled_on(work) else old_document(document, work.desk.settings.orders)
        return Skipped(reason) if reason else None
    if work.claim.digest == fingerprint_of(document):
        return Receipt(entity, number, work.claim.digest, "unchanged")
    raise Never(
        f"{document.label} changed in Commerce after {number} was booked for it",
        remedy=f"Compare {number} in D365 with it and correct it there; posted documents are never overwritten.",
    )


def _is_settled_on(work: Work) -> bool:
    """Whether a person asks for it, or it is being booked already: then its age does not matter."""
    return work.is_asked or work.claim.intent is not None


def _cancelled(booked: Booked[Any], work: Work) -> Skipped:
    """A cancelled document is not booked. Whether it was is not known where an earlier try's answer was lost."""
    document, number = booked.document, work.claim.number
    if number:
        raise Never(
            f"{document.label} was cancelled in Commerce after {number} was booked for it",
            remedy=f"Credit or delete {number} in D365; nothing is changed there by us.",
        )
    if work.inherited is not None:
        reference = ground_of(booked, work.desk.settings, account="").reference
        raise Never(
            f"{document.label} was cancelled in Commerce while it was being booked, and an answer of D365 was lost",
            remedy=f"Look in D365 for documents with the reference {reference}, and credit or delete what is there.",
        )
    return Skipped("cancelled in Commerce before it was booked")
