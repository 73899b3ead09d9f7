"""How F&O gets on with sales orders (reference 5.1, second half 2.1).

Headers tell status, processing status and dates. `SalesTableBiEntities` tells the furthest document
and credit control besides; it is a table-shaped copy meant for reporting, which a role may not see.
Lines have no time of change, and their dates move no stamp of the header.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.config.connections import Dynamics
from sync.dynamics.documents.order_progress import LineProgress, OrderProgress
from sync.dynamics.field_values import day_of
from sync.dynamics.odata import Filter, Member, is_pattern
from sync.dynamics.reader import ODataReader

REPORTS: Final = "SalesTableBiEntities"
HEADER_FIELDS: Final = (
    "SalesOrderNumber", "CustomersOrderReference", "SalesOrderStatus",
    "SalesOrderProcessingStatus", "IsSalesProcessingStopped", "ConfirmedShippingDate",
)  # fmt: skip
LINE_FIELDS: Final = (
    "SalesOrderNumber", "InventoryLotId", "SalesOrderLineStatus", "ConfirmedShippingDate",
    "RequestedShippingDate",
)  # fmt: skip
REPORT_FIELDS: Final = (
    "SalesId", "CustomerRef", "SalesStatus", "DocumentStatus", "MCROrderStopped",
    "CredManInCreditControl", "CredManRejected", "ShippingDateConfirmed", "SysModifiedDateTime",
)  # fmt: skip
OPEN: Final = tuple(Member("SalesStatus", name) for name in ("Backorder", "Delivered"))
YES: Final = "Yes"


class OrdersInProgress:
    """The sales orders of one environment, as far as they have come. Raises as the client does."""

    def __init__(self, client: ODataReader, settings: Dynamics) -> None:
        self._client = client
        self._headers, self._lines = settings.order_headers, settings.order_lines

    async def get(self, company: str, number: str, *, reports: bool) -> OrderProgress | None:
        """An order; None where there is none. `reports`: whether the copy for reporting is read."""
        heads, lines, copies = await asyncio.gather(
            self._of(self._headers, "SalesOrderNumber", number, company, HEADER_FIELDS),
            self._of(self._lines, "SalesOrderNumber", number, company, LINE_FIELDS),
            self._of(REPORTS, "SalesId", number if reports else "", company, REPORT_FIELDS),
        )
        if not heads:
            return None
        return _progress(company, heads[0], lines, copies[0] if copies else None)

    async def listed(
        self, company: str, since: datetime, *, reports: bool, after: str = ""
    ) -> AsyncIterator[tuple[str, str, Mapping[str, Any]]]:
        """Open orders, by number, those after the number `after`: number, reference and row of
        each. With reports also those that changed `since` and are open no more."""
        number, status = ("SalesId", "SalesStatus") if reports else HEADER_FIELDS[0:3:2]
        found = Filter.any_of(status, OPEN)
        if reports:
            found |= Filter.ge("SysModifiedDateTime", since)
        where = Filter.eq("dataAreaId", company) & found
        if after:
            where &= Filter.gt(number, after)
        entity, fields = (REPORTS, REPORT_FIELDS) if reports else (self._headers, HEADER_FIELDS)
        async for row in self._client.query(
            entity, where=where, select=fields, order_by=("dataAreaId", number)
        ):
            yield str(row[number]), str(row.get(fields[1]) or ""), _own(row, fields)

    async def ended(
        self, company: str, references: Sequence[str]
    ) -> list[tuple[str, Mapping[str, Any]]]:
        """Those with these references that are open no more: number and row of each, as they are
        listed without reports."""
        asked = [one for one in references if not is_pattern(one)]
        rows = await self._client.find_by(
            self._headers, HEADER_FIELDS[1], *asked, company=company, select=HEADER_FIELDS
        )
        open_ = {one.name for one in OPEN}
        ended = [row for row in rows if row.get("SalesOrderStatus") not in open_]
        return [(str(row["SalesOrderNumber"]), _own(row, HEADER_FIELDS)) for row in ended]

    async def _of(
        self, entity: str, field: str, number: str, company: str, fields: Sequence[str]
    ) -> Sequence[Mapping[str, Any]]:
        if not number:
            return []
        return await self._client.find_by(entity, field, number, company=company, select=fields)


def _progress(
    company: str, head: Mapping[str, Any], lines: Sequence[Mapping[str, Any]],
    copy: Mapping[str, Any] | None,
) -> OrderProgress:  # fmt: skip
    told = copy or {}
    is_stopped = YES in (head.get("IsSalesProcessingStopped"), told.get("MCROrderStopped"))
    return OrderProgress(
        company, str(head["SalesOrderNumber"]), str(head.get("CustomersOrderReference") or ""),
        str(head.get("SalesOrderStatus") or ""), str(head.get("SalesOrderProcessingStatus") or ""),
        is_stopped, day_of(head.get("ConfirmedShippingDate")), tuple(map(_line, lines)),
        _own(copy, REPORT_FIELDS) if copy else _own(head, HEADER_FIELDS),
        document=str(told.get("DocumentStatus") or ""),
        is_in_credit_control=told.get("CredManInCreditControl") == YES,
        is_rejected=told.get("CredManRejected") == YES,
    )  # fmt: skip


def _line(row: Mapping[str, Any]) -> LineProgress:
    days = (day_of(row.get(name)) for name in ("ConfirmedShippingDate", "RequestedShippingDate"))
    return LineProgress(str(row.get("SalesOrderLineStatus") or ""), *days)


def _own(row: Mapping[str, Any], fields: Sequence[str]) -> Mapping[str, Any]:
    return {name: row.get(name) for name in fields}
