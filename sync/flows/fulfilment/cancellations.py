"""What F&O cancels of sales orders -> ended in Commerce, as far as Commerce can.

In:      a sales order of F&O with what it still sends of each line, and its order in Commerce.
Key:     "<company>|<sales order>".
Out:     the order cancelled once nothing alive would go with it; charged pieces refunded, where
         `cancellations.refunds` says so; a comment about pieces that die while others live.
Waits:   for the order to be posted by us.
Parks:   an order on hold or in payment review.
Lists:   for a person, as delivered: pieces that were charged and will not be sent; shipped pieces
         that must be invoiced before the rest can be cancelled.
Repeats: both sides are read, and only what differs is done. No echo: the order that was cancelled
         here is cancelled in F&O already, and an order that was cancelled there because of us is
         nothing to be cancelled here.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.commerce.models.order import Order
from sync.core.skipped import Skipped
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.live_orders import LiveOrder
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.plan import Notification, PassedOn, Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.flows.fulfilment.ending_plan import ending_plan
from sync.flows.fulfilment.order_totals import CAPTURES, TOTAL
from sync.flows.fulfilment.slip_orders import (
    NOT_OURS,
    key_posted_as,
    may_be_ours,
    one_of,
    orders_named,
)
from sync.flows.polls import companies_from, our_clock
from sync.pacing.priority import Priority

CANCELLATIONS: Final = "cancellations"


@dataclass(frozen=True)
class EndingOrder:
    """A sales order, and the orders of the shop that its reference may name."""

    live: LiveOrder
    orders: tuple[Order, ...]

    @property
    def version(self) -> object:
        """What differs when either changed."""
        return self.live.fingerprint, [(one.state, one.updated_at) for one in self.orders]


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Sales orders of ours of which lines changed, company by company, in the order of those
    changes."""
    for company, rest in companies_from(systems, after):
        begins = datetime.fromisoformat(rest) if rest else since
        async for order, at in systems.dynamics.live_orders.changed(company, begins, until):
            is_ours = bool(order.reference) and may_be_ours(order.reference, systems.settings)
            place = f"{company}|{at.isoformat()}"
            yield Change(order.key, min(at, until), order.fingerprint, place, is_passed=not is_ours)


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """The sales order that an event of the customer's own names."""
    names = ("SalesOrderId", "SalesId", "SalesOrderNumber")
    number = next(filter(None, map(event.fields.get, names)), "")
    if not event.company or not number:
        raise NoKey("no legal entity or no SalesOrderId in it")
    return [f"{event.company}|{number}"]


async def read(key: str, systems: Systems) -> EndingOrder | None:
    """The sales order as it is now; None where F&O has none of that number (any more)."""
    company, _, number = key.partition("|")
    live = await systems.dynamics.live_orders.get(company, number)
    if live is None:
        return None
    return EndingOrder(live, tuple(await orders_named(live.reference, systems)))


async def plan(found: EndingOrder, delivery: Delivery) -> Plan | Skipped:
    """What Commerce must hold once F&O sends no more of the order than it does."""
    live = found.live
    key = await key_posted_as(live.company, live.number, live.reference, delivery)
    if key is None:
        return NOT_OURS
    order = one_of({one.key: one for one in found.orders}, key)
    ending = await ending_plan(live, order, delivery)
    is_ended = delivery.inherited is not None and bool(order.total_invoiced)
    if isinstance(ending, Skipped) and is_ended and CAPTURES in delivery.systems.settings.flows:
        # the answer to what ended it was lost: the totals are still to be compared
        looks = (Notification(CAPTURES, f"{live.key}|{TOTAL}"),)
        return PassedOn(ending.reason, follow_ups=looks)
    return ending


cancellations: DocumentFlow[EndingOrder] = DocumentFlow(
    name=CANCELLATIONS,
    is_answered=True,
    title="Cancellations of F&O to Commerce",
    source=Source(read, version=lambda found: found.version, is_joined=True),
    plan=plan,
    triggers=(
        BusinessEvents((), keys_in_event, lambda connection: connection.cancellations.events),
        Poll(
            changed, our_clock, lambda connection: connection.cancellations.poll_minutes,
            fingerprint=lambda found: found.live.fingerprint,
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
