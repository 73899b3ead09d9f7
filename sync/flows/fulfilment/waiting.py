"""Orders of which Commerce ships, invoices and captures nothing for now."""

from sync.commerce.models.order import Order
from sync.core.errors import Later
from sync.engine.delivery import Delivery
from sync.engine.timing import rarely
from sync.mapping.posting_policy import WAITING_STATES


def until_released(order: Order, delivery: Delivery) -> None:
    """Raise `Later` while an order waits in Commerce, for as long as it does: looked at more rarely
    the longer it takes. Who waits goes on by itself then, and uses up no try."""
    if order.state not in WAITING_STATES:
        return
    raise Later(
        f"order {order.increment_id}: {WAITING_STATES[order.state]} (state {order.state})",
        after=rarely(delivery),
        counts=False,
    )
