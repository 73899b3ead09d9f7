"""Credit memos in Commerce -> credit notes in D365.

In:      a credit memo as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a return order or a negative free text invoice; a debit in the payment journal
         where money is paid out.
Key:     "<increment_id>@<store_id>" of the credit memo.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   memos that are open or cancelled, and those of nothing. Of refunds of returns, and of those
         that give back what F&O invoiced less, the money alone is booked.
Repeats: what is there is found by its reference, order and credit memo number; a lost answer is
looked into first.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sync.commerce.models.invoice import REFUNDED, CreditMemo
from sync.commerce.models.order import Order
from sync.commerce.models.refund import is_of_lower_total
from sync.commerce.sales_documents import CREDITMEMO_COLUMNS
from sync.core.errors import Later
from sync.core.money import ZERO
from sync.core.skipped import Skipped
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.engine.claim import State
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Source
from sync.engine.plan import Plan
from sync.engine.systems import Systems
from sync.flows.orders.order_amounts import PLACED, amounts_told
from sync.flows.orders.order_changes import given_up, invoices_of
from sync.flows.orders.order_sums import is_for_a_memo
from sync.flows.orders.sales_order_writes import KIND as SALES_ORDER
from sync.flows.receivables.never_sent import held_lines
from sync.flows.receivables.receivable_writes import plan_of
from sync.flows.receivables.source_documents import (
    DocumentsOf,
    posting_target_for,
    receivable_to_book,
)
from sync.flows.returns.memos_of_returns import books_money_of, is_of_return, of_a_return
from sync.mapping.captures import brings_no_money, is_captured
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.order_left import is_all_refunded_by, is_nothing_left, is_told
from sync.mapping.posting_target import DocumentWithOrder, PostingTarget
from sync.mapping.receivable_documents import memo_documents, paid_out, receivable_of
from sync.mapping.receivable_lines import Receivable
from sync.mapping.sales_order import order_items, sales_order_from
from sync.mapping.shares_off import HeldLine, Sale
from sync.mapping.taken_off import (
    CUT,
    CUT_CHARGES,
    CUT_FROM,
    TAKEN_OFF,
    orders_are_invoiced,
    still_credited,
    taken_off_of_charges,
    taken_off_of_goods,
)
from sync.pacing.priority import Priority

LISTED_WITHIN: Final = timedelta(minutes=4)
"""So long a memo waits for another one that its order counts already; where none is listed then, it
was deleted."""

documents = DocumentsOf(
    "creditmemo", lambda commerce: commerce.creditmemos, CreditMemo.read, CREDITMEMO_COLUMNS
)


async def plan(with_order: DocumentWithOrder[CreditMemo], delivery: Delivery) -> Plan | Skipped:
    """What the credit memo becomes, by the connection's recipe."""
    memo, settings = with_order.document, delivery.systems.settings
    of_return = await of_a_return(memo, with_order.order, delivery)
    if of_return is not None and not books_money_of(with_order, delivery):
        return of_return
    receivable = await receivable_to_book(with_order, delivery)
    if not isinstance(receivable, Receivable):
        return receivable
    target = await posting_target_for(with_order, delivery)
    money_came = await has_brought_money(with_order.order, delivery.systems)
    if of_return is not None or is_of_lower_total(memo.raw):
        documents = paid_out(with_order, receivable, settings, target, money_came=money_came)
        if not (documents.payment or documents.credit):
            less = "F&O invoiced so much less: nothing is to be credited or paid out"
            return of_return or Skipped(less)
        return plan_of(with_order, receivable, documents, target, delivery)
    if settings.creditmemos.recipe == "return-order" and memo.tax_amount:
        gross = await _is_charged_gross(target, delivery)
        receivable = receivable_of(with_order, settings, gross=gross)
    sold = await sold_by(target, delivery)
    credited = await still_credited_of(with_order, receivable, target, sold, delivery, waits=True)
    items = await delivery.systems.items.of(credited.skus, with_custom_options(with_order.order))
    receivable_documents = memo_documents(
        with_order, receivable, settings, target, items=items,
        lots=sold.invoiced_lots if sold is not None else {}, credited=credited,
        money_came=money_came,
    )  # fmt: skip
    found = plan_of(with_order, receivable, receivable_documents, target, delivery)
    return await _compared_with_invoices(found, with_order.order, (receivable, credited), delivery)


