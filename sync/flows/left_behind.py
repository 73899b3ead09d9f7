"""What an earlier try left in D365 under our reference, also under the default template of an
earlier release.

The templates contain the store now. A write that was announced before and whose answer was lost
lies under the old reference, if it lies anywhere; there it is this record's only if no other
record's claim has it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from sync.commerce.models.order import Order
from sync.dynamics.adoption import AnotherDocument
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.sales_orders import ExistingSalesOrder, SalesOrders
from sync.engine.delivery import Delivery
from sync.flows.keys import parts_of
from sync.mapping.references import FORMER, documents_in

T = TypeVar("T")
Find = Callable[[Any], Awaitable[T | None]]


async def left_behind(
    find: Find[T], document: Any, former: str, delivery: Delivery, *, called: Callable[[T], str]
) -> T | None:
    """What `find` finds of a document; under its `former` reference too, where an earlier try's
    answer was lost.

    `called`: what a claim calls the document in D365. Raises what `find` raises.
    """
    try:
        found = await find(document)
    except AnotherDocument:
        if (
            delivery.inherited is None
            or (found := await _formerly(find, document, former, delivery, called)) is None
        ):
            raise
        return found
    if found is None and delivery.inherited is not None:
        return await _formerly(find, document, former, delivery, called)
    return found


async def order_left_behind(
    order: Order, document: SalesOrder, orders: SalesOrders, delivery: Delivery
) -> ExistingSalesOrder | None:
    """The sales order of an order, as `left_behind`."""
    former = FORMER["orders"].format(increment_id=order.increment_id)
    return await left_behind(
        orders.find, document, former, delivery, called=lambda found: found.number
    )


async def _formerly(
    find: Find[T], document: Any, former: str, delivery: Delivery, called: Callable[[T], str]
) -> T | None:
    if former == document.reference:
        return None
    try:
        found = await find(replace(document, reference=former))
    except AnotherDocument:
        return None  # of a record with the same number in another store
    if found is None or await _is_claimed(called(found), delivery):
        return None
    return found


async def _is_claimed(number: str, delivery: Delivery) -> bool:
    """Whether another record of the same number, in whatever store, was posted as this document."""
    increment, _ = parts_of(delivery.claim.key)
    async for claim in delivery.ledger.claims(
        delivery.systems.name, delivery.claim.flow, prefix=f"{increment}@"
    ):
        if claim.key != delivery.claim.key and number in documents_in(claim.number):
            return True
    return False
