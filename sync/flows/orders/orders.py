"""Orders in Commerce -> sales orders in D365.

In:      an order as REST answers it; amounts in its own currency.
Out:     one sales order: header and lines in D365, totals proved before posting.
Key:     "<increment_id>@<store_id>"; increment ids are unique per store view only.
Repeats: the number (ours) or the reference (theirs) finds what is there; a lost answer is looked
into before posting. Changes: what D365's status still allows is applied, anything else is parked
with both documents.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sync.commerce.models.order import Order
from sync.core.errors import Later, Never
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import as_placed
from sync.dynamics.faults import AlreadyExists
from sync.dynamics.sales_orders import ExistingSalesOrder, SalesOrders
from sync.engine.delivery import Delivery
from sync.engine.flow import Flow
from sync.engine.results import Change, Receipt, Skipped
from sync.engine.systems import Systems
from sync.flows.customers.order_accounts import buyer_of
from sync.flows.identity import identified
from sync.flows.keys import (
    BY_ID,
    UNKNOWN_STORE,
    change_in,
    document_keys,
    elsewhere,
    keys_of,
    parts_of,
    whole_in,
)
from sync.flows.left_behind import order_left_behind
from sync.flows.orders.order_changes import (
    Wanted,
    apply_changes,
    give_up,
    given_up,
    without_what_is_credited,
)
from sync.flows.orders.write_back import write_back_of
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_left import without_refunds
from sync.mapping.posting_policy import before_our_time, not_now, on_hold
from sync.mapping.sales_order import order_items, sales_order_from
from sync.pacing.priority import Priority

log = logging.getLogger("sync.flows.orders.orders")

HELD = "held|"
"""How the digest of an order begins that is on hold in Commerce."""

REREAD_AFTER = timedelta(seconds=30)
"""An order read longer ago than this is read again before it is posted: it may have been cancelled
meanwhile."""


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The order, or the orders of a multi-address checkout, named in a hook's body or an event's
    value.

    An order's address names its order by id only: a changed address moves no stamp of the order, so
    no poll tells it.
    """
    body = payload.get("data", payload)
    address = body.get("address") if isinstance(body, Mapping) else None
    order_id = whole_in(address.get("parent_id")) if isinstance(address, Mapping) else None
    return (
        [f"{order_id}@{BY_ID}"]
        if order_id is not None
        else document_keys(payload, "order", "orders")
    )


async def resolve(key: str, systems: Systems) -> Sequence[str] | None:
    """A key without a store: the orders of that number in every store view of the connection, or
    the order of an id."""
    increment, store = parts_of(key)
    if store == BY_ID:
        found = await systems.orders_by_id.get(int(increment))
        return list(keys_of([found], systems)) if found is not None else []
    if store == UNKNOWN_STORE:
        return list(keys_of(await systems.orders.get(increment) or [], systems))
    return None


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Orders by `updated_at`, those of the connection's stores."""
    async for row in systems.commerce.changed_orders(
        since, until, stores=systems.settings.store_ids, after=after
    ):
        change = change_in(row, systems)
        if change is not None:
            yield change


async def read(key: str, systems: Systems) -> Order | None:
    """The order as it is now; None when Commerce has none of that number in that store (yet)."""
    increment, _, store = key.rpartition("@")
    for document in await systems.orders.get(increment) or []:
        if str(document.get("store_id", "")) == store:
            return Order.read(document)
    return None


async def deliver(order: Order, delivery: Delivery) -> Receipt | Skipped:
    """Make D365 hold this order as it is now."""
    if reason := elsewhere(order.store_id, delivery.systems):
        return Skipped(reason)
    if delivery.claim.number or delivery.claim.intent is not None:
        await identified(order.entity_id, f"order {order.increment_id}", delivery)
    order = await without_what_is_credited(order, delivery)
    if what := given_up(order, delivery):
        return await give_up(order, what, delivery)
    connection = delivery.systems.settings
    is_posted = bool(delivery.claim.number)
    if not is_posted and not delivery.claim.intent:
        others = "" if delivery.is_asked else before_our_time(order, connection.orders)
        if reason := others or not_now(order, connection.orders, delivery.now()):
            return Skipped(reason)
    await identified(order.entity_id, f"order {order.increment_id}", delivery)
    await _predecessor_settled(order, delivery)
    items = await delivery.systems.items.of(
        order_items(order, connection), with_custom_options(order)
    )
    buyer = await buyer_of(order, delivery)
    document, sold = (
        sales_order_from(one, connection, account=buyer.account, items=items, contact=buyer.contact)
        for one in (order, without_refunds(order))
    )
    wanted = Wanted(document, sold, on_hold(order, connection.orders) if is_posted else "")
    if is_posted and delivery.claim.digest == wanted.digest and delivery.claim.intent is None:
        return _receipt(wanted, delivery.claim.number, "unchanged")
    delivery.keep("read", order.raw)
    return await (_amended(wanted, delivery) if is_posted else _posted(order, wanted, delivery))


async def _posted(order: Order, wanted: Wanted, delivery: Delivery) -> Receipt:
    """Post it, or take over what an earlier try left behind; then apply what was cancelled since it
    was placed."""
    document = wanted.document
    orders = SalesOrders(delivery.systems.dynamics, delivery.systems.settings.dynamics)
    found = await _left_behind(order, document, orders, delivery)
    action = "adopted" if found else "created"
    if found is None:
        await _still_wanted(order, delivery)
        intent = await delivery.intend(document.digest)
        try:
            number = await orders.create(document, not_after=intent.not_after)
        except AlreadyExists:
            found = await orders.find(document)
            if found is None:
                raise
            action = "adopted"
    if found is not None:
        number = found.number
        await _completed(document, found, orders, delivery)
    is_other = delivery.inherited is not None and delivery.inherited.document != document.digest
    sent = None if found and is_other else as_placed(document)
    await apply_changes(wanted, number, sent, orders, delivery)
    return _receipt(
        wanted, number, action, write_back_of("orders", delivery.message.key, action, delivery)
    )


