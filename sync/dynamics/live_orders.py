"""What F&O still sends of sales orders: pieces that have left the warehouse or will.

`SalesLineBiEntities` alone tells what remains of a line ("deliver remainder"); it is a table-shaped
copy, which a role may not see. Without it (`dynamics.copies = false`) a line is alive as a whole
unless F&O shows it as cancelled.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

from sync.config.connections import Dynamics
from sync.core.encoding import digest
from sync.core.groups import as_groups
from sync.core.money import ZERO
from sync.dynamics.documents.packing_slip import SlipLine
from sync.dynamics.field_values import amount_of
from sync.dynamics.invoiced_lines import INVOICED_LINES
from sync.dynamics.line_orders import lines_of
from sync.dynamics.odata import Filter, Member, is_pattern
from sync.dynamics.odata_client import ODataClient
from sync.dynamics.packing_slips import SLIP_LINES

log = logging.getLogger("sync.dynamics.live_orders")

LINE_COPIES: Final = "SalesLineBiEntities"
COPY_FIELDS: Final = (
    "SalesId", "InventTransId", "ItemId", "ExternalItemId", "SalesStatus", "SalesUnit",
    "QtyOrdered", "RemainSalesPhysical", "SysModifiedDateTime",
)  # fmt: skip
SENT_FIELDS: Final = ("SalesId", "OrigSalesId", "InventTransId", "Qty")
HEADER_FIELDS: Final = (
    "dataAreaId", "SalesOrderNumber", "CustomersOrderReference", "SalesOrderStatus",
)  # fmt: skip
LINE_FIELDS: Final = (
    "SalesOrderNumber", "InventoryLotId", "ItemNumber", "ExternalItemNumber",
    "SalesOrderLineStatus", "SalesUnitSymbol", "OrderedSalesQuantity",
)  # fmt: skip
CANCELLED: Final = "Canceled"
OLDEST: Final = timedelta(days=90)
"""How old an order may be that is found as cancelled where nothing tells when that was."""
TOGETHER: Final = 40
"""Orders whose lines are asked for at once."""


@dataclass(frozen=True)
class LiveLine:
    """A line of ours. `alive`: what was sent of it and what will be, in `unit`; `shipped`: what
    was, as far as slips and invoices may be read."""

    reference: str
    lot: str
    item: str
    unit: str
    alive: Decimal
    shipped: Decimal


@dataclass(frozen=True)
class LiveOrder:
    """A sales order. `lines` without those that F&O deleted; `is_cancelled`,
    `is_invoiced`: as a whole."""

    company: str
    number: str
    reference: str
    is_cancelled: bool
    is_invoiced: bool
    lines: tuple[LiveLine, ...]

    @property
    def key(self) -> str:
        """`<company>|<sales order>`."""
        return f"{self.company}|{self.number}"

    @property
    def fingerprint(self) -> str:
        """What differs once something is cancelled. Shipping changes nothing of it."""
        lines = sorted((line.lot, str(line.alive.normalize())) for line in self.lines)
        return digest([self.is_cancelled, self.is_invoiced, lines])

    @property
    def rows(self) -> tuple[SlipLine, ...]:
        """Its lines as if all that it sends were on one slip."""
        return tuple(
            SlipLine("", one.reference, one.item, one.alive, one.unit, "", one.lot)
            for one in self.lines
        )

    @property
    def alive(self) -> dict[str, Decimal]:
        """Quantities by our line reference; a line that sends nothing is left out."""
        return {one.reference: one.alive for one in self.lines if one.reference and one.alive}


class LiveOrders:
    """The sales orders of one environment. Raises as the client does."""

    def __init__(self, client: ODataClient, settings: Dynamics) -> None:
        self._client, self._settings = client, settings

    async def get(self, company: str, number: str) -> LiveOrder | None:
        """An order; None where there is none (any more)."""
        headers, lines = await asyncio.gather(
            self._client.find_by(
                self._settings.order_headers, "SalesOrderNumber", number,
                company=company, select=HEADER_FIELDS,
            ),
            self._lines(company, number),
        )  # fmt: skip
        return _order(headers[0], lines) if headers else None

    async def _lines(self, company: str, number: str) -> list[LiveLine]:
        """What remains is read before what was sent: pieces that leave in between count twice, and
        never as cancelled. F&O also sends what it invoices without a slip, which comes off what was
        shipped and not invoiced first; that is read where something seems to be cancelled."""
        if not self._settings.tells_remainders:
            rows = await self._client.find_by(
                self._settings.order_lines, "SalesOrderNumber", number,
                company=company, select=LINE_FIELDS,
            )  # fmt: skip
            return [_whole(row) for row in rows]
        rows = await self._client.find_by(
            LINE_COPIES, "SalesId", number, company=company, select=COPY_FIELDS
        )
        sent = await self._quantities(SLIP_LINES, company, number)
        if any(_sent(row, sent) + _rest(row) < amount_of(row, "QtyOrdered") for row in rows):
            for lot, invoiced in (await self._quantities(INVOICED_LINES, company, number)).items():
                sent[lot] = max(invoiced, sent.get(lot, ZERO), key=abs)
        return [_line(row, sent) for row in rows]

    async def _quantities(self, entity_set: str, company: str, number: str) -> dict[str, Decimal]:
        """What was shipped or invoiced by lot."""
        found: dict[str, Decimal] = {}
        for row in await lines_of(
            self._client, entity_set, number, company=company, select=SENT_FIELDS
        ):
            lot = str(row.get("InventTransId") or "")
            found[lot] = found.get(lot, ZERO) + Decimal(row.get("Qty") or 0)
        return found

    async def changed(
        self, company: str, since: datetime, until: datetime
    ) -> AsyncIterator[tuple[LiveOrder, datetime]]:
        """Orders of which a line changed, in the order of those changes; a line that was deleted
        leaves no trace. Without copies: those that were cancelled as a whole."""
        is_told = self._settings.tells_remainders
        listed = self._changed(company, since, until) if is_told else self._dead(company, since)
        async for some in as_groups(listed, TOGETHER):
            async for found in self._read(
                company, {one: at for one, at in some if _may_be_asked(one)}
            ):
                yield found

    async def _read(
        self, company: str, numbers: Mapping[str, datetime]
    ) -> AsyncIterator[tuple[LiveOrder, datetime]]:
        """In the order of their last changes, after any of which a poll may stop."""
        listed = sorted(numbers.items(), key=itemgetter(1))
        orders = await asyncio.gather(*(self.get(company, number) for number, _ in listed))
        for order, (_, at) in zip(orders, listed, strict=True):
            if order is not None:
                yield order, at

    async def _changed(
        self, company: str, since: datetime, until: datetime
    ) -> AsyncIterator[tuple[str, datetime]]:
        where = Filter.eq("dataAreaId", company) & Filter.ge("SysModifiedDateTime", since)
        where &= Filter.le("SysModifiedDateTime", until)
        order_by = ("SysModifiedDateTime", "dataAreaId", "SalesId", "LineCreationSequenceNumber")
        listed = self._client.query(
            LINE_COPIES, where=where, select=("SalesId", "SysModifiedDateTime"), order_by=order_by
        )
        async for row in listed:
            yield str(row["SalesId"]), _moment(row["SysModifiedDateTime"])

    async def _dead(self, company: str, since: datetime) -> AsyncIterator[tuple[str, datetime]]:
        where = Filter.eq("dataAreaId", company)
        where &= Filter.eq("SalesOrderStatus", Member("SalesStatus", CANCELLED))
        where &= Filter.ge("OrderCreationDateTime", since - OLDEST)
        listed = self._client.query(
            self._settings.order_headers, where=where,
            select=(*HEADER_FIELDS, "OrderCreationDateTime"),
            order_by=("dataAreaId", "SalesOrderNumber"),
        )  # fmt: skip
        async for row in listed:
            yield str(row["SalesOrderNumber"]), since


def _may_be_asked(number: str) -> bool:
    """Nobody can ask for an order whose number is a pattern: lists leave it out, and the log names
    it."""
    if is_pattern(number):
        log.warning("live_orders.left_out number=%s reason=%s", number, "a pattern")
    return not is_pattern(number)


def _order(header: Mapping[str, Any], lines: Iterable[LiveLine]) -> LiveOrder:
    is_cancelled = header.get("SalesOrderStatus") == CANCELLED
    return LiveOrder(
        str(header["dataAreaId"]).lower(), str(header["SalesOrderNumber"]),
        str(header.get("CustomersOrderReference") or ""), is_cancelled,
        header.get("SalesOrderStatus") == "Invoiced",
        () if is_cancelled else tuple(lines),
    )  # fmt: skip


def _sent(row: Mapping[str, Any], sent: Mapping[str, Decimal]) -> Decimal:
    return sent.get(str(row.get("InventTransId") or ""), ZERO)


def _rest(row: Mapping[str, Any]) -> Decimal:
    is_dead = row.get("SalesStatus") == CANCELLED
    return ZERO if is_dead else amount_of(row, "RemainSalesPhysical")


def _line(row: Mapping[str, Any], shipped: Mapping[str, Decimal]) -> LiveLine:
    sent = _sent(row, shipped)
    if row.get("SalesStatus") == "Invoiced" and not sent:  # no row tells of it
        sent = amount_of(row, "QtyOrdered")
    return LiveLine(
        str(row.get("ExternalItemId") or ""), str(row.get("InventTransId") or ""),
        str(row.get("ItemId") or ""), str(row.get("SalesUnit") or ""), sent + _rest(row), sent,
    )  # fmt: skip


def _whole(row: Mapping[str, Any]) -> LiveLine:
    is_dead = row.get("SalesOrderLineStatus") == CANCELLED
    alive = ZERO if is_dead else amount_of(row, "OrderedSalesQuantity")
    return LiveLine(
        str(row.get("ExternalItemNumber") or ""), str(row.get("InventoryLotId") or ""),
        str(row.get("ItemNumber") or ""), str(row.get("SalesUnitSymbol") or ""), alive, ZERO,
    )  # fmt: skip


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
