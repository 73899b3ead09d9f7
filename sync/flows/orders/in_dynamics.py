"""Which orders of the shop F&O has, by what is known here."""

from datetime import datetime

from sync.engine.claim import Claim, State
from sync.flows.orders.sales_order_removal import REMOVED
from sync.flows.orders.sales_order_writes import KIND


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
