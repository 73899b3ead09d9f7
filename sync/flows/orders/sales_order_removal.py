"""A sales order of D365 that is to be gone, because its order was given up in Commerce."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from typing_extensions import override

from sync.core.errors import Never
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.sales_orders import SalesOrders
from sync.engine.write import Found, Removal, Result, Target
from sync.flows.left_behind import LeftBehind
from sync.flows.orders.agreement import Progress
from sync.flows.orders.sales_order_writes import KIND, as_found

REMOVED: Final = "cancelled|"
"""How the digest of an order begins that D365 holds no more, as the executor writes it."""
SHIPPED: Final = "shipped|"
"""How the digest of an order begins that D365 had shipped before it was refunded in Commerce."""
INVOICED: Final = "invoiced|"
"""The same where D365 had invoiced it before it was cancelled."""


@dataclass(frozen=True)
class SalesOrderRemoval(Removal):
    """A sales order whose order was cancelled, rejected or refunded (`what`).

    `order` finds one whose number is not known. Cancelled in D365 as well, or gone there, is
    agreement.
    """

    kind: ClassVar[str] = KIND
    company: str
    increment_id: str
    what: str
    orders: SalesOrders
    target: Target
    left_behind: LeftBehind
    progress: Progress
    order: SalesOrder | None = None

    @property
    @override
    def nothing(self) -> str:
        return f"{self.what} in Commerce before it was posted"

    @override
    async def find(self, number: str) -> Found | None:
        if number:
            held = await self.orders.by_number(self.company, number)
            return as_found(await self.progress.told(held, self.company) if held else None)
        return await self.left_behind.found(self._found, self.order) if self.order else None

    async def _found(self, order: SalesOrder) -> Found | None:
        return as_found(await self.orders.find(order))

    def settled(self, found: Found) -> Result | None:
        """What D365 has shipped before it was refunded comes back by its credit memo; what it has
        invoiced of a cancelled order is left to a person, who credits it. Lines that were entered
        there may be in place of ours, and stop it."""
        held: ExistingSalesOrder = found.content
        if held.is_cancelled:
            return Result(KIND, held.number, f"{REMOVED}{held.number}", "cancelled")
        strange = [one for one in held.open_lines if not one.get("ExternalItemNumber")]
        if held.is_removable and not strange:
            return None
        if self.what == "refunded" and held.is_shipped:
            return Result(KIND, held.number, f"{SHIPPED}{held.number}", "unchanged")
        if held.is_over:
            return Result(KIND, held.number, f"{INVOICED}{held.number}", "unchanged")
        items = ", ".join(str(one.get("ItemNumber")) for one in strange)
        also = f" and holds {items} on lines that are not of the order" if items else ""
        raise Never(
            f"order {self.increment_id} was {self.what} in Commerce, but sales order {held.number}"
            f" is {held.status} in D365{also}",
            remedy=(
                f"Cancel what is left of {held.number} in D365, or return what was shipped; then"
                " replay the order. Nothing is changed there by us."
            ),
        )

    async def remove(self, found: Found, not_after: datetime) -> None:
        """Lines first, in one changeset."""
        await self.orders.remove(self.company, found.content, not_after=not_after)
