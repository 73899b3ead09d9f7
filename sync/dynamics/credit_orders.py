"""What of sales orders is not invoiced yet, for credit: what remains of each line, or whole lines
of orders that are open."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any, Final

from sync.config.connections import Dynamics
from sync.dynamics.documents.credit_account import OrderLine
from sync.dynamics.odata import Filter, Member
from sync.dynamics.odata_client import ODataClient

REMAINING: Final = "SalesLineBiEntities"
REMAINING_FIELDS: Final = (
    "CustAccount", "SalesType", "CurrencyCode", "LineAmount", "SalesQty", "RemainSalesPhysical",
    "RemainSalesFinancial",
)  # fmt: skip
HEADER_FIELDS: Final = (
    "SalesOrderNumber", "InvoiceCustomerAccountNumber", "CurrencyCode", "SalesOrderStatus",
)  # fmt: skip
LINE_FIELDS: Final = (
    "SalesOrderNumber", "LineAmount", "OrderedSalesQuantity", "SalesOrderLineStatus",
)  # fmt: skip
REMAINING_KEY: Final = ("dataAreaId", "SalesId", "LineCreationSequenceNumber")
UNINVOICED: Final = ("Backorder", "Delivered")
FEW: Final = 20
"""Accounts that a filter names; more are sorted out here."""


class CreditOrders:
    """Open sales orders of an environment. Raises as the client does."""

    def __init__(self, client: ODataClient, settings: Dynamics) -> None:
        self._client, self._settings = client, settings

    async def remaining(
        self, company: str, accounts: Sequence[str] = ()
    ) -> AsyncIterator[tuple[str, OrderLine]]:
        """What remains of each line, with the account of its order; of these accounts where they
        are named. Returns and journals are no orders."""
        where = Filter.eq("dataAreaId", company) & _still_open("SalesStatus")
        if 0 < len(accounts) <= FEW:
            where &= Filter.any_of("CustAccount", accounts)
        async for row in self._client.query(
            REMAINING, where=where, select=REMAINING_FIELDS, order_by=REMAINING_KEY
        ):
            if row.get("SalesType") in (None, "", "Sales"):
                names = REMAINING_FIELDS[3:]
                amounts = (Decimal(row[name] or 0) for name in names)
                yield str(row["CustAccount"]), OrderLine(str(row["CurrencyCode"]), *amounts)

    async def whole(
        self, company: str, accounts: Sequence[str] = ()
    ) -> AsyncIterator[tuple[str, OrderLine]]:
        """The lines of open orders, whole until they are invoiced, with the account that the
        invoice goes to; of these accounts where they are named."""
        here = Filter.eq("dataAreaId", company)
        where = here & _still_open("SalesOrderStatus")
        if 0 < len(accounts) <= FEW:
            where &= Filter.any_of("InvoiceCustomerAccountNumber", accounts)
        headers, lines = self._settings.order_headers, self._settings.order_lines
        orders = {
            str(row["SalesOrderNumber"]): row
            async for row in self._client.query(
                headers,
                where=where,
                select=HEADER_FIELDS,
                order_by=("dataAreaId", HEADER_FIELDS[0]),
            )
        }
        where = here & _still_open("SalesOrderLineStatus")
        async for row in self._client.query(
            lines, where=where, select=LINE_FIELDS, order_by=("dataAreaId", "InventoryLotId")
        ):
            order = orders.get(str(row["SalesOrderNumber"]))
            if order is not None:
                account = str(order["InvoiceCustomerAccountNumber"])
                yield account, _whole_line(str(order["CurrencyCode"]), row)


def _whole_line(currency: str, row: dict[str, Any]) -> OrderLine:
    is_delivered = row["SalesOrderLineStatus"] == "Delivered"
    amount, quantity = Decimal(row["LineAmount"] or 0), Decimal(row["OrderedSalesQuantity"] or 0)
    remain = (Decimal(0), quantity) if is_delivered else (quantity, Decimal(0))
    return OrderLine(currency, amount, quantity, *remain)


def _still_open(field: str) -> Filter:
    return Filter.any_of(field, [Member("SalesStatus", name) for name in UNINVOICED])
