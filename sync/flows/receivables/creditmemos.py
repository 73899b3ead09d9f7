"""Credit memos in Commerce -> credit notes in D365.

In:      a credit memo as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a return order or a negative free text invoice; a debit in the payment journal
         where money is paid out.
Key:     "<increment_id>@<store_id>" of the credit memo.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   memos that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and credit memo number; a lost answer is
looked into first.
"""

from decimal import Decimal

from sync.commerce.models.invoice import REFUNDED, CreditMemo
from sync.commerce.polling import SETTLING
from sync.commerce.sales_documents import CREDITMEMO_COLUMNS
from sync.core.money import CENT
from sync.core.skipped import Skipped
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.engine.claim import State
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow, Poll, Source
from sync.engine.plan import Plan
from sync.flows.orders.order_changes import given_up
from sync.flows.receivables.receivable_plan import plan_of
from sync.flows.receivables.source_documents import (
    DocumentsOf,
    posting_target_for,
    receivable_to_book,
)
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.posting_target import DocumentWithOrder, PostingTarget
from sync.mapping.receivable_documents import memo_documents, receivable_of
from sync.mapping.receivable_lines import Receivable
from sync.mapping.sales_order import order_items, sales_order_from
from sync.mapping.taken_off import TAKEN_OFF, HeldLine, Sale, orders_are_invoiced, still_credited
from sync.pacing.priority import Priority

documents = DocumentsOf(
    "creditmemo", lambda commerce: commerce.creditmemos, CreditMemo.read, CREDITMEMO_COLUMNS
)


async def plan(with_order: DocumentWithOrder[CreditMemo], delivery: Delivery) -> Plan | Skipped:
    """What the credit memo becomes, by the connection's recipe."""
    receivable = await receivable_to_book(with_order, delivery)
    if not isinstance(receivable, Receivable):
        return receivable
    posting_target = await posting_target_for(with_order, delivery)
    settings = delivery.systems.settings
    if settings.creditmemos.recipe == "return-order":
        receivable = await _as_the_account_is_charged(
            with_order, receivable, posting_target, delivery
        )
    sold = await _sold(posting_target, delivery)
    credited = await _still_credited(with_order, receivable, posting_target, sold, delivery)
    items = await delivery.systems.items.of(credited.skus, with_custom_options(with_order.order))
    lots = sold.invoiced_lots if sold is not None else {}
    receivable_documents = memo_documents(
        with_order, receivable, settings, posting_target, items=items, lots=lots, credited=credited
    )
    return plan_of(with_order, receivable, receivable_documents, posting_target, delivery)


async def _as_the_account_is_charged(
    with_order: DocumentWithOrder[CreditMemo],
    receivable: Receivable,
    posting_target: PostingTarget,
    delivery: Delivery,
) -> Receivable:
    """Return orders do not say whether their prices include tax; F&O takes it from the account."""
    if not with_order.document.tax_amount:
        return receivable
    gross = await delivery.systems.dynamics.return_orders.prices_include_tax(
        posting_target.company, posting_target.account
    )
    return receivable_of(with_order, delivery.systems.settings, gross=gross)


async def _sold(posting_target: PostingTarget, delivery: Delivery) -> ExistingSalesOrder | None:
    """The sales order that was sold by; None when it is not there."""
    if not posting_target.order_number:
        return None
    return await delivery.systems.dynamics.sales_orders.by_number(
        posting_target.company, posting_target.order_number
    )


async def _still_credited(
    with_order: DocumentWithOrder[CreditMemo],
    receivable: Receivable,
    posting_target: PostingTarget,
    sold: ExistingSalesOrder | None,
    delivery: Delivery,
) -> Receivable:
    """The memo less what was taken off its sales order, which was brought up to date before: F&O
    never invoices that."""
    order, settings = with_order.order, delivery.systems.settings
    if not orders_are_invoiced(settings):
        return receivable
    claim = await delivery.ledger.claim(delivery.systems.name, "orders", order.key)
    is_gone = claim.state is State.CANCELLED or (
        not claim.number and bool(given_up(order, delivery))
    )
    if sold is None and not is_gone:
        return receivable
    items = await delivery.systems.items.of(
        order_items(order, settings), with_custom_options(order)
    )
    document = sales_order_from(
        without_refunds(order), settings, account=posting_target.account, items=items
    )
    held = _held(sold) if sold is not None and not sold.is_cancelled else {}
    sale = Sale(document, held, await _earlier(with_order, delivery))
    return still_credited(receivable, with_order.document, order, sale, settings)


def _held(sold: ExistingSalesOrder) -> dict[str, HeldLine]:
    return {
        str(line["ExternalItemNumber"]): HeldLine(
            Decimal(line.get("OrderedSalesQuantity") or 0), Decimal(line.get("LineAmount") or 0)
        )
        for line in sold.lines
        if line.get("ExternalItemNumber")
    }


async def _earlier(
    with_order: DocumentWithOrder[CreditMemo], delivery: Delivery
) -> list[CreditMemo]:
    """The order's credit memos before this one that may share what was taken off; asked for only
    where there are others."""
    memo, order = with_order.document, with_order.order
    if order.entity_id is None or abs(order.total_refunded - memo.grand_total) < CENT:
        return []
    found = [
        CreditMemo.read(row)
        for row in await delivery.systems.commerce.creditmemos.of_order(order.entity_id)
    ]
    before = [
        one
        for one in found
        if one.state == REFUNDED and (one.entity_id or 0) < (memo.entity_id or 0)
    ]
    claims = [
        await delivery.ledger.claim(delivery.systems.name, "creditmemos", one.key) for one in before
    ]
    return [
        one
        for one, claim in zip(before, claims, strict=True)
        if not claim.number or TAKEN_OFF in claim.delivered
    ]


creditmemos = DocumentFlow[DocumentWithOrder[CreditMemo]](
    name="creditmemos",
    title="Credit memos to credit notes",
    source=Source(documents.read, documents.resolve, is_joined=True),
    plan=plan,
    triggers=(
        CommerceHook(documents.keys_in),
        AdobeEvents(
            (
                "observer.sales_order_creditmemo_save_commit_after",
                "observer.sales_order_creditmemo_save_after",
            ),
            documents.keys_in,
        ),
        Poll(
            documents.changed,
            documents.until,
            lambda connection: connection.creditmemos.poll_minutes,
            listed=documents.listed,
            lag=SETTLING,
        ),
    ),
    priority=Priority.DOCUMENTS,
)
