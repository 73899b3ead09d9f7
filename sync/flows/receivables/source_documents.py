"""What invoices and credit memos share: the order behind them, settled in D365 first, and the
account they belong to."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sync.commerce.client import CommerceClient
from sync.commerce.models.invoice import CANCELLED, CreditMemo, Invoice, MoneyDocument
from sync.commerce.models.order import Order
from sync.commerce.models.rows import row_digest
from sync.commerce.polling import SETTLING
from sync.commerce.sales_documents import SalesDocuments
from sync.config.connections import Connection
from sync.core.errors import Later, Never
from sync.core.skipped import Skipped, Waiting
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, CommerceHook, Poll, Trigger
from sync.engine.plan import Delivered, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.customers.order_accounts import account_and_payer_for
from sync.flows.identity import identified
from sync.flows.keys import UNKNOWN_STORE, change_in, document_keys, elsewhere, keys_of, parts_of
from sync.flows.orders.order_changes import given_up
from sync.flows.shop_hooks import document_hook
from sync.mapping.booking import nothing_to_book, reason_to_wait
from sync.mapping.captures import brings_no_money
from sync.mapping.order_settings import order_store
from sync.mapping.posting_policy import (
    is_never_posted,
    must_be_of_our_time,
    not_sold,
    old_document,
)
from sync.mapping.posting_target import DocumentWithOrder, PostingTarget, posting_target_of
from sync.mapping.receivable_documents import fingerprint_of, receivable_of
from sync.mapping.receivable_lines import Receivable
from sync.mapping.taken_off import orders_are_invoiced

D = TypeVar("D", Invoice, CreditMemo)

SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)
"""Looks for an order that is not posted yet: rarer the longer it has taken, and for as long as it
takes."""


@dataclass(frozen=True)
class DocumentsOf(Generic[D]):
    """Where documents of one kind come from: `noun` in a hook's body and an event's name, `of` a
    shop. `columns`: what a poll's row has."""

    noun: str
    of: Callable[[CommerceClient], SalesDocuments]
    model: Callable[[Mapping[str, Any]], D]
    columns: Sequence[str]

    def triggers(self, minutes: Callable[[Connection], int]) -> tuple[Trigger, ...]:
        """The shop's hook, its events after and before the commit, and a poll."""
        saved = f"observer.sales_order_{self.noun}_save"
        events = AdobeEvents((f"{saved}_commit_after", f"{saved}_after"), self.keys_in)
        poll = Poll(self.changed, self.until, minutes, listed=self.listed, lag=SETTLING)
        hook = CommerceHook(self.keys_in, (document_hook(self.noun, saved),))
        return hook, events, poll

    def keys_in(self, payload: Mapping[str, Any]) -> Sequence[str]:
        """The document named in a hook's body or an event's value."""
        return document_keys(payload, self.noun)

    async def resolve(self, key: str, systems: Systems) -> Sequence[str] | None:
        """A key without a store: the documents of that number in the connection's store views; None
        for one that has it."""
        increment, store = parts_of(key)
        if store != UNKNOWN_STORE:
            return None
        return list(keys_of(await self.of(systems.commerce).by_number(increment), systems))

    async def changed(
        self, systems: Systems, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        """By `updated_at`, those of the connection's stores. An order's own stamp does not tell of
        them."""
        async for row in self.of(systems.commerce).changed(
            since, until, stores=systems.settings.store_ids, after=after
        ):
            change = change_in(row, systems, self.columns)
            if change is not None:
                yield change

    def listed(self, with_order: DocumentWithOrder[D]) -> str:
        """What a poll's row says of a document as it was read."""
        return row_digest(with_order.document.raw, self.columns)

    async def until(self, systems: Systems) -> datetime:
        """The shop's clock less the seconds that commits may take."""
        return await self.of(systems.commerce).settled()

    async def read(self, key: str, systems: Systems) -> DocumentWithOrder[D] | None:
        """The document of a key and its order as they are now; None when Commerce does not show one
        of them (yet)."""
        row = await self.of(systems.commerce).in_store(*parts_of(key))
        return await self.with_order(row, systems) if row is not None else None

    async def with_order(
        self, row: Mapping[str, Any], systems: Systems
    ) -> DocumentWithOrder[D] | None:
        """A document as REST answers it, with its order; None when Commerce does not show the order
        (yet). Raises `Never` for one that cannot be read."""
        document = self.model(row)
        order = await order_of(document, systems)
        return DocumentWithOrder(document, order) if order is not None else None


async def order_of(document: MoneyDocument, systems: Systems) -> Order | None:
    """The order behind a document; None when Commerce does not show it (yet)."""
    found = await systems.commerce.orders.by_id(document.order_id)
    return Order.read(found) if found is not None else None


async def receivable_to_book(
    with_order: DocumentWithOrder[Any], delivery: Delivery
) -> Receivable | Plan | Skipped:
    """The proved lines of what is to be booked, or why there is nothing (more) to book. Raises as
    `_dealt_with` and `identified`."""
    document, settings = with_order.document, delivery.systems.settings
    if delivery.claim.number or delivery.claim.intent is not None:
        await identified(document.entity_id, document.label, delivery)
    known = _dealt_with(with_order, delivery) or reason_to_wait(document)
    if known is not None:
        return known
    if reason := brings_no_money(document, with_order.order, settings):
        return Skipped(reason)
    receivable = receivable_of(with_order, settings)
    method = with_order.order.payment.method
    if reason := nothing_to_book(document, method, receivable, settings):
        return Skipped(reason, receivable.totals)
    await identified(document.entity_id, document.label, delivery)
    return receivable


async def posting_target_for(
    with_order: DocumentWithOrder[Any], delivery: Delivery
) -> PostingTarget:
    """Where the document is booked; its order is delivered first where orders are. Raises `Later`
    while that waits."""
    order, settings = with_order.order, delivery.systems.settings
    order_store(order, settings)
    number = await _order_number(with_order, delivery)
    account, payer = await account_and_payer_for(order, delivery)
    target = posting_target_of(with_order, settings, account)
    return replace(target, order_number=number, payer=payer)


async def _order_number(with_order: DocumentWithOrder[Any], delivery: Delivery) -> str:
    """The sales order's number. An invoice may overtake its order: then the order is delivered
    first.

    A credit memo may overtake its order's change: where F&O invoices the orders, it is the order
    that tells what is left to be credited, so that change is delivered first as well.
    """
    order, settings = with_order.order, delivery.systems.settings
    if "orders" not in settings.flows:
        return ""
    claim = await delivery.ledger.claim(delivery.systems.name, "orders", order.key)
    is_memo = isinstance(with_order.document, CreditMemo)
    if claim.number and not (is_memo and orders_are_invoiced(settings)):
        return claim.number
    if not claim.number and not _is_settled_on(delivery):
        must_be_of_our_time(with_order.document, order, settings.orders)
    outcome = await delivery.require("orders", order.key, order)
    if isinstance(outcome, Waiting):
        after = min(max((delivery.now() - delivery.message.notified_at) / 4, SOONEST), LATEST)
        reason = f"its order {order.increment_id} is not posted yet: {outcome.reason}"
        raise Later(reason, after=after, counts=False)
    if isinstance(outcome, Skipped) and not claim.number and _is_left_alone(with_order, delivery):
        raise not_sold(with_order.document, order, outcome.reason)
    return outcome.number if isinstance(outcome, Delivered) else ""


def _is_left_alone(with_order: DocumentWithOrder[Any], delivery: Delivery) -> bool:
    """Whether F&O would have to invoice an order that is never sent, and nobody asked for its
    document. Of a method that is never posted money is booked, and revenue is not credited."""
    order, settings = with_order.order, delivery.systems.settings
    if not orders_are_invoiced(settings) or _is_settled_on(delivery) or given_up(order, delivery):
        return False
    is_memo = isinstance(with_order.document, CreditMemo)
    return is_memo or not is_never_posted(order, settings.orders)


def _dealt_with(with_order: DocumentWithOrder[Any], delivery: Delivery) -> Plan | Skipped | None:
    """What is known of a document before its lines are looked at; None where it is to be booked.

    Posted documents are never overwritten. Raises `Never` for one that changed, or was cancelled,
    since it was booked.
    """
    document = with_order.document
    if reason := elsewhere(document.store_id, delivery.systems):
        return Skipped(reason)
    if document.state == CANCELLED:
        return _cancelled(with_order, delivery)
    if delivery.claim.number and delivery.claim.digest:  # else a person linked it
        return _booked(document, delivery)
    is_old = not _is_settled_on(delivery)
    reason = old_document(document, delivery.systems.settings.orders) if is_old else ""
    return Skipped(reason) if reason else None


def _booked(document: MoneyDocument, delivery: Delivery) -> Plan:
    """Nothing more to do, where the document is the same as when it was booked."""
    number = delivery.claim.number
    if delivery.is_same(delivery.claim.digest, fingerprint_of(document)):
        return Plan((), digest=delivery.claim.digest)
    raise Never(
        f"{document.label} changed in Commerce after {number} was booked for it",
        remedy=(
            f"Compare {number} in D365 with it and correct it there; posted documents are never"
            " overwritten."
        ),
    )


def _is_settled_on(delivery: Delivery) -> bool:
    """Whether a person asks for it, or it is being booked already: then its age does not matter."""
    return delivery.is_asked or delivery.claim.intent is not None


def _cancelled(with_order: DocumentWithOrder[Any], delivery: Delivery) -> Skipped:
    """A cancelled document is not booked. Whether it was is not known where an earlier try's answer
    was lost."""
    document, number = with_order.document, delivery.claim.number
    if number:
        raise Never(
            f"{document.label} was cancelled in Commerce after {number} was booked for it",
            remedy=f"Credit or delete {number} in D365; nothing is changed there by us.",
        )
    if delivery.inherited is None:
        return Skipped("cancelled in Commerce before it was booked")
    reference = posting_target_of(with_order, delivery.systems.settings, account="").reference
    raise Never(
        f"{document.label} was cancelled in Commerce while it was being booked, and an answer of"
        " D365 was lost",
        remedy=(
            f"Look in D365 for documents with the reference {reference}, and credit or delete what"
            " is there."
        ),
    )
