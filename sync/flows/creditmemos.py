"""Credit memos in Commerce -> credit notes in D365.

In:      a credit memo as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a return order or a negative free text invoice; a debit in the payment journal where money is paid out.
Key:     "<increment_id>@<store_id>" of the credit memo.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   memos that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and credit memo number; a lost answer is looked into first.
"""

from collections.abc import Mapping

from sync.commerce.models.invoice import CreditMemo
from sync.dynamics.return_orders import ReturnOrders
from sync.dynamics.sales_orders import SalesOrders
from sync.flow import Flow, Lane, Receipt, Skipped
from sync.flows.bookings import post_bookings, receipt_of
from sync.flows.receipts import told
from sync.flows.receivables import DocumentsOf, to_book
from sync.mapping.bookings import Booked, Ground, fingerprint_of, memo_bookings, receivable_of
from sync.mapping.receivable_lines import Receivable
from sync.work import Work

documents = DocumentsOf("creditmemo", "creditmemos", CreditMemo.read)


async def deliver(booked: Booked[CreditMemo], work: Work) -> Receipt | Skipped:
    """Book the credit memo once, by the connection's recipe."""
    found = await to_book(booked, "credit_note", work)
    if not isinstance(found, tuple):
        return found
    receivable, ground = found
    memo, settings = booked.document, work.desk.settings
    lots: Mapping[str, str] = {}
    if settings.creditmemos.recipe == "return-order":
        receivable = await _as_the_account_is_charged(booked, receivable, ground, work)
        lots = await _lots(ground, work)
    items = await work.desk.items.many(receivable.skus)
    bookings = memo_bookings(booked, receivable, settings, ground, items=items, lots=lots)
    work.keep("read", memo.raw)
    posted = await post_bookings(bookings, ground.former, work)
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


creditmemos = Flow[Booked[CreditMemo]](
    name="creditmemos",
    title="Credit memos to credit notes",
    keys_in=documents.keys_in,
    horizon=documents.horizon,
    changed=documents.changed,
    read=documents.read,
    deliver=deliver,
    resolve=documents.resolve,
    lane=Lane.DOCUMENTS,
    schedule="45 * * * * *",
    poll_minutes=lambda connection: connection.creditmemos.poll_minutes,
    events=("observer.sales_order_creditmemo_save_commit_after", "observer.sales_order_creditmemo_save_after"),
)
