"""RMAs of Commerce -> return orders in F&O.

In:      an RMA as REST answers it, with its order; opened by a customer, a guest or staff.
Out:     one return order: the lots that were sold, at what was paid for them, with the reason.
Key:     "<increment_id>@<store_id>" of the RMA.
Waits:   for its order, and for F&O to have invoiced it; for the shop, where `begin` says so.
Parks:   fractions of a piece, rows without an item, reasons without a code, goods that were
         refunded already, or that F&O invoiced for less; and an RMA whose goods changed after its
         return order was made.
Lists:   an RMA that Commerce closed, or items that it turned down, while F&O still expects the
         goods.
Repeats: found by its number or reference; a lost answer is looked into first.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sync.commerce.models.refund import marker_of
from sync.commerce.models.rma import PENDING
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Later, Never
from sync.core.money import ZERO
from sync.core.skipped import Skipped, Waiting
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow, Poll, Source
from sync.engine.plan import Delivered, Notification, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.customers.order_accounts import account_and_payer_for
from sync.flows.identity import identified
from sync.flows.keys import elsewhere
from sync.flows.left_behind import LeftBehind
from sync.flows.polls import our_clock
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.flows.receivables.source_documents import LATEST, SOONEST
from sync.flows.returns.invoiced_prices import must_be_invoiced_as_charged
from sync.flows.returns.memos_of_returns import UNAUTHORISED, given_before
from sync.flows.returns.rma_records import (
    HOOK,
    RETURNS,
    SAVED,
    cases_of_return,
    fingerprint_of,
    keys_in,
    open_rmas,
    read_rma,
    resolve,
)
from sync.flows.returns.turned_down import turned_down
from sync.flows.targets import dynamics_of
from sync.mapping.custom_options import with_custom_options
from sync.mapping.posting_target import PostingTarget
from sync.mapping.rma_return_order import (
    RmaWithOrder,
    is_within_rule,
    rma_receivable,
    rma_return_order,
    rma_target,
)
from sync.mapping.taken_off import orders_are_invoiced
from sync.pacing.priority import Priority

STATES: Final = "return_states"


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """RMAs that are open, or were requested since, by id."""
    async for row, key, at in open_rmas(systems, since, after):
        yield Change(key, min(at, until), fingerprint_of(row), str(row["entity_id"]))


async def plan(found: RmaWithOrder, delivery: Delivery) -> Plan | Skipped:
    """The return order that F&O must hold of the RMA."""
    rma, settings = found.rma, delivery.systems.settings
    if reason := elsewhere(rma.store_id, delivery.systems):
        return Skipped(reason)
    await identified(rma.entity_id, rma.label, delivery)
    if delivery.claim.number:
        return await _made(found, delivery)
    if rma.is_over and delivery.claim.intent is None:
        return Skipped(f"it is {rma.status} in Commerce")
    if rma.status == PENDING and settings.returns.begin != PENDING:
        return UNAUTHORISED
    if not found.pieces:
        return Skipped("nothing of it may come back")
    await _must_not_be_refunded(found, delivery)
    return await _write(found, delivery)


async def _must_not_be_refunded(found: RmaWithOrder, delivery: Delivery) -> None:
    """What Commerce has given the money back for is credited in F&O already, or will be; unless it
    is said to be the refund of this very return, which the return order credits."""
    left, rows = dict[int, Decimal](), {one.row_id: one.row for one in found.pieces}
    for one in found.pieces:
        kept = one.row.qty_ordered - one.row.qty_canceled - one.row.qty_refunded
        left[one.row_id] = left.get(one.row_id, kept) - one.pieces
    if any(qty < ZERO for qty in left.values()):
        for memo in await given_before(found.rma, found.order, delivery):
            for line in memo.items:
                left[line.order_item_id or 0] = left.get(line.order_item_id or 0, ZERO) + line.qty
    wanted = [f"{rows[row].sku[:64]} ({-qty.normalize():f} too many)"
              for row, qty in left.items() if qty < ZERO]  # fmt: skip
    if wanted:
        bare = marker_of(found.rma.increment_id)
        raise Never(
            f"{found.rma.label}: Commerce has refunded goods of it already: {', '.join(wanted)}",
            remedy=(
                f'If a credit memo is its refund, add the comment "{bare}" to that in Commerce,'
                " then replay. If they come back without money, enter the return in D365 by hand"
                " with a disposition that credits nothing, then run: skip returns"
                f' {found.rma.key} --why "...". A second credit is never made.'
            ),
        )


async def _made(found: RmaWithOrder, delivery: Delivery) -> Plan:
    """What is left to say of an RMA whose return order is there."""
    rma, number = found.rma, delivery.claim.number
    if not delivery.is_same(delivery.claim.digest, _goods(found)) and not rma.is_over:
        raise Never(
            f"{rma.label}: its goods changed in Commerce after return order {number} was made",
            remedy=f"Bring return order {number} in line with it in D365; we change nothing there.",
        )
    follow = _follow_ups(rma.key, delivery.systems.settings)
    return Plan(
        (),
        digest=delivery.claim.digest,
        follow_ups=follow,
        look=lambda: turned_down(found, delivery),
    )


def _follow_ups(key: str, settings: Connection) -> tuple[Notification, ...]:
    states = (Notification(STATES, key),) if STATES in settings.flows else ()
    return (*states, *cases_of_return(key, settings))


def _goods(found: RmaWithOrder) -> str:
    """What of an RMA must not change once its return order is there: what was asked for. The shop
    may authorise less, and turn items down."""
    asked = (
        (one.order_item_id or 0, str(one.qty_requested.normalize()))
        for one in found.rma.items or ()
    )
    return digest([found.rma.order_id, *sorted(asked)])


async def _write(found: RmaWithOrder, delivery: Delivery) -> Plan:
    settings, dynamics = delivery.systems.settings, delivery.systems.dynamics
    number = await _sales_order(found, delivery)
    account, payer = await account_and_payer_for(found.order, delivery)
    target = replace(rma_target(found, settings, account), payer=payer)
    gross = await dynamics.return_orders.prices_include_tax(target.company, target.account)
    receivable = rma_receivable(found, settings, gross=gross)
    sold = await dynamics.sales_orders.by_number(target.company, number) if number else None
    items = await delivery.systems.items.of(receivable.skus, with_custom_options(found.order))
    order = rma_return_order(
        found, receivable, settings, target, items=items,
        lots=_lots(found, sold, delivery), is_authorised=is_within_rule(found, settings.returns),
    )  # fmt: skip
    await must_be_invoiced_as_charged(found, sold, delivery)
    write = ReturnOrderWrite(
        order, dynamics.return_orders, dynamics_of(delivery.systems), _left(target, delivery)
    )
    follow = _follow_ups(found.rma.key, settings)
    return Plan(
        (write,), digest=_goods(found), totals=order.totals, when_new=follow,
        amounts=order.totals.as_json(), read=found.rma.raw,
        keys={"reference": target.reference, "sales_order": number,
              "order": found.order.increment_id},
    )  # fmt: skip


def _left(target: PostingTarget, delivery: Delivery) -> LeftBehind:
    return LeftBehind(ReturnOrderWrite.kind, target.former, delivery)


async def _sales_order(found: RmaWithOrder, delivery: Delivery) -> str:
    """The number of the sales order, which is delivered first."""
    outcome = await delivery.require("orders", found.order.key, found.order)
    if isinstance(outcome, Waiting):
        number = found.order.increment_id
        raise _later(f"its order {number} is not posted yet: {outcome.reason}", delivery)
    return outcome.number if isinstance(outcome, Delivered) else ""


def _lots(
    found: RmaWithOrder, sold: ExistingSalesOrder | None, delivery: Delivery
) -> dict[str, str]:
    """The lots that come back. Raises `Later` where F&O has yet to invoice one: only then can it
    come back."""
    if sold is None:
        return {}
    lots = sold.lots
    invoiced = lots if sold.is_invoiced else sold.invoiced_lots
    open_ = [str(one.row_id) for one in found.pieces if str(one.row_id) in lots.keys() - invoiced]
    if open_ and orders_are_invoiced(delivery.systems.settings):
        raise _later(f"sales order {sold.number} is not invoiced yet in D365", delivery)
    return invoiced


def _later(reason: str, delivery: Delivery) -> Later:
    waited = delivery.now() - delivery.message.notified_at
    return Later(reason, after=min(max(waited / 4, SOONEST), LATEST), counts=False)


returns: DocumentFlow[RmaWithOrder] = DocumentFlow(
    name=RETURNS,
    title="RMAs to return orders",
    source=Source(read_rma, resolve, is_joined=True),
    plan=plan,
    triggers=(
        CommerceHook(keys_in, (HOOK,)),
        AdobeEvents(SAVED, keys_in),
        Poll(
            changed, our_clock, lambda connection: connection.returns.poll_minutes,
            fingerprint=lambda found: fingerprint_of(found.rma.raw),
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
