"""A sales order as F&O holds it, and what its statuses mean (reference 5.1 to 5.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sync.core.money import total
from sync.dynamics.documents.sales_order import SalesOrderLine
from sync.dynamics.documents.sales_order_changes import OPEN_STATUSES

HEADER_FIELDS = (
    "dataAreaId", "SalesOrderNumber", "CustomersOrderReference", "OrderingCustomerAccountNumber",
    "CurrencyCode",
    "SalesOrderStatus", "SalesOrderProcessingStatus",
)  # fmt: skip
LINE_FIELDS = (
    "InventoryLotId", "ExternalItemNumber", "ItemNumber", "OrderedSalesQuantity", "SalesPrice",
    "SalesPriceQuantity",
    "LineDiscountAmount", "LineAmount", "SalesOrderLineStatus",
)  # fmt: skip
UNTOUCHED = frozenset({"", "None", "Active", "Confirmed"})
"""Processing statuses of an order that nobody in the warehouse has begun with."""

SHIPPED = frozenset({"Delivered", "Invoiced"})
STOPPED = "IsSalesProcessingStopped"


@dataclass(frozen=True)
class ExistingSalesOrder:
    """An order as F&O holds it. `lots`: InventoryLotId by our line reference; lines without one are
    somebody else's."""

    number: str
    header: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[Mapping[str, Any]] = ()

    @property
    def lots(self) -> dict[str, str]:
        """Our lines: reference -> InventoryLotId."""
        return {
            str(r["ExternalItemNumber"]): str(r["InventoryLotId"])
            for r in self.lines
            if r.get("ExternalItemNumber")
        }

    def missing(self, lines: Sequence[SalesOrderLine]) -> list[SalesOrderLine]:
        """Those of an order's lines that it lacks. Lines that go are not missed where it has
        others: an amendment whose answer was lost may have removed them."""
        lots = self.lots
        return [
            one for one in lines if one.reference not in lots and (one.left is not None or not lots)
        ]

    @property
    def invoiced_lots(self) -> dict[str, str]:
        """The lots of our lines that F&O has invoiced: only they can be returned to."""
        all_ = self.is_invoiced
        return {
            str(r["ExternalItemNumber"]): str(r["InventoryLotId"])
            for r in (self.open_lines if all_ else self.lines)
            if r.get("ExternalItemNumber") and (all_ or r.get("SalesOrderLineStatus") == "Invoiced")
        }

    @property
    def is_open(self) -> bool:
        """Whether F&O still lets the order be changed: nothing picked, delivered or invoiced."""
        statuses = {str(self.header.get("SalesOrderStatus") or "")}
        statuses |= {str(line.get("SalesOrderLineStatus") or "") for line in self.lines}
        return (
            statuses <= OPEN_STATUSES
            and str(self.header.get("SalesOrderProcessingStatus") or "") in UNTOUCHED
        )

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled in F&O: the order, or all its lines."""
        statuses = (
            self.header.get("SalesOrderStatus"),
            self.header.get("SalesOrderProcessingStatus"),
        )
        return "Canceled" in statuses or (bool(self.lines) and not self.open_lines)

    @property
    def open_lines(self) -> list[Mapping[str, Any]]:
        """The lines that F&O has not cancelled."""
        return [one for one in self.lines if one.get("SalesOrderLineStatus") != "Canceled"]

    @property
    def is_removable(self) -> bool:
        """Whether F&O lets all of it go that it has not cancelled itself."""
        return replace(self, lines=self.open_lines).is_open

    @property
    def is_shipped(self) -> bool:
        """Whether nothing of it is left to be shipped: what comes back of it now comes back by a
        return."""
        return str(self.header.get("SalesOrderStatus") or "") in SHIPPED

    @property
    def is_over(self) -> bool:
        """Whether F&O will invoice no more of it."""
        return self.is_cancelled or self.is_invoiced

    @property
    def is_invoiced(self) -> bool:
        """Whether F&O has invoiced all of it."""
        return self.header.get("SalesOrderStatus") == "Invoiced"

    @property
    def quantities(self) -> dict[str, Decimal]:
        """Our lines: reference -> quantity."""
        return {
            str(row["ExternalItemNumber"]): Decimal(row.get("OrderedSalesQuantity") or 0)
            for row in self.lines
            if row.get("ExternalItemNumber")
        }

    @property
    def cancelled(self) -> frozenset[str]:
        """Our lines that F&O has cancelled: they keep their quantities, and send nothing."""
        return frozenset(
            str(row["ExternalItemNumber"])
            for row in self.lines
            if row.get("ExternalItemNumber") and row.get("SalesOrderLineStatus") == "Canceled"
        )

    @property
    def amounts(self) -> dict[str, Decimal]:
        """Our lines that F&O has not cancelled: reference -> amount, as it has computed it."""
        return {
            str(row["ExternalItemNumber"]): Decimal(row.get("LineAmount") or 0)
            for row in self.open_lines
            if row.get("ExternalItemNumber")
        }

    @property
    def total(self) -> Decimal:
        """What all lines come to that F&O has not cancelled, also those of others."""
        return total(Decimal(row.get("LineAmount") or 0) for row in self.open_lines)

    @property
    def status(self) -> str:
        """As F&O words it."""
        return (
            f"{self.header.get('SalesOrderStatus') or 'None'}/"
            f"{self.header.get('SalesOrderProcessingStatus') or 'Active'}"
        )
