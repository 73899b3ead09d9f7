"""Posted packing slips of sales orders, with their tracking numbers (reference 6.7).

`CustPackingSlip*BiEntities` are table-shaped copies meant for reporting: a role may not see them,
and they have no time of change. A slip that is corrected or cancelled keeps its rows, with other
quantities. Tracking numbers may be entered hours after a slip was posted.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sync.dynamics.documents.packing_slip import PackingSlip, SlipLine
from sync.dynamics.field_values import text_of
from sync.dynamics.line_orders import lines_of, order_of
from sync.dynamics.odata import Filter, is_pattern
from sync.dynamics.reader import ODataReader

SLIPS: Final = "CustPackingSlipJourBiEntities"
SLIP_LINES: Final = "CustPackingSlipTransBiEntities"
TRACKING: Final = "PackingSlipTrackingInformation"
SLIP_FIELDS: Final = (
    "SourceDocumentHeader", "PackingSlipId", "SalesId", "SalesType", "CustomerRef", "Qty",
    "DlvMode", "ShipCarrierId", "inventLocationId", "CreatedOn",
)  # fmt: skip
LINE_FIELDS: Final = (
    "PackingSlipId", "SalesId", "OrigSalesId", "InventTransId", "ItemId", "ExternalItemId", "Qty",
    "SalesUnit", "CreatedOn",
)  # fmt: skip
TRACKING_FIELDS: Final = ("SalesOrderNumber", "PackingSlipNumber", "DeliveryDate", "TrackingNumber")
SLIP_ORDER: Final = ("dataAreaId", "SourceDocumentHeader")
DATED_APART: Final = timedelta(days=7)
"""How far before its posting a slip may be dated for a list of tracking numbers to show its own."""
SALE: Final = "Sales"
NUMBER: Final = "PackingSlipId"

Tracking = Mapping[str, tuple[str, ...]]
"""Tracking numbers by slip."""


class PackingSlips:
    """The packing slips of one environment. Raises as the client does."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def get(self, company: str, sales_order: str, number: str) -> PackingSlip | None:
        """A slip, with the rows of all slips of its sales order; None where there is none (yet)."""
        find = self._client.find_by
        heads, own, rows, tracking = await asyncio.gather(
            find(SLIPS, "PackingSlipId", number, company=company, select=SLIP_FIELDS),
            find(SLIP_LINES, "PackingSlipId", number, company=company, select=LINE_FIELDS),
            self._of_order(company, sales_order), self._tracking(company, sales_order),
        )  # fmt: skip
        orders = list(dict.fromkeys(order_of(row) for row in own))
        head = next((one for one in heads if one.get("SalesId") == sales_order), None)
        if head is None and sales_order in orders:
            head = next(iter(heads), None)
        if head is None:
            return None
        return _slip(
            company, sales_order, head,
            rows=rows, tracking=tracking.get(number, ()),
            others=tuple(one for one in orders if one not in ("", sales_order)),
        )  # fmt: skip

    async def tracked(self, number: str) -> list[tuple[str, str]]:
        """(company, sales order) of the slips with a tracking number, whatever company they are
        of."""
        fields = ("dataAreaId", *TRACKING_FIELDS)
        rows = await self._client.find_by(TRACKING, "TrackingNumber", number, select=fields)
        found = [
            (text_of(row, "dataAreaId").lower(), text_of(row, "SalesOrderNumber")) for row in rows
        ]
        return list(dict.fromkeys(found))

    async def keys(self, company: str, *, sales_order: str = "", number: str = "") -> list[str]:
        """The keys of all slips of a sales order, or of one slip, the oldest first, as F&O spells
        the numbers."""
        rows = await lines_of(
            self._client, SLIP_LINES, sales_order, company=company, select=LINE_FIELDS
        ) if sales_order else await self._client.find_by(
            SLIP_LINES, NUMBER, number, company=company, select=LINE_FIELDS
        )  # fmt: skip
        by_time = sorted(rows, key=lambda row: (text_of(row, "CreatedOn"), text_of(row, NUMBER)))
        named = (f"{company}|{order_of(row)}|{text_of(row, NUMBER)}" for row in by_time)
        return list(dict.fromkeys(named))

    async def shared(self, company: str, numbers: Sequence[str]) -> frozenset[str]:
        """Which of these slips are of several sales orders; the header names one of them."""
        asked = [one for one in numbers if not is_pattern(one)]
        found = await self._client.find_by(
            SLIP_LINES, NUMBER, *asked, company=company, select=LINE_FIELDS
        ) if asked else []  # fmt: skip
        orders = {(text_of(row, NUMBER), order_of(row)) for row in found}
        counts = Counter(number for number, _ in orders)
        return frozenset(number for number, count in counts.items() if count > 1)

    async def since(
        self, company: str, day: date, *, after: str = ""
    ) -> AsyncIterator[tuple[PackingSlip, datetime, str]]:
        """Slips of sales orders that were posted on `day` or later, without their rows: each with
        its time and its position in this list. `after`: only those after that position."""
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        where = Filter.eq("dataAreaId", company) & Filter.ge("CreatedOn", begin)
        if after:
            where &= Filter.gt("SourceDocumentHeader", int(after))
        tracking = await self._tracking_since(company, day - DATED_APART)
        async for head in self._client.query(
            SLIPS, where=where, select=SLIP_FIELDS, order_by=SLIP_ORDER
        ):
            order, number = str(head.get("SalesId") or ""), str(head.get("PackingSlipId") or "")
            if order and number and head.get("SalesType") == SALE:
                slip = _slip(company, order, head, tracking=tracking.get((order, number), ()))
                yield slip, _moment(head), str(head["SourceDocumentHeader"])

    async def _of_order(self, company: str, sales_order: str) -> list[SlipLine]:
        rows = await lines_of(
            self._client, SLIP_LINES, sales_order, company=company, select=LINE_FIELDS
        )
        return [_line(row) for row in rows]

    async def _tracking(self, company: str, sales_order: str) -> Tracking:
        rows = await self._client.find_by(
            TRACKING, "SalesOrderNumber", sales_order, company=company, select=TRACKING_FIELDS
        )
        found = _by_slip(rows)
        return {slip: numbers for (_, slip), numbers in found.items()}

    async def _tracking_since(
        self, company: str, day: date
    ) -> Mapping[tuple[str, str], tuple[str, ...]]:
        where = Filter.eq("dataAreaId", company) & Filter.ge("DeliveryDate", day)
        key = ("dataAreaId", *TRACKING_FIELDS)
        listed = self._client.query(TRACKING, where=where, select=TRACKING_FIELDS, order_by=key)
        return _by_slip([row async for row in listed])


