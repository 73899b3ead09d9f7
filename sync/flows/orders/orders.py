"""Orders in Commerce -> sales orders in D365.

In:      an order as REST answers it; amounts in its own currency.
Out:     one sales order: header and lines in D365, totals proved before posting.
Key:     "<increment_id>@<store_id>"; increment ids are unique per store view only.
Repeats: the number (ours) or the reference (theirs) finds what is there; a lost answer is looked
into before posting. Changes: what D365's status still allows is applied. Else what money needs is
parked with both documents, and the rest is listed for a person.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sync.commerce.models.order import Order
from sync.commerce.models.rows import row_digest
from sync.commerce.polling import SETTLING
from sync.commerce.sales_documents import ORDER_COLUMNS
from sync.core.errors import Later, Never
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow, Poll, Source
from sync.engine.message import Message
from sync.engine.plan import Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.engine.write import Result
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
from sync.flows.left_behind import LeftBehind
from sync.flows.orders.after_posting import after_posting
from sync.flows.orders.agreement import progress_in
from sync.flows.orders.in_dynamics import foresee
from sync.flows.orders.kept_off import with_pieces_off
from sync.flows.orders.order_amounts import amounts_of, notes_of, worth_of
from sync.flows.orders.order_changes import (
    follow_ups_of,
    former_reference,
    give_up,
    given_up,
    is_rejected_there,
    refuse_one_wanted_again,
    without_what_is_credited,
)
from sync.flows.orders.order_stops import is_ours
from sync.flows.orders.order_sums import OrderLook
from sync.flows.orders.sales_order_writes import KIND, SalesOrderWrite
from sync.flows.polls import shop_clock
from sync.flows.quotes.quote_records import quotation_of
from sync.flows.shop_hooks import ADDRESS, ORDER
from sync.flows.targets import dynamics_of
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_before_refunds import without_refunds
from sync.mapping.posting_policy import before_our_time, not_now, on_hold
from sync.mapping.sales_order import order_items, sales_order_from
from sync.pacing.priority import Priority

log = logging.getLogger("sync.flows.orders.orders")


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The order, or the orders of a multi-address checkout, named in a hook's body or an event's
    value.

    An order's address names its order by id only: a changed address moves no stamp of the order, so
    no poll tells it.
    """
    body = payload.get("data", payload)
    address = body.get("address") if isinstance(body, Mapping) else None
    order_id = whole_in(address.get("parent_id")) if isinstance(address, Mapping) else None
    if order_id is not None:
        return [f"{order_id}@{BY_ID}"]
    return document_keys(payload, "order", "orders")


async def resolve(key: str, systems: Systems) -> Sequence[str] | None:
    """A key without a store: the orders of that number in every store view of the connection, or
    the order of an id."""
    increment, store = parts_of(key)
    if store == BY_ID:
        found = await systems.commerce.orders.by_id(int(increment))
        return list(keys_of([found], systems)) if found is not None else []
    if store == UNKNOWN_STORE:
        return list(keys_of(await systems.commerce.orders.by_number(increment), systems))
    return None


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Orders by `updated_at`, those of the connection's stores."""
    async for row in systems.commerce.orders.changed(
        since, until, stores=systems.settings.store_ids, after=after
    ):
        change = change_in(row, systems, ORDER_COLUMNS)
        if change is not None:
            yield change


async def read(key: str, systems: Systems) -> Order | None:
    """The order as it is now; None when Commerce has none of that number in that store (yet)."""
    document = await systems.commerce.orders.in_store(*parts_of(key))
    return Order.read(document) if document is not None else None


