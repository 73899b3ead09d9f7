"""Credit memos in Commerce -> credit notes in D365.

In:      a credit memo as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a return order or a negative free text invoice; a debit in the payment journal where money is paid out.
Key:     "<increment_id>@<store_id>" of the credit memo.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   memos that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and credit memo number; a lost answer is looked into first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.invoice import CreditMemo
from sync.desk import Desk
from sync.dynamics.return_orders import ReturnOrders
from sync.dynamics.sales_orders import SalesOrders
from sync.flow import Change, Flow, Lane, Receipt, Skipped
from sync.flows.bookings import post_bookings, receipt_of
from sync.flows.keys import document_keys
from sync.flows.receipts import told
from sync.flows.receivables import (
    changed_documents,
    dealt_with,
    document_with_order,
    ground_for,
    keys_of_number,
)
from sync.mapping.bookings import (
    Booked,
    Ground,
    fingerprint_of,
    memo_bookings,
    nothing_to_book,
    reason_to_wait,
    receivable_of,
)
from sync.mapping.receivable_lines import Receivable
from sync.work import Work


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The credit memo named in a hook's body or an event's value."""
    return document_keys(payload, "creditmemo")


async def resolve(key: str, desk: Desk) -> Sequence[str] | None:
    """A key without a store: the documents of that number in the connection's store views."""
    return await keys_of_number(key, desk.creditmemos, desk)


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Credit memos by `updated_at`."""
    async for change in changed_documents(desk, "creditmemos", since, until):
        yield change


async def read(key: str, desk: Desk) -> Booked[CreditMemo] | None:
    """The credit memo and its order as they are now."""
    return await document_with_order(key, desk.creditmemos, CreditMemo.read, desk)


async def deliver(booked: Booked[CreditMemo], work: Work) -> Receipt | Skipped:
    """Book the credit memo once, by the connection's recipe."""
    memo, settings = booked.document, work.desk.settings
    known = dealt_with(booked, "credit_note", work)
    if known is not None:
        return known
    if reason := reason_to_wait(memo):
        return Skipped(reason)
    receivable = receivable_of(booked, settings)
    if reason := nothing_to_book(memo, receivable, settings):
        return Skipped(reason)
    ground = await ground_for(booked, work)
    lots: Mapping[str, str] = {}
    if settings.creditmemos.recipe == "return-order":
        receivable = await _as_the_account_is_charged(booked, receivable, ground, work)
        lots = await _lots(ground, work)
    items = await work.desk.items.many(receivable.skus)
    bookings = memo_bookings(booked, receivable, settings, ground, items=items, lots=lots)
    work.keep("read", memo.raw)
    posted = await post_bookings(bookings, work)
    tells = told("creditmemos", work.message.key, posted.action, work)
    return receipt_of("credit_note", posted, fingerprint_of(memo), bookings, ground, tells=tells)


async def _as_the_account_is_charged(
    booked: Booked[CreditMemo], receivable: Receivable, ground: Ground, work: Work
) -> Receivable:
    """Return orders do not say whether their prices include tax; F&O takes it from the account."""
    if not booked.document.tax_amount:
        return receivable
    gross = await ReturnOrders(work.desk.dynamics).prices_include_tax(ground.company, ground.account)
    return receivable_of(booked, work.desk.settings, gross=gross)


async def _lots(ground: Ground, work: Work) -> Mapping[str, str]:
    """The lots of the original lines, so that F&O returns at the original cost; nothing when the order is not there."""
    if not ground.order_number:
        return {}
    found = await SalesOrders(work.desk.dynamics, work.desk.settings.dynamics).read(ground.company, ground.order_number)
    return found.lots if found is not None else {}


async def horizon(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled("creditmemos")


creditmemos = Flow[Booked[CreditMemo]](
    name="creditmemos",
    title="Credit memos to credit notes",
    keys_in=keys_in,
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    resolve=resolve,
    lane=Lane.DOCUMENTS,
    schedule="45 * * * * *",
    poll_minutes=lambda connection: connection.creditmemos.poll_minutes,
    events=("observer.sales_order_creditmemo_save_commit_after", "observer.sales_order_creditmemo_save_after"),
)
