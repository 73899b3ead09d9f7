"""Credit memos in Commerce -> credit notes in D365.

In:      a credit memo as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a return order or a negative free text invoice; a debit in the payment journal where money is paid out.
Key:     "<increment_id>@<store_id>" of the credit memo.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   memos that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and credit memo number; a lost answer is looked into first.
"""

from decimal import Decimal

from sync.commerce.models.invoice import REFUNDED, CreditMemo
from sync.dynamics.return_orders import ReturnOrders
from sync.dynamics.sales_orders import Found, SalesOrders
from sync.flow import Flow, Lane, Receipt, Skipped
from sync.flows.bookings import post_bookings, receipt_of
from sync.flows.order_changes import given_up
from sync.flows.receipts import told
from sync.flows.receivables import DocumentsOf, to_book
from sync.mapping.bookings import Booked, Ground, fingerprint_of, memo_bookings, receivable_of
from sync.mapping.order_left import without_refunds
from sync.mapping.receivable_lines import Receivable
from sync.mapping.sales_order import order_items, sales_order_from
from sync.mapping.taken_off import TAKEN_OFF, HeldLine, Sale, orders_are_invoiced, still_credited
from sync.money import CENT
from sync.road.ledger import State
from sync.work import Work

documents = DocumentsOf("creditmemo", "creditmemos", CreditMemo.read)


async def deliver(booked: Booked[CreditMemo], work: Work) -> Receipt | Skipped:
    """Book the credit memo once, by the connection's recipe."""
    found = await to_book(booked, "credit_note", work)
    if not isinstance(found, tuple):
        return found
    receivable, ground = found
    memo, settings = booked.document, work.desk.settings
    if settings.creditmemos.recipe == "return-order":
        receivable = await _as_the_account_is_charged(booked, receivable, ground, work)
    sold = await _sold(ground, work)
    credited = await _still_credited(booked, receivable, ground, sold, work)
    items = await work.desk.items.many(credited.skus)
    lots = sold.invoiced_lots if sold is not None else {}
    bookings = memo_bookings(booked, receivable, settings, ground, items=items, lots=lots, credited=credited)
    work.keep("read", memo.raw)
    posted = await post_bookings(bookings, ground, work)
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


async def _sold(ground: Ground, work: Work) -> Found | None:
    """The sales order that was sold by; None when it is not there."""
    if not ground.order_number:
        return None
    return await SalesOrders(work.desk.dynamics, work.desk.settings.dynamics).read(ground.company, ground.order_number)


async def _still_credited(
    booked: Booked[CreditMemo], receivable: Receivable, ground: Ground, sold: Found | None, work: Work
) -> Receivable:
    """The memo less what was taken off its sales order, which was brought up to date before: F&O never invoices that."""
    order, settings = booked.order, work.desk.settings
    if not orders_are_invoiced(settings):
        return receivable
    claim = await work.ledger.claim(work.desk.name, "orders", order.key)
    is_gone = claim.state is State.CANCELLED or (not claim.number and bool(given_up(order, work)))
    if sold is None and not is_gone:
        return receivable
    items = await work.desk.items.many(order_items(order, settings))
    document = sales_order_from(without_refunds(order), settings, account=ground.account, items=items)
    held = _held(sold) if sold is not None and not sold.is_cancelled else {}
    sale = Sale(document, held, await _earlier(booked, work))
    return still_credited(receivable, booked.document, order, sale, settings)


def _held(sold: Found) -> dict[str, HeldLine]:
    return {
        str(line["ExternalItemNumber"]): HeldLine(
            Decimal(line.get("OrderedSalesQuantity") or 0), Decimal(line.get("LineAmount") or 0)
        )
        for line in sold.lines
        if line.get("ExternalItemNumber")
    }


async def _earlier(booked: Booked[CreditMemo], work: Work) -> list[CreditMemo]:
    """The order's credit memos before this one that may share what was taken off; asked for only where there are others."""
    memo, order = booked.document, booked.order
    if order.entity_id is None or abs(order.total_refunded - memo.grand_total) < CENT:
        return []
    found = [CreditMemo.read(row) for row in await work.desk.commerce.creditmemos_of(order.entity_id)]
    before = [one for one in found if one.state == REFUNDED and (one.entity_id or 0) < (memo.entity_id or 0)]
    numbers = [(await work.ledger.claim(work.desk.name, "creditmemos", one.key)).number for one in before]
    return [one for one, number in zip(before, numbers, strict=True) if not number or TAKEN_OFF in number]


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