async def _compared_with_invoices(
    found: Plan, order: Order, taken: tuple[Receivable, Receivable], delivery: Delivery
) -> Plan:
    """With what F&O alone took off the order (`taken`: a memo, and what is left of it), which its
    invoices are compared without from now on. Of an order that was reduced, charges alone: what was
    sent of it last is without the pieces."""
    if not found.shown_by:
        return found
    claim = await delivery.ledger.claim(delivery.systems.name, "orders", order.key)
    held = claim.delivered.get(SALES_ORDER)
    if held is None:
        return found
    is_gone = is_nothing_left(order, delivery.systems.settings.orders)
    charges = ZERO if is_gone else taken_off_of_charges(*taken)
    told = await amounts_told(claim, delivery.ledger)
    is_told = PLACED in told and not is_for_a_memo(held)
    if is_told and not charges:
        return found
    cut = {CUT: charges if is_told else taken_off_of_goods(*taken), CUT_CHARGES: charges}
    keys = {name: f"{value:.2f}" for name, value in cut.items()}
    keys[CUT_FROM] = told.get("dynamics", "")
    shown = tuple(replace(one, keys={**one.keys, **keys}) for one in found.shown_by)
    invoices = await invoices_of(order, held.number, delivery.systems)
    return replace(found, shown_by=shown, follow_ups=(*found.follow_ups, *invoices))


async def has_brought_money(order: Order, systems: Systems) -> bool:
    """Whether F&O books the money of the order's invoices; else its refunds are paid out there as
    that came: by hand."""
    if "captures" not in systems.settings.flows or is_captured(order, systems.settings):
        return True
    invoices = await systems.commerce.order_invoices.of_order(order.entity_id or 0)
    silent = [brings_no_money(one, order, systems.settings) for one in invoices]
    return not silent or not all(silent)


async def _is_charged_gross(target: PostingTarget, delivery: Delivery) -> bool:
    """Return orders do not say whether their prices include tax; F&O takes it from the account."""
    return_orders = delivery.systems.dynamics.return_orders
    return await return_orders.prices_include_tax(target.company, target.account)


async def sold_by(posting_target: PostingTarget, delivery: Delivery) -> ExistingSalesOrder | None:
    """The sales order that was sold by; None when it is not there."""
    if not posting_target.order_number:
        return None
    return await delivery.systems.dynamics.sales_orders.by_number(
        posting_target.company, posting_target.order_number
    )


async def still_credited_of(
    with_order: DocumentWithOrder[CreditMemo],
    receivable: Receivable,
    posting_target: PostingTarget,
    sold: ExistingSalesOrder | None,
    delivery: Delivery,
    *,
    waits: bool = False,
) -> Receivable:
    """The memo less what was taken off its sales order, which was brought up to date before, or
    cancelled there: F&O never invoices that. `waits`: raises `Later` while Commerce does not list
    all that was refunded."""
    order, systems = with_order.order, delivery.systems
    if not orders_are_invoiced(systems.settings):
        return receivable
    if sold is None and not await _is_gone(order, delivery):
        return receivable
    wanted = order_items(order, systems.settings)
    items = await systems.items.of(wanted, with_custom_options(order))
    account = posting_target.account
    document = sales_order_from(
        without_refunds(order), systems.settings, account=account, items=items
    )
    held = dict[str, HeldLine]()
    if sold is not None and not sold.is_cancelled:
        held = await held_lines(sold, posting_target.company, order, items, systems)
    sale = Sale(document, held, await _earlier(with_order, delivery, waits=waits))
    return still_credited(receivable, with_order.document, order, sale, systems.settings)


async def _is_gone(order: Order, delivery: Delivery) -> bool:
    """Whether its sales order was removed, or is not posted any more."""
    claim = await delivery.ledger.claim(delivery.systems.name, "orders", order.key)
    is_given_up = not claim.number and bool(given_up(order, delivery))
    return claim.state is State.CANCELLED or is_given_up


async def _earlier(
    with_order: DocumentWithOrder[CreditMemo], delivery: Delivery, *, waits: bool
) -> list[CreditMemo]:
    """The order's credit memos before this one that may share what was taken off; asked for only
    where there are others."""
    memo, order = with_order.document, with_order.order
    if order.entity_id is None or is_all_refunded_by(memo, order):
        return []
    earlier, systems = list[CreditMemo](), delivery.systems
    rows = await systems.commerce.creditmemos.of_order(order.entity_id)
    memos = [CreditMemo.read(row) for row in rows]
    waited = delivery.now() - delivery.message.notified_at
    if waits and waited < LISTED_WITHIN and not is_told(memo, order, memos):
        reason = f"Commerce lists not all credit memos of order {order.increment_id} yet"
        raise Later(reason, after=LISTED_WITHIN / 10, counts=False)
    for row, one in zip(rows, memos, strict=True):
        is_later = (one.entity_id or 0) >= (memo.entity_id or 0)
        if one.state != REFUNDED or is_later or is_of_return(row) or is_of_lower_total(row):
            continue
        claim = await delivery.ledger.claim(systems.name, "creditmemos", one.key)
        if not claim.number or TAKEN_OFF in claim.delivered:
            earlier.append(one)
    return earlier


creditmemos = DocumentFlow[DocumentWithOrder[CreditMemo]](
    name="creditmemos",
    title="Credit memos to credit notes",
    source=Source(documents.read, documents.resolve, is_joined=True, worth=lambda one: one.worth),
    plan=plan,
    triggers=documents.triggers(lambda connection: connection.creditmemos.poll_minutes),
    priority=Priority.DOCUMENTS,
)