async def plan(order: Order, delivery: Delivery) -> Plan | Skipped:
    """What D365 must hold of this order as it is now."""
    if reason := elsewhere(order.store_id, delivery.systems):
        return Skipped(reason)
    if delivery.claim.number or delivery.claim.intent is not None:
        await identified(order.entity_id, f"order {order.increment_id}", delivery)
    order = await without_what_is_credited(order, delivery)
    if what := given_up(order, delivery):
        if await is_rejected_there(order, delivery):
            return Plan((), digest=delivery.claim.digest)
        return await give_up(order, what, delivery)
    refuse_one_wanted_again(order, delivery)
    connection = delivery.systems.settings
    if delivery.held(KIND) is None and not delivery.claim.intent:
        others = "" if delivery.is_asked else before_our_time(order, connection.orders)
        outcome = Skipped(others) if others else not_now(order, connection.orders, delivery.now())
        if outcome is not None:
            return outcome
    await identified(order.entity_id, f"order {order.increment_id}", delivery)
    await _predecessor_settled(order, delivery)
    write = await _write(order, delivery)
    look = OrderLook(order, write.order, write.sold, delivery)
    return Plan(
        (write,),
        totals=write.order.totals,
        amounts=amounts_of(write.order),
        notes=tuple(notes_of(write.order)),
        keys={"reference": write.reference, **({"hold": write.hold} if write.hold else {})},
        read=order.raw,
        follow_ups=await follow_ups_of(order, delivery),
        when_new=after_posting(order, delivery.message.key, connection),
        then=_told(delivery.message, write.hold),
        open_point=look.planned(),
        look=look.look,
    )


async def _write(order: Order, delivery: Delivery) -> SalesOrderWrite:
    connection = delivery.systems.settings
    skus = order_items(order, connection)
    items = await delivery.systems.items.of(skus, with_custom_options(order))
    buyer, quotation = await buyer_of(order, delivery), await quotation_of(order, delivery)
    given: dict[str, Any] = {"items": items, **vars(buyer), "quotation": quotation}
    document = sold = sales_order_from(order, connection, **given)
    if (unrefunded := without_refunds(order)) is not order:
        sold = sales_order_from(unrefunded, connection, **given)
    if (kept := await with_pieces_off(order, document, delivery)) is not order:
        document = sales_order_from(kept, connection, **given)
    return SalesOrderWrite(
        document, sold, delivery.systems.dynamics.sales_orders,
        dynamics_of(delivery.systems),
        LeftBehind(KIND, former_reference(order), delivery),
        progress_in(delivery.systems),
        hold=on_hold(order, connection.orders) if delivery.held(KIND) else "",
        stops=connection.orders.stop_processing,
        stop_is_ours=is_ours(KIND, delivery),
    )  # fmt: skip


def _told(message: Message, hold: str) -> Callable[[Sequence[Result]], Awaitable[None]]:
    """Warns once of an order that goes on hold after it was posted."""

    async def then(results: Sequence[Result]) -> None:
        for result in results:
            if result.action == "held":
                log.warning(
                    "orders.held key=%s connection=%s number=%s reason=%s",
                    message.key, message.connection, result.number, hold,
                )  # fmt: skip

    return then


async def _predecessor_settled(order: Order, delivery: Delivery) -> None:
    """An edited order (`-1`) replaces one that is cancelled a moment later: the old one is settled
    first, so that the goods are never ordered twice. Source: Commerce creates the new order before
    it cancels the old one, and lets nobody edit one that is complete or closed; what was sent or
    invoiced of it stays, and may have cost nothing."""
    parent = order.relation_parent_real_id or order.original_increment_id
    if not parent or delivery.held(KIND) is not None or parent == order.increment_id:
        return
    key = f"{parent}@{order.store_id}"
    old = await read(key, delivery.systems)
    if old is None:
        return
    is_given_up = old.total_canceled or any(item.qty_canceled for item in old.items)
    if old.state not in {"canceled", "complete", "closed"} and not is_given_up:
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


def listed(order: Order) -> str:
    """What a poll's row says of an order as it was read."""
    return row_digest(order.raw, ORDER_COLUMNS)


def version(order: Order) -> object:
    """What differs when the order changed."""
    return order.state, order.updated_at


orders = DocumentFlow[Order](
    name="orders", is_answered=True,
    title="Orders to sales orders",
    source=Source(read, resolve, version, is_joined=True, foresee=foresee, worth=worth_of),
    plan=plan,
    triggers=(
        CommerceHook(keys_in, (ORDER, ADDRESS)),
        AdobeEvents(
            (
                "observer.sales_order_save_commit_after", "observer.sales_order_place_after",
                "observer.sales_order_save_after", "observer.checkout_submit_all_after",
                "observer.sales_order_address_save_after", "sales.api.order_management.place",
            ),
            keys_in,
        ),
        Poll(
            changed, shop_clock, lambda connection: connection.orders.poll_minutes,
            listed=listed, lag=SETTLING,
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
