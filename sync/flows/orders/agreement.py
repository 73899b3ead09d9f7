"""What F&O has done of an order, whatever was sent to it: whether that is as it is wanted already,
and what it has invoiced."""

from dataclasses import dataclass, replace
from typing import Final

from sync.core.money import ZERO
from sync.dynamics.documents.sales_order_changes import Changes
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.invoiced_lines import InvoicedLines
from sync.dynamics.live_orders import LiveOrders
from sync.engine.systems import Systems
from sync.flows.orders.amendment_rules import AMOUNTS, is_agreed

CANCELLATIONS: Final = "cancellations"
CAPTURES: Final = "captures"
IN_PART: Final = {"SalesOrderProcessingStatus": "PartiallyInvoiced"}


@dataclass(frozen=True)
class Progress:
    """`live` tells what F&O still sends of an order, `invoiced` what it has invoiced of it; None
    where they may not be asked."""

    live: LiveOrders | None
    invoiced: InvoicedLines | None

    async def is_as_wanted(self, changes: Changes, held: ExistingSalesOrder, company: str) -> bool:
        """Whether people in F&O have made these changes: to the quantities of lines, by cancelling
        lines, or by cancelling what remained of them. A line keeps its quantity then, and changing
        that could take its pieces off twice."""
        quantities = held.quantities
        left = {name: qty for name, qty in quantities.items() if name not in held.cancelled}
        if is_agreed(changes, quantities) or is_agreed(changes, left):
            return True
        if self.live is None or not (changes.patched or changes.removed):
            return False
        order = await self.live.get(company, held.number)
        return order is not None and is_agreed(changes, order.alive, AMOUNTS)

    async def told(
        self, held: ExistingSalesOrder, company: str, changes: Changes | None = None
    ) -> ExistingSalesOrder:
        """The order as partly invoiced where more of it is invoiced than `changes` leave, or some
        of a line that gets another price; None: where anything is. Not every environment keeps that
        status (reference 5.2), and a line is open until all of it is invoiced."""
        lots, patched = held.lots, changes.patched if changes else {}
        left = {name: fields for name, fields in patched.items() if AMOUNTS & fields.keys()}
        left |= {name: {} for name in (changes.removed if changes else lots)}
        if self.invoiced is None or not held.is_removable or not left:
            return held
        done = await self.invoiced.by_lot(company, held.number)
        is_beyond = any(
            done.get(lots.get(name, ""), ZERO) > fields.get("OrderedSalesQuantity", ZERO)
            for name, fields in left.items()
        )
        return replace(held, header={**held.header, **IN_PART}) if is_beyond else held


def progress_in(systems: Systems) -> Progress:
    """By what the connection's flows read."""
    settings, dynamics = systems.settings, systems.dynamics
    is_told = CAPTURES in settings.flows and settings.dynamics.invoiced == "journal"
    return Progress(
        dynamics.live_orders if CANCELLATIONS in settings.flows else None,
        dynamics.invoiced_lines if is_told else None,
    )