async def _left_behind(
    order: Order, document: SalesOrder, orders: SalesOrders, delivery: Delivery
) -> ExistingSalesOrder | None:
    """What is in D365 already. The order in which this is asked is what makes a lost answer
    harmless."""
    if document.number and not delivery.looks_first:
        return None
    if not document.number:
        delivery.wait_until_settled()
    return await order_left_behind(order, document, orders, delivery)


async def _still_wanted(order: Order, delivery: Delivery) -> None:
    """The state is read again just before posting when reading it was long ago."""
    if delivery.now() - delivery.started < REREAD_AFTER:
        return
    again = await read(order.key, delivery.systems)
    if again is None or again.state != order.state or again.updated_at != order.updated_at:
        raise Later(
            "the order changed while it was being prepared",
            after=timedelta(seconds=1),
            counts=False,
        )


async def _completed(
    document: SalesOrder, found: ExistingSalesOrder, orders: SalesOrders, delivery: Delivery
) -> None:
    missing = [line for line in document.lines if line.reference not in found.lots]
    if missing and len(missing) < len(document.lines) and not found.is_open:
        raise Never(
            f"order {document.reference}: sales order {found.number} lacks {len(missing)} of its"
            f" lines and is {found.status}",
            remedy=f"Compare the order with {found.number} in D365 and complete it there.",
        )
    if missing:
        intent = await delivery.intend(document.digest)
        await orders.complete(document, found.number, missing, not_after=intent.not_after)


async def _amended(wanted: Wanted, delivery: Delivery) -> Receipt:
    """Bring a posted order up to date, compared with what was sent last. One that goes on hold is
    reported as held."""
    delivery.wait_until_settled()
    orders = SalesOrders(delivery.systems.dynamics, delivery.systems.settings.dynamics)
    is_other = delivery.inherited is not None and delivery.inherited.document != wanted.digest
    sent = None if is_other else await delivery.last_sent()
    action = (
        "amended"
        if await apply_changes(wanted, delivery.claim.number, sent, orders, delivery)
        else "unchanged"
    )
    was_held = delivery.claim.digest.startswith(HELD)
    if wanted.hold and not was_held:
        action = "held"
        log.warning(
            "orders.held key=%s number=%s reason=%s",
            delivery.message.key,
            delivery.claim.number,
            wanted.hold,
        )
    elif was_held and not wanted.hold:
        action = "released"
    return _receipt(wanted, delivery.claim.number, action)


async def _predecessor_settled(order: Order, delivery: Delivery) -> None:
    """An edited order (`-1`) replaces one that is cancelled a moment later: the old one is settled
    first, so that the goods are never ordered twice. Source: Commerce creates the new order before
    it cancels the old one."""
    parent = order.relation_parent_real_id or order.original_increment_id
    if not parent or delivery.claim.number or parent == order.increment_id:
        return
    key = f"{parent}@{order.store_id}"
    old = await read(key, delivery.systems)
    if old is None:
        return
    if old.state != "canceled" and not old.total_canceled:
        raise Later(
            f"order {parent}, which this one replaces, is not cancelled yet",
            after=timedelta(seconds=5),
        )
    await delivery.require("orders", key, old)
    reason = "" if delivery.is_asked else before_our_time(old, delivery.systems.settings.orders)
    if reason and not (await delivery.ledger.claim(delivery.systems.name, "orders", key)).number:
        raise Never(
            f"order {order.increment_id} replaces order {parent}, which was {reason}",
            remedy=(
                f"Cancel in D365 what was entered for {parent}, then replay {order.increment_id}."
            ),
        )


def _receipt(
    wanted: Wanted, number: str, action: str, follow_ups: tuple[tuple[str, str], ...] = ()
) -> Receipt:
    """With the totals of what D365 holds now; those of the order as placed beside them, where they
    differ."""
    document, totals = wanted.document, wanted.document.held
    amounts = {
        **totals.as_json(),
        **{f"paid by {home}": f"{amount:.2f}" for home, amount in document.paid.items()},
    }
    if document.is_reduced:
        amounts["placed"] = f"{document.totals.commerce:.2f}"
    if document.totals.rounding:
        amounts["rounding"] = f"{document.totals.rounding:.2f}"
    targets = {"reference": document.reference, **({"hold": wanted.hold} if wanted.hold else {})}
    return Receipt("sales_order", number, wanted.digest, action, targets, amounts, follow_ups)


async def horizon(systems: Systems) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await systems.commerce.settled()


orders = Flow[Order](
    name="orders",
    title="Orders to sales orders",
    keys_in=keys_in,
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    resolve=resolve,
    priority=Priority.DOCUMENTS,
    schedule="0 * * * * *",
    poll_minutes=lambda connection: connection.orders.poll_minutes,
    events=(
        "observer.sales_order_save_commit_after", "observer.sales_order_place_after",
        "observer.sales_order_save_after",
        "observer.checkout_submit_all_after", "observer.sales_order_address_save_after",
        "sales.api.order_management.place",
    ),
)  # fmt: skip