def _slip(
    company: str,
    sales_order: str,
    head: Mapping[str, Any],
    *,
    rows: Sequence[SlipLine] = (),
    tracking: tuple[str, ...] = (),
    others: tuple[str, ...] = (),
) -> PackingSlip:
    """`head` may be of another sales order that shares the slip: then its reference is not ours."""
    is_own = head.get("SalesId") == sales_order
    return PackingSlip(
        company, sales_order, str(head["PackingSlipId"]),
        reference=text_of(head, "CustomerRef") if is_own else "",
        warehouse=text_of(head, "inventLocationId"), carrier=text_of(head, "ShipCarrierId"),
        mode=text_of(head, "DlvMode"), quantity=Decimal(head.get("Qty") or 0),
        is_sale=head.get("SalesType") == SALE, rows=tuple(rows), tracking=tracking, others=others,
        is_head=is_own,
    )  # fmt: skip


def _line(row: Mapping[str, Any]) -> SlipLine:
    return SlipLine(
        text_of(row, "PackingSlipId"), text_of(row, "ExternalItemId"), text_of(row, "ItemId"),
        Decimal(row.get("Qty") or 0), text_of(row, "SalesUnit"), text_of(row, "CreatedOn"),
        text_of(row, "InventTransId"),
    )  # fmt: skip


def _by_slip(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Each number once, by sales order and slip, in the order of the numbers."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if number := text_of(row, "TrackingNumber"):
            found[text_of(row, "SalesOrderNumber"), text_of(row, "PackingSlipNumber")].add(number)
    return {slip: tuple(sorted(numbers)) for slip, numbers in found.items()}


def _moment(row: Mapping[str, Any]) -> datetime:
    """When it was posted; the filter lets no row through that does not say it."""
    found = datetime.fromisoformat(str(row["CreatedOn"]))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
