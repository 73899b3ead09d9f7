"""Which orders of the shop F&O has, by what is known here, and which will be looked for."""

from datetime import datetime

from sync.commerce.models.order import Order
from sync.config.connections import NumberMode
from sync.engine.claim import Claim, State
from sync.engine.systems import Systems
from sync.flows.keys import elsewhere
from sync.flows.orders.sales_order_removal import REMOVED
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.order_settings import order_store
from sync.mapping.sales_order import reference_of


def is_posted(claim: Claim) -> bool:
    """Whether F&O has the sales order that we posted, or found, of an order."""
    held = claim.delivered.get(KIND)
    is_removed = claim.state is State.CANCELLED or (held and held.digest.startswith(REMOVED))
    return held is not None and not is_removed


def was_entered_by_hand(claim: Claim, placed: datetime | None, start: datetime | None) -> bool:
    """Whether somebody entered an order in F&O before this connection took over (`start`,
    `orders.placed_from`). Not one that was posted, or that a person asked for: it is ours."""
    is_ours = claim.asked or KIND in claim.delivered
    return not is_ours and start is not None and placed is not None and placed < start


def foresee(order: Order, systems: Systems) -> None:
    """Where D365 numbers the orders, this one will be looked for."""
    settings = systems.settings
    if settings.orders.numbers is NumberMode.THEIRS and not elsewhere(order.store_id, systems):
        company = order_store(order, settings).company or settings.dynamics.company
        systems.dynamics.sales_orders.expect(company, reference_of(order, settings))
