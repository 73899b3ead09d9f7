"""Return orders in F&O: header and negative lines (reference 6.6).

They draw their number from the sequence of sales orders, so they are numbered as those are. With a
number of ours header and lines travel in one changeset; else they are found again by
`CustomersOrderReference`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.core.request import Request
from sync.dynamics.adoption import must_be_ours
from sync.dynamics.customers import SET as CUSTOMERS
from sync.dynamics.documents import requests
from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.odata import record_path
from sync.dynamics.odata_client import ODataClient, Write

HEADERS, LINES = requests.RETURN_HEADERS, requests.RETURN_LINES

INCLUDED = "IsSalesTaxIncludedInPrices"
STOPPED = "IsReturnProcessingStopped"
FIELDS = (
    "dataAreaId",
    "ReturnOrderNumber",
    "RMANumber",
    "CustomerAccountNumber",
    "CustomersOrderReference",
    "CurrencyCode",
    "ReturnStatus",
)
RELEASED: Mapping[str, str] = {STOPPED: "No"}
LINE_FIELDS = ("ReturnOrderNumber", "LineAmount")


@dataclass(frozen=True)
class FoundReturn:
    """A return order as F&O holds it."""

    number: str
    rma: str
    has_lines: bool


class ReturnOrders:
    """The return orders of one environment."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def find(self, order: ReturnOrder) -> FoundReturn | None:
        """The return order by our number or its reference; None when it is not there.

        Raises `Never` when there are several, and when it is another document (`must_be_ours`).
        Lines come all together or not at all, so a header that has lines has the whole amount.
        """
        rows = await self._headers(order)
        if len(rows) > 1:
            reason = f"D365 holds {len(rows)} return orders with this reference"
            remedy = "Keep the right one, cancel the others in D365, then replay."
            raise Never(f"{order.reference}: {reason}", remedy=remedy)
        if not rows:
            return None
        header, number = rows[0], str(rows[0]["ReturnOrderNumber"])
        lines = await self._lines_of(order.company, number)
        amount = total(Decimal(line["LineAmount"]) for line in lines)
        ours = _told_by(order.header, -order.amount if lines else ZERO)
        ours["reference"] = order.reference
        must_be_ours(order.reference, f"return order {number}", ours, _told_by(header, amount))
        return FoundReturn(number, str(header.get("RMANumber") or ""), bool(lines))

    async def reference_of(self, company: str, number: str) -> str | None:
        """The reference of a return order by its number; None where it is not there, or was
        cancelled."""
        row = await self._client.get(HEADERS, _key(company, number), select=FIELDS)
        is_there = row is not None and row.get("ReturnStatus") != "Canceled"
        return str(row.get("CustomersOrderReference") or "") if row and is_there else None

    async def numbered(self, order: ReturnOrder, number: str) -> FoundReturn:
        """The return order of this number, which a person linked. Raises `Never` where it is
        another document, or has no lines."""
        header = await self._client.get(HEADERS, _key(order.company, number), select=FIELDS) or {}
        lines = await self._lines_of(order.company, number)
        amount = total(Decimal(line["LineAmount"]) for line in lines)
        ours, there = _told_by(order.header, -order.amount), _told_by(header, amount)
        ours["reference"] = there["reference"]  # a person's own
        must_be_ours(order.reference, f"return order {number}", ours, there, is_linked=True)
        return FoundReturn(number, str(header.get("RMANumber") or ""), bool(lines))

    async def _lines_of(self, company: str, number: str) -> list[dict[str, Any]]:
        return await self._client.find_by(
            LINES, "ReturnOrderNumber", number, company=company, select=LINE_FIELDS
        )

    async def _headers(self, order: ReturnOrder) -> list[dict[str, Any]]:
        """Those that are not cancelled; by our number, which only one can have, where we number
        them."""
        if order.number:
            header = await self._client.get(
                HEADERS, _key(order.company, order.number), select=FIELDS
            )
            return [header] if header is not None else []
        rows = await self._client.find_by(
            HEADERS,
            "CustomersOrderReference",
            order.reference,
            company=order.company,
            select=FIELDS,
        )
        return [row for row in rows if row.get("ReturnStatus") != "Canceled"] or rows[:1]

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

    async def is_stopped(self, company: str, number: str) -> bool:
        """Whether a return order is stopped until somebody lets it go on."""
        row = await self._client.get(HEADERS, _key(company, number), select=(STOPPED,))
        return row is not None and row.get(STOPPED) == "Yes"

    async def let_go(self, company: str, number: str, *, not_after: datetime) -> None:
        """Let a stopped return order go on. Safe to repeat."""
        key = _key(company, number)
        await self._client.update(HEADERS, key, RELEASED, not_after=not_after)

    async def create(self, order: ReturnOrder, *, not_after: datetime) -> FoundReturn:
        """Post the header, with a number of ours the lines as well; returns what F&O calls it.
        Raises `AlreadyExists` when our number is taken.

        With a number of ours both travel in one changeset, and the primary key refuses a second
        return order. Otherwise `complete` follows.
        """
        if order.number:
            first = Write("POST", HEADERS, None, dict(order.header))
            writes = [first, *_lines(order, order.number)]
            header, *_ = await self._client.changeset(writes, not_after=not_after)
        else:
            header = await self._client.create(HEADERS, dict(order.header), not_after=not_after)
        number, rma = str(header["ReturnOrderNumber"]), str(header.get("RMANumber") or "")
        return FoundReturn(number, rma, bool(order.number))

    async def complete(self, order: ReturnOrder, number: str, *, not_after: datetime) -> None:
        """Post the lines under a header without any, in one changeset. A header whose lines are
        refused is removed."""
        try:
            await self._client.changeset(_lines(order, number), not_after=not_after)
        except Never:
            await self._client.delete(HEADERS, _key(order.company, number), not_after=not_after)
            raise


def _told_by(header: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
    """What tells a return order from another one."""
    return {
        "reference": header.get("CustomersOrderReference"),
        "account": header.get("CustomerAccountNumber"),
        "currency": header.get("CurrencyCode"),
        "amount": amount,
    }


def _lines(order: ReturnOrder, number: str) -> list[Write]:
    return [Write("POST", LINES, None, order.line_body(line, number)) for line in order.lines]


def released(company: str, number: str) -> Request:
    """What lets a stopped return order go on."""
    return Request("PATCH", f"/data/{record_path(HEADERS, _key(company, number))}", RELEASED)


def _key(company: str, number: str) -> dict[str, Any]:
    return {"dataAreaId": company, "ReturnOrderNumber": number}
