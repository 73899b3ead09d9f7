"""Return orders in F&O: header and negative lines; found again by `CustomersOrderReference`
(reference 6.6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.core.errors import Never
from sync.dynamics.client import DynamicsClient, Write
from sync.dynamics.customers import SET as CUSTOMERS
from sync.dynamics.documents.return_order import ReturnOrder

HEADERS, LINES = "ReturnOrderHeadersV2", "ReturnOrderLinesV2"
INCLUDED = "IsSalesTaxIncludedInPrices"
FIELDS = (
    "dataAreaId",
    "ReturnOrderNumber",
    "RMANumber",
    "CustomerAccountNumber",
    "CustomersOrderReference",
    "ReturnStatus",
)


@dataclass(frozen=True)
class FoundReturn:
    """A return order as F&O holds it. `lines`: our references of the lines it has."""

    number: str
    rma: str
    lines: frozenset[str]


class ReturnOrders:
    """The return orders of one environment."""

    def __init__(self, client: DynamicsClient) -> None:
        self._client = client

    async def find(self, order: ReturnOrder) -> FoundReturn | None:
        """The return order by its reference and account. Raises `Never` when there are several."""
        rows = await self._client.find_by(
            HEADERS,
            "CustomersOrderReference",
            order.reference,
            company=order.company,
            select=FIELDS,
        )
        rows = [row for row in rows if row.get("CustomerAccountNumber") == order.account]
        if len(rows) > 1:
            raise Never(
                f"{order.reference}: D365 holds {len(rows)} return orders with this reference",
                remedy="Keep the right one, cancel the others in D365, then replay.",
            )
        if not rows:
            return None
        number = str(rows[0]["ReturnOrderNumber"])
        lines = await self._client.find_by(
            LINES,
            "ReturnOrderNumber",
            number,
            company=order.company,
            select=("ReturnOrderNumber", "ExternalItemNumber"),
        )
        references = frozenset(str(line.get("ExternalItemNumber") or "") for line in lines)
        return FoundReturn(number, str(rows[0].get("RMANumber") or ""), references)

    async def prices_include_tax(self, company: str, account: str) -> bool:
        """Whether F&O takes the prices of this account's return orders to include tax. Raises
        `Never` without it.

        Return orders have no field for it: F&O copies the customer's own setting to their header
        (reference 4.1, 6.6).
        """
        key = {"dataAreaId": company, "CustomerAccount": account}
        row = await self._client.get(CUSTOMERS, key, select=("CustomerAccount", INCLUDED))
        if row is None:
            raise Never(
                f"customer {account} is not in company {company}",
                remedy="Correct the account in the mapping (map customers set), then replay.",
            )
        return row.get(INCLUDED) == "Yes"

    async def is_closed(self, company: str, number: str) -> bool:
        """Whether F&O will credit no more of this return order: it is closed, cancelled or gone."""
        key = {"dataAreaId": company, "ReturnOrderNumber": number}
        row = await self._client.get(HEADERS, key, select=FIELDS)
        return row is None or row.get("ReturnStatus") in {"Closed", "Canceled"}

    async def create(self, order: ReturnOrder, *, not_after: datetime) -> FoundReturn:
        """Post header and lines; returns what F&O calls it."""
        header = await self._client.create(HEADERS, dict(order.header), not_after=not_after)
        found = FoundReturn(
            str(header["ReturnOrderNumber"]), str(header.get("RMANumber") or ""), frozenset()
        )
        await self.complete(order, found, not_after=not_after)
        return found

    async def complete(
        self, order: ReturnOrder, found: FoundReturn, *, not_after: datetime
    ) -> None:
        """Post the lines that are missing, in one changeset. A refused header without lines is
        removed."""
        missing = [line for line in order.lines if line["ExternalItemNumber"] not in found.lines]
        try:
            await self._client.changeset(
                [
                    Write("POST", LINES, None, order.line_body(line, found.number))
                    for line in missing
                ],
                not_after=not_after,
            )
        except Never:
            if not found.lines:
                key: dict[str, Any] = {
                    "dataAreaId": order.company,
                    "ReturnOrderNumber": found.number,
                }
                await self._client.delete(HEADERS, key)
            raise
