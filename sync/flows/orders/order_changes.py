"""Sales orders whose order is cancelled, rejected or fully refunded in Commerce.

Goods that D365 shipped before the refund are left to the credit memo, which returns them.
"""

from typing import Final

from sync.commerce.models.invoice import REFUNDED, CreditMemo
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.dynamics.documents.sales_order import SalesOrder
from sync.engine.claim import State
from sync.engine.delivery import Delivery
from sync.engine.plan import Notification, OpenPoint, Plan
from sync.engine.systems import Systems
from sync.flows.customers.order_accounts import account_for
from sync.flows.fulfilment.status_writes import Cancellation
from sync.flows.left_behind import LeftBehind
from sync.flows.orders.agreement import CANCELLATIONS, progress_in
from sync.flows.orders.order_sums import OrderLook, was_left
from sync.flows.orders.sales_order_removal import REMOVED, SalesOrderRemoval
from sync.flows.orders.sales_order_writes import KIND
from sync.flows.orders.write_back import write_back_of
from sync.flows.returns.memos_of_returns import is_of_return
from sync.flows.targets import dynamics_of
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_before_refunds import (
    pieces_of,
    still_without,
    without_credited,
    without_refunds,
)
from sync.mapping.order_left import is_changed, is_nothing_left, is_refunded
from sync.mapping.order_settings import order_store
from sync.mapping.posting_policy import is_cancelled, is_rejected
from sync.mapping.receivable_documents import REVENUE_KINDS
from sync.mapping.references import FORMER
from sync.mapping.sales_order import order_items, sales_order_from
from sync.mapping.taken_off import CHARGES, TAKEN_OFF, orders_are_invoiced

POSTED_INVOICES: Final = "posted_invoices"
CANCELLED: Final = Cancellation.kind


def given_up(order: Order, delivery: Delivery) -> str:
    """Why nothing of an order is wanted any more; empty while something is."""
    if is_rejected(order):
        return "rejected"
    if is_cancelled(order):
        return "cancelled"
    return "refunded" if is_nothing_left(order, delivery.systems.settings.orders) else ""


def refuse_one_wanted_again(order: Order, delivery: Delivery) -> None:
    """Raises `Never` for an order that was given up and is not any more, as an extension takes a
    cancellation back: D365 holds nothing of it, and a person says whether it is sent after all."""
    held, key = delivery.held(KIND), delivery.message.key
    if held is None or not held.digest.startswith(REMOVED) or delivery.claim.intent is not None:
        return
    raise Never(
        f"order {order.increment_id} is {order.state} in Commerce, but sales order {held.number}"
        " was removed or cancelled in D365 when the order was given up",
        remedy=(
            f"To sell it after all: forget orders {key} --why TEXT, which posts it again; delete"
            f" {held.number} first where D365 shows it as cancelled. Else cancel or refund the"
            f" order in Commerce, then replay {key}."
        ),
    )


async def without_what_is_credited(order: Order, delivery: Delivery) -> Order:
    """The order without the refunds that F&O holds credit notes for already: what they gave back
    stays sold. What was taken off for others stays off.

    Asks Commerce for the order's credit memos, but only where one may have been credited before its
    order was changed.
    """
    is_posted = delivery.held(KIND) is not None or delivery.claim.intent is not None
    if not is_posted or not is_refunded(order) or not is_changed(order) or order.entity_id is None:
        return order
    if not orders_are_invoiced(delivery.systems.settings):
        return order
    credited, off_whole, charges = list[CreditMemo](), list[CreditMemo](), set[str]()
    for row in await delivery.systems.commerce.creditmemos.of_order(order.entity_id):
        memo = CreditMemo.read(row)
        claim = await delivery.ledger.claim(delivery.systems.name, "creditmemos", memo.key)
        if memo.state != REFUNDED:
            continue
        off = claim.delivered.get(TAKEN_OFF) if claim.number else None
        if is_of_return(row) or (claim.number and off is None):
            credited.append(memo)
        if off is None:
            continue
        charges.update(off.keys.get(CHARGES, "").splitlines())
        if not claim.delivered.keys() & REVENUE_KINDS:
            off_whole.append(memo)
    order = order.model_copy(update={"charges_credited": frozenset(charges)})
    return still_without(without_credited(order, credited), pieces_of(off_whole))


