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
from sync.engine.plan import Plan, Skipped
from sync.flow import AdobeEvents, CommerceHook, DocumentFlow, Lane, Poll, Source
from sync.flows.receivables import DocumentsOf, ground_for, plan_of, receivable_to_book
from sync.mapping.bookings import Booked, Ground, memo_bookings, receivable_of
from sync.mapping.receivable_lines import Receivable
from sync.work import Work

documents = DocumentsOf("creditmemo", "creditmemos", CreditMemo.read)


async def plan(booked: Booked[CreditMemo], work: Work) -> Plan | Skipped:
    """What the credit memo becomes, by the connection's recipe."""
    receivable = receivable_to_book(booked, work)
    if not isinstance(receivable, Receivable):
        return receivable
    ground = await ground_for(booked, work)
    settings, lots = work.desk.settings, dict[str, str]()
    if settings.creditmemos.recipe == "return-order":
        receivable = await _as_the_account_is_charged(booked, receivable, ground, work)
        lots = dict(await _lots(ground, work))
    items = await work.desk.items.many(receivable.skus)
    bookings = memo_bookings(booked, receivable, settings, ground, items=items, lots=lots)
    return plan_of("creditmemos", booked, bookings, ground, work)


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


creditmemos = DocumentFlow[Booked[CreditMemo]](
    name="creditmemos",
    title="Credit memos to credit notes",
    source=Source(documents.read, documents.resolve),
    plan=plan,
    triggers=(
        CommerceHook(documents.keys_in),
        AdobeEvents(
            ("observer.sales_order_creditmemo_save_commit_after", "observer.sales_order_creditmemo_save_after"),
            documents.keys_in,
        ),
        Poll(
            documents.changed, documents.until, lambda connection: connection.creditmemos.poll_minutes, "45 * * * * *"
        ),
    ),
    lane=Lane.DOCUMENTS,
)
