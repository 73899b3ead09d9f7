"""What left the warehouse, where the journal of packing slips may not be read (`dynamics.slips`).

`warehouse`: shipments of warehouse management, as in warehouse-only mode; a corrected one has
another version, of which one is active. `lines`: sales orders that are delivered whole, each as if
it had one slip of its own number; parts do not show before.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from typing_extensions import override

from sync.config.connections import Dynamics
from sync.core.groups import as_groups
from sync.core.money import ZERO
from sync.dynamics.documents.packing_slip import PackingSlip, SlipLine
from sync.dynamics.field_values import text_of
from sync.dynamics.odata import Filter, Member, is_pattern, moment_of
from sync.dynamics.other_invoices import invoiced_lines_of
from sync.dynamics.packing_slips import PackingSlips
from sync.dynamics.reader import ODataReader

SHIPMENTS: Final = "ShipmentPackingSlipJournalHeaders"
SHIPMENT_LINES: Final = "ShipmentPackingSlipJournalLines"
VERSION: Final = "ShipmentPackingSlipVersionNumber"
NUMBER: Final = "ShipmentPackingSlipNumber"
SHIPMENT_FIELDS: Final = (
    "dataAreaId", VERSION, "ShipmentPackingSlipNumber", "IsActive", "ShippingCarrierId",
    "ShipFromWarehouseId", "ConsigneeReference", "DocumentDate",
)  # fmt: skip
SHIPMENT_LINE_FIELDS: Final = (
    VERSION, "InventoryLotId", "ItemNumber", "ConsignerOrderNumber", "ShippedQuantity",
    "OrderedUnitSymbol",
)  # fmt: skip
HEADER_FIELDS: Final = (
    "dataAreaId", "SalesOrderNumber", "SalesOrderStatus", "CustomersOrderReference",
    "DeliveryModeCode", "DefaultShippingWarehouseId", "OrderCreationDateTime",
)  # fmt: skip
LINE_FIELDS: Final = (
    "SalesOrderNumber", "InventoryLotId", "ExternalItemNumber", "ItemNumber", "SalesUnitSymbol",
    "OrderedSalesQuantity", "SalesOrderLineStatus",
)  # fmt: skip
DELIVERED: Final = ("Delivered", "Invoiced")
OLDEST: Final = timedelta(days=60)
"""How old an order may be that is listed as delivered: its lines have no time of change."""
TOGETHER: Final = 40
Row = Mapping[str, Any]


class UnsharedSlips(PackingSlips):
    """Slips that are listed by each of their orders."""

    @override
    async def shared(self, company: str, numbers: Sequence[str]) -> frozenset[str]:
        """None: nobody has to look for them."""
        return frozenset()

    async def _asked(self, bare: PackingSlip) -> PackingSlip | None:
        """A slip with its rows; without, where nobody can ask for them: its delivery parks it."""
        if is_pattern(bare.sales_order + bare.number):
            return bare
        return await self.get(bare.company, bare.sales_order, bare.number)


class WarehouseSlips(UnsharedSlips):
    """Shipments of warehouse management as slips of their orders."""

    async def get(self, company: str, sales_order: str, number: str) -> PackingSlip | None:
        """A slip, with the rows of all slips of its sales order."""
        lines, tracking = await asyncio.gather(
            self._lines(company, "ConsignerOrderNumber", sales_order),
            self._tracking(company, sales_order),
        )
        heads = await self._heads(company, [str(row[VERSION]) for row in lines])
        found = [one for one in heads.values() if text_of(one, NUMBER) == number]
        if not found:
            return None
        slips = {version: text_of(head, NUMBER) for version, head in heads.items()}
        rows = [_line(row, slips[str(row[VERSION])]) for row in lines if str(row[VERSION]) in slips]
        return _slip(company, sales_order, found[0], rows, tracking.get(number, ()))

    async def keys(self, company: str, *, sales_order: str = "", number: str = "") -> list[str]:
        """The keys of all slips of a sales order, or of one slip."""
        if sales_order:
            lines = await self._lines(company, "ConsignerOrderNumber", sales_order)
            heads = await self._heads(company, [str(row[VERSION]) for row in lines])
        else:
            heads = await self._numbered(company, number)
            lines = await self._lines(company, VERSION, *heads)
        named = (
            f"{company}|{text_of(row, 'ConsignerOrderNumber')}|"
            f"{text_of(heads[str(row[VERSION])], NUMBER)}"
            for row in lines if str(row[VERSION]) in heads
        )  # fmt: skip
        return list(dict.fromkeys(named))

    async def since(
        self, company: str, day: date, *, after: str = ""
    ) -> AsyncIterator[tuple[PackingSlip, datetime, str]]:
        """Shipments that were documented on `day` or later, by their versions."""
        where = Filter.eq("dataAreaId", company) & Filter.ge("DocumentDate", day)
        where &= Filter.eq("IsActive", Member("NoYes", "Yes"))
        if after:
            where &= Filter.gt(VERSION, after)
        listed = self._client.query(
            SHIPMENTS, where=where, select=SHIPMENT_FIELDS, order_by=("dataAreaId", VERSION)
        )
        async for head in listed:
            number = text_of(head, NUMBER)
            keys = ["||"] if is_pattern(number) else await self.keys(company, number=number)
            for order in (key.split("|")[1] for key in keys):
                slip = await self._asked(_slip(company, order, head, (), ()))
                if slip is not None:
                    yield slip, moment_of(head["DocumentDate"]), str(head[VERSION])

    async def _lines(self, company: str, field: str, *values: str) -> list[Row]:
        return list(
            await self._client.find_by(
                SHIPMENT_LINES, field, *values, company=company, select=SHIPMENT_LINE_FIELDS
            ) if values else ()
        )  # fmt: skip

    async def _heads(self, company: str, versions: Sequence[str]) -> dict[str, Row]:
        """Those that are active, by version."""
        return _active(
            await self._client.find_by(
                SHIPMENTS, VERSION, *dict.fromkeys(versions), company=company,
                select=SHIPMENT_FIELDS,
            ) if versions else ()
        )  # fmt: skip

    async def _numbered(self, company: str, number: str) -> dict[str, Row]:
        return _active(
            await self._client.find_by(
                SHIPMENTS, NUMBER, number, company=company, select=SHIPMENT_FIELDS
            )
        )


class DeliveredOrders(UnsharedSlips):
    """Sales orders that are delivered whole, each as its own slip."""

    def __init__(self, client: ODataReader, settings: Dynamics) -> None:
        super().__init__(client)
        self._settings, self._invoiced = settings, invoiced_lines_of(client, settings)

    async def get(self, company: str, sales_order: str, number: str) -> PackingSlip | None:
        """The order as one slip; None while it is not delivered whole. A line keeps the quantity of
        which a rest was cancelled (reference 5.2): what it sent is told once it is invoiced."""
        heads, rows, tracking = await asyncio.gather(
            self._client.find_by(
                self._settings.order_headers, "SalesOrderNumber", sales_order,
                company=company, select=HEADER_FIELDS,
            ),
            self._client.find_by(
                self._settings.order_lines, "SalesOrderNumber", sales_order,
                company=company, select=LINE_FIELDS,
            ),
            self._tracking(company, sales_order),
        )  # fmt: skip
        status = heads[0].get("SalesOrderStatus") if heads else None
        if status not in DELIVERED or number != sales_order:
            return None
        is_told = status == "Invoiced" and self._settings.tells_invoiced
        sent = await self._invoiced.told_by_lot(company, sales_order) if is_told else {}
        delivered = (row for row in rows if row.get("SalesOrderLineStatus") in DELIVERED)
        lines = [_order_line(row, sent) for row in delivered]
        numbers = tuple(sorted({one for each in tracking.values() for one in each}))
        return _whole(company, heads[0], lines, numbers)

    async def keys(self, company: str, *, sales_order: str = "", number: str = "") -> list[str]:
        """The order's own key."""
        name = sales_order or number
        return [f"{company}|{name}|{name}"]

    async def since(
        self, company: str, day: date, *, after: str = ""
    ) -> AsyncIterator[tuple[PackingSlip, datetime, str]]:
        """Orders of the last weeks that are delivered, by their numbers."""
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        statuses = [Member("SalesStatus", one) for one in DELIVERED]
        where = Filter.eq("dataAreaId", company) & Filter.any_of("SalesOrderStatus", statuses)
        where &= Filter.ge("OrderCreationDateTime", begin - OLDEST)
        if after:
            where &= Filter.gt("SalesOrderNumber", after)
        order_by = ("dataAreaId", "SalesOrderNumber")
        heads = self._client.query(
            self._settings.order_headers, where=where, select=HEADER_FIELDS, order_by=order_by
        )
        async for some in as_groups(heads, TOGETHER):
            bare = (_whole(company, head, (), ()) for head in some)
            slips = await asyncio.gather(*map(self._asked, bare))
            for slip, head in zip(slips, some, strict=True):
                if slip is not None:
                    yield slip, moment_of(head["OrderCreationDateTime"]), slip.sales_order


