"""Whether F&O has an order as it is wanted already, whatever was sent to it."""

from sync.dynamics.documents.sales_order_changes import Changes
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.live_orders import LiveOrders
from sync.flows.orders.amendment_rules import AMOUNTS, is_agreed


async def is_sent_as_wanted(
    changes: Changes, held: ExistingSalesOrder, company: str, live: LiveOrders | None
) -> bool:
    """Whether people in F&O have made these changes: to the quantities of lines, by cancelling
    lines, or by cancelling what remained of them. `live` tells the last, where it may be asked; a
    line keeps its quantity then, and changing that could take its pieces off twice."""
    quantities = held.quantities
    left = {name: qty for name, qty in quantities.items() if name not in held.cancelled}
    if is_agreed(changes, quantities) or is_agreed(changes, left):
        return True
    if live is None or not (changes.patched or changes.removed):
        return False
    order = await live.get(company, held.number)
    return order is not None and is_agreed(changes, order.alive, AMOUNTS)
