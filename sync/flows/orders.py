"""Orders in Commerce -> sales orders in D365.

In:      an order as REST answers it; amounts in its own currency.
Out:     one sales order: header and lines in D365, totals proved before posting.
Key:     "<increment_id>@<store_id>"; increment ids are unique per store view only.
Repeats: the number (ours) or the reference (theirs) finds what is there; a lost answer is looked into before posting.
Changes: what D365's status still allows is applied, anything else is parked with both documents.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sync.commerce.models.order import Order
from sync.desk import Desk
from sync.dynamics.sales_orders import SalesOrders
from sync.engine.plan import Plan, Skipped
from sync.errors import Later, Never
from sync.flow import AdobeEvents, Change, CommerceHook, DocumentFlow, Lane, Poll, Source
from sync.flows.accounts import account_for, buyer_of
from sync.flows.keys import BY_ID, UNKNOWN_STORE, change_in, document_keys, elsewhere, keys_of, parts_of, whole_in
from sync.flows.receipts import write_back_of
from sync.flows.sales_order_writes import KIND, SalesOrderRemoval, SalesOrderWrite
from sync.flows.targets import dynamics_of
from sync.mapping.posting_policy import before_our_time, is_cancelled, not_now
from sync.mapping.sales_order import SalesOrder, order_items, order_store, sales_order_from
from sync.road.ledger import State
from sync.work import Work


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The order, or the orders of a multi-address checkout, named in a hook's body or an event's value.

    An order's address names its order by id only: a changed address moves no stamp of the order, so no poll tells it.
    """
    body = payload.get("data", payload)
    address = body.get("address") if isinstance(body, Mapping) else None
    order_id = whole_in(address.get("parent_id")) if isinstance(address, Mapping) else None
    return [f"{order_id}@{BY_ID}"] if order_id is not None else document_keys(payload, "order", "orders")


async def resolve(key: str, desk: Desk) -> Sequence[str] | None:
    """A key without a store: the orders of that number in every store view of the connection, or the order of an id."""
    increment, store = parts_of(key)
    if store == BY_ID:
        found = await desk.orders_by_id.get(int(increment))
        return list(keys_of([found], desk)) if found is not None else []
    if store == UNKNOWN_STORE:
        return list(keys_of(await desk.orders.get(increment) or [], desk))
    return None


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Orders by `updated_at`, those of the connection's stores."""
    async for row in desk.commerce.changed_orders(since, until):
        change = change_in(row, desk)
        if change is not None:
            yield change


async def read(key: str, desk: Desk) -> Order | None:
    """The order as it is now; None when Commerce has none of that number in that store (yet)."""
    increment, _, store = key.rpartition("@")
    for document in await desk.orders.get(increment) or []:
        if str(document.get("store_id", "")) == store:
            return Order.read(document)
    return None


async def plan(order: Order, work: Work) -> Plan | Skipped:
    """What D365 must hold of this order as it is now."""
    if reason := elsewhere(order.store_id, work.desk):
        return Skipped(reason)
    if is_cancelled(order):
        return await _cancelled(order, work)
    connection = work.desk.settings
    if work.held(KIND) is None and not work.claim.intent:
        others = "" if work.is_asked else before_our_time(order, connection.orders)
        outcome = Skipped(others) if others else not_now(order, connection.orders, work.now())
        if outcome is not None:
            return outcome
    await _predecessor_settled(order, work)
    items = await work.desk.items.many(order_items(order, connection))
    buyer = await buyer_of(order, work)
    document = sales_order_from(order, connection, account=buyer.account, items=items, contact=buyer.contact)
    write = SalesOrderWrite(document, _sales_orders(work), dynamics_of(work.desk))
    return Plan(
        (write,),
        digest=document.current_digest,
        amounts=_amounts(document),
        keys={"reference": document.reference},
        read=order.raw,
        follow_ups=write_back_of("orders", work.message.key, connection),
    )


async def _cancelled(order: Order, work: Work) -> Plan | Skipped:
    """Cancelled before posting: never posted. After: removed while D365 allows it, else a person decides."""
    connection = work.desk.settings
    if work.claim.state is State.CANCELLED and work.claim.intent is None:
        return Plan((), digest=work.claim.digest)
    if work.held(KIND) is None and work.claim.intent is None:
        return Skipped(SalesOrderRemoval.nothing)
    company = order_store(order, connection).company or connection.dynamics.company
    document = None
    if work.held(KIND) is None:
        items = await work.desk.items.many(order_items(order, connection))
        account = await account_for(order, work)
        document = sales_order_from(order, connection, account=account, items=items)
    removal = SalesOrderRemoval(company, order.increment_id, _sales_orders(work), dynamics_of(work.desk), document)
    return Plan((removal,), digest=f"cancelled|{work.claim.number}")


def _sales_orders(work: Work) -> SalesOrders:
    return SalesOrders(work.desk.dynamics, work.desk.settings.dynamics)


async def _predecessor_settled(order: Order, work: Work) -> None:
    """An edited order (`-1`) replaces one that is cancelled a moment later: the old one is settled first, so that the
    goods are never ordered twice. Source: Commerce creates the new order before it cancels the old one."""
    parent = order.relation_parent_real_id or order.original_increment_id
    if not parent or work.held(KIND) is not None or parent == order.increment_id:
        return
    key = f"{parent}@{order.store_id}"
    old = await read(key, work.desk)
    if old is None:
        return
    if old.state != "canceled" and not old.total_canceled:
        raise Later(f"order {parent}, which this one replaces, is not cancelled yet", after=timedelta(seconds=5))
    await work.require("orders", key, old)
    reason = "" if work.is_asked else before_our_time(old, work.desk.settings.orders)
    if reason and not (await work.ledger.claim(work.desk.name, "orders", key)).number:
        raise Never(
            f"order {order.increment_id} replaces order {parent}, which was {reason}",
            remedy=f"Cancel in D365 what was entered for {parent}, then replay {order.increment_id}.",
        )


def _amounts(document: SalesOrder) -> dict[str, str]:
    """The proof of totals, as the trail shows it."""
    totals = document.totals
    amounts = {**totals.as_json(), **{f"paid by {home}": f"{amount:.2f}" for home, amount in document.paid.items()}}
    if totals.rounding:
        amounts["rounding"] = f"{totals.rounding:.2f}"
    return amounts


async def until(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled()


def version(order: Order) -> object:
    """What differs when the order changed."""
    return order.state, order.updated_at


orders = DocumentFlow[Order](
    name="orders",
    title="Orders to sales orders",
    source=Source(read, resolve, version),
    plan=plan,
    triggers=(
        CommerceHook(keys_in),
        AdobeEvents(
            (
                "observer.sales_order_save_commit_after", "observer.sales_order_place_after", "observer.sales_order_save_after",
                "observer.checkout_submit_all_after", "observer.sales_order_address_save_after",
                "sales.api.order_management.place",
            ),
            keys_in,
        ),
        Poll(changed, until, lambda connection: connection.orders.poll_minutes),
    ),
    lane=Lane.DOCUMENTS,
)  # fmt: skip