def slips_of(client: ODataReader, settings: Dynamics) -> PackingSlips:
    """The slips of an environment, from where the connection says that they are read."""
    if settings.slips == "warehouse":
        return WarehouseSlips(client)
    return DeliveredOrders(client, settings) if settings.slips == "lines" else PackingSlips(client)


def _active(rows: Sequence[Row]) -> dict[str, Row]:
    return {str(row[VERSION]): row for row in rows if row.get("IsActive") == "Yes"}


def _slip(
    company: str, sales_order: str, head: Row, rows: Sequence[SlipLine], tracking: tuple[str, ...]
) -> PackingSlip:
    number = text_of(head, NUMBER)
    own = sum((row.quantity for row in rows if row.slip == number), ZERO)
    return PackingSlip(
        company, sales_order, number, reference=text_of(head, "ConsigneeReference"),
        warehouse=text_of(head, "ShipFromWarehouseId"), carrier=text_of(head, "ShippingCarrierId"),
        quantity=own, rows=tuple(rows), tracking=tracking,
    )  # fmt: skip


def _line(row: Row, slip: str) -> SlipLine:
    """Its place among others is the slip's number: lines have no time."""
    return SlipLine(
        slip, "", text_of(row, "ItemNumber"), Decimal(row.get("ShippedQuantity") or 0),
        text_of(row, "OrderedUnitSymbol"), "", text_of(row, "InventoryLotId"),
    )  # fmt: skip


def _whole(
    company: str, head: Row, rows: Sequence[SlipLine], tracking: tuple[str, ...]
) -> PackingSlip:
    number = text_of(head, "SalesOrderNumber")
    return PackingSlip(
        company, number, number, reference=text_of(head, "CustomersOrderReference"),
        warehouse=text_of(head, "DefaultShippingWarehouseId"),
        mode=text_of(head, "DeliveryModeCode"), quantity=sum((r.quantity for r in rows), ZERO),
        rows=tuple(rows), tracking=tracking,
    )  # fmt: skip


def _order_line(row: Row, sent: Mapping[str, Decimal]) -> SlipLine:
    lot, ordered = text_of(row, "InventoryLotId"), Decimal(row.get("OrderedSalesQuantity") or 0)
    return SlipLine(
        text_of(row, "SalesOrderNumber"), text_of(row, "ExternalItemNumber"),
        text_of(row, "ItemNumber"), min(ordered, sent.get(lot, ordered)),
        text_of(row, "SalesUnitSymbol"), "", lot,
    )  # fmt: skip