async def parked_with(order: Order, delivery: Delivery) -> tuple[Notification, ...]:
    """The invoices and credit memos of an order that was parked: they parked with it, and its
    remedy is theirs.

    Asks Commerce for them, but only where the order was parked, or waited or may have stopped one
    of them, since it was last delivered.
    """
    claim, systems = delivery.claim, delivery.systems
    may_have_stopped = delivery.held(KIND) is not None and claim.reason
    if not (claim.remedy or may_have_stopped) or claim.differs or order.entity_id is None:
        return ()
    lists = {"invoices": systems.commerce.invoices, "creditmemos": systems.commerce.creditmemos}
    found = [
        Notification(flow, f"{row['increment_id']}@{order.store_id}")
        for flow, documents in lists.items()
        if flow in systems.settings.flows
        for row in await documents.of_order(order.entity_id)
    ]
    return tuple(found)


async def cancelled_with(order: Order, delivery: Delivery) -> tuple[Notification, ...]:
    """The cancellation of an order in F&O that waits for what Commerce does with the order."""
    held, settings = delivery.held(KIND), delivery.systems.settings
    if held is None or CANCELLATIONS not in settings.flows:
        return ()
    key = f"{settings.legal_entity_of(order.store_id)}|{held.number}"
    claim = await delivery.ledger.claim(delivery.systems.name, CANCELLATIONS, key)
    return (Notification(CANCELLATIONS, key),) if claim.remedy else ()


async def compared_with(order: Order, delivery: Delivery) -> tuple[Notification, ...]:
    """F&O's invoices of an order of which a part is cancelled or refunded: they may be listed, as
    they come to less than the order did before."""
    held = delivery.held(KIND)
    if held is None or not is_changed(order):
        return ()
    return await invoices_of(order, held.number, delivery.systems)


async def invoices_of(order: Order, number: str, systems: Systems) -> tuple[Notification, ...]:
    """F&O's invoices of an order's sales order, where they are compared with Commerce."""
    settings = systems.settings
    if POSTED_INVOICES not in settings.flows or not orders_are_invoiced(settings):
        return ()
    company = settings.legal_entity_of(order.store_id)
    found = await systems.dynamics.posted_invoices.invoices_of_order(company, number)
    return tuple(Notification(POSTED_INVOICES, f"{one.kind}|{company}|{one.number}")
                 for one in found)  # fmt: skip


async def follow_ups_of(order: Order, delivery: Delivery) -> tuple[Notification, ...]:
    """What waits for the order's delivery, or for what Commerce does with it."""
    looks = (parked_with, cancelled_with, compared_with)
    return tuple([one for look in looks for one in await look(order, delivery)])


def former_reference(order: Order) -> str:
    """The order's reference in D365 by the template of earlier releases."""
    return FORMER["orders"].format(increment_id=order.increment_id)


async def is_rejected_there(order: Order, delivery: Delivery) -> bool:
    """Whether we cancelled the order in Commerce because F&O rejected it: what F&O did is no news
    to it."""
    held, settings = delivery.held(KIND), delivery.systems.settings
    if held is None or "status" not in settings.flows:
        return False
    key = f"{settings.legal_entity_of(order.store_id)}|{held.number}"
    claim = await delivery.ledger.claim(delivery.systems.name, "status", key)
    begun = claim.intent
    return CANCELLED in claim.delivered or (begun is not None and begun.concerns(CANCELLED))


async def give_up(order: Order, what: str, delivery: Delivery) -> Plan | Skipped:
    """Given up before posting: never posted. After: removed while D365 allows it, else returned, or
    a person decides.

    `what`: cancelled, rejected or refunded.
    """
    connection, held = delivery.systems.settings, delivery.held(KIND)
    if delivery.claim.state is State.CANCELLED and delivery.claim.intent is None:
        return Plan((), digest=delivery.claim.digest)
    if held is None and delivery.claim.intent is None:
        return Skipped(f"{what} in Commerce before it was posted")

    document = None
    if held is None:
        delivery.wait_until_settled()
        document = await _document_of(order, delivery)
    removal = SalesOrderRemoval(
        order_store(order, connection).company or connection.dynamics.company,
        order.increment_id,
        what,
        delivery.systems.dynamics.sales_orders,
        dynamics_of(delivery.systems),
        LeftBehind(KIND, former_reference(order), delivery),
        progress_in(delivery.systems),
        document,
    )

    async def look() -> OpenPoint | None:
        if not was_left(delivery.held(KIND)):
            return None
        sold = await _document_of(without_refunds(order), delivery)
        return await OrderLook(order, await _document_of(order, delivery), sold, delivery).look()

    new = write_back_of("orders", delivery.message.key, connection)
    held_up = await follow_ups_of(order, delivery)
    return Plan((removal,), when_new=new, look=look, follow_ups=held_up)


async def _document_of(order: Order, delivery: Delivery) -> SalesOrder:
    connection = delivery.systems.settings
    skus, options = order_items(order, connection), with_custom_options(order)
    items = await delivery.systems.items.of(skus, options)
    account = await account_for(order, delivery)
    return sales_order_from(order, connection, account=account, items=items)
