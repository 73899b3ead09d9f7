"""What of sales orders F&O has invoiced, where the copy of the invoice journal may not be read
(`dynamics.invoiced`).

The printed invoices' own lines name neither order nor line, but a product, a unit and a quantity.
The header names the order, whose lines are of items. So a line is known where its item stands in
the order once; where it stands there more than once, once all of it is invoiced. An invoice of
several orders names one of them: its lines are known not to be all of that order where it may have
less of an item, with what may be delivered beyond its lines, or none.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from typing_extensions import override

from sync.config.connections import Dynamics
from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.dynamics.field_values import amount_of, text_of
from sync.dynamics.invoiced_lines import InvoicedLines
from sync.dynamics.posted_invoices import SALES, SALES_FIELDS
from sync.dynamics.reader import ODataReader

PRINTED_LINES: Final = "SalesInvoiceV2Lines"
PRINTED_FIELDS: Final = (
    "InvoiceNumber", "LineCreationSequenceNumber", "ProductNumber", "InvoicedQuantity",
    "SalesUnitSymbol",
)  # fmt: skip
ORDER_LINE_FIELDS: Final = (
    "SalesOrderNumber", "InventoryLotId", "ExternalItemNumber", "ItemNumber", "SalesUnitSymbol",
    "OrderedSalesQuantity", "AllowedOverdeliveryPercentage",
)  # fmt: skip
Row = Mapping[str, Any]


class PrintedInvoices(InvoicedLines):
    """Invoiced lines by the printed invoices of an order and its own lines."""

    def __init__(self, client: ODataReader, settings: Dynamics) -> None:
        super().__init__(client)
        self._settings = settings

    @override
    async def shared(self, company: str, numbers: Sequence[str]) -> frozenset[str]:
        """Printed lines name no order."""
        return frozenset()

    @override
    async def _rows(self, field: str, value: str, company: str) -> Sequence[Row]:
        """In the shape of the journal's copy. Raises `Never` where an invoice does not tell which
        line of the order it is of."""
        if not value:
            return []
        if field != "SalesId":
            heads = await self._heads("InvoiceNumber", value, company)
            orders = dict.fromkeys(text_of(head, "SalesOrderNumber") for head in heads)
            found = await asyncio.gather(
                *(self._rows("SalesId", one, company) for one in orders if one)
            )
            return [row for rows in found for row in rows if row["InvoiceId"] == value]
        heads = await self._heads("SalesOrderNumber", value, company)
        days = {str(head["InvoiceNumber"]): text_of(head, "InvoiceDate") for head in heads}
        if not days:
            return []
        find, lines = self._client.find_by, self._settings.order_lines
        printed, ordered = await asyncio.gather(
            find(PRINTED_LINES, "InvoiceNumber", *days, company=company, select=PRINTED_FIELDS),
            find(lines, "SalesOrderNumber", value, company=company, select=ORDER_LINE_FIELDS),
        )
        in_order = sorted(printed, key=lambda row: _place(row, days))
        return [*_joined(value, in_order, ordered, days)]

    async def _heads(self, field: str, value: str, company: str) -> Sequence[Row]:
        return await self._client.find_by(SALES, field, value, company=company, select=SALES_FIELDS)


def invoiced_lines_of(client: ODataReader, settings: Dynamics) -> InvoicedLines:
    """The invoiced lines of an environment, from where the connection says that they are read."""
    if settings.invoiced == "lines":
        return PrintedInvoices(client, settings)
    return InvoicedLines(client)


def _place(row: Row, days: Mapping[str, str]) -> tuple[str, str, int]:
    number = str(row["InvoiceNumber"])
    return days[number], number, int(row.get("LineCreationSequenceNumber") or 0)


def _joined(
    sales_order: str, printed: Sequence[Row], ordered: Sequence[Row], days: Mapping[str, str]
) -> Iterator[Row]:
    """Each printed line as of one or more lines of the order. Of an order that is gone, nobody
    knows."""
    by_item = defaultdict[str, list[Row]](list)
    for row in ordered:
        by_item[text_of(row, "ItemNumber").casefold()].append(row)
    groups = defaultdict[str, list[Row]](list)
    for row in printed:
        groups[text_of(row, "ProductNumber").casefold()].append(row)
    for item, rows in groups.items():
        there = total(_most(line) for line in by_item[item])
        if ordered and total(amount_of(row, "InvoicedQuantity") for row in rows) > there:
            raise _of_others(sales_order, rows, there)
        for row, line, quantity in _shares(sales_order, rows, by_item[item]):
            number = str(row["InvoiceNumber"])
            yield {
                "InvoiceId": number, "SalesId": sales_order, "CreatedOn": days[number],
                "InventTransId": text_of(line, "InventoryLotId"),
                "ExternalItemId": text_of(line, "ExternalItemNumber"),
                "ItemId": text_of(row, "ProductNumber"), "Qty": quantity,
                "SalesUnit": text_of(row, "SalesUnitSymbol"),
            }  # fmt: skip


def _most(line: Row) -> Decimal:
    """How much of a line F&O lets be invoiced: what may be delivered beyond it as well."""
    beyond = amount_of(line, "AllowedOverdeliveryPercentage") / 100
    return max(amount_of(line, "OrderedSalesQuantity"), ZERO) * (1 + beyond)


def _shares(
    sales_order: str, rows: Sequence[Row], lines: Sequence[Row]
) -> Iterator[tuple[Row, Row, Decimal]]:
    """(printed line, line of the order, quantity). An item of no line is nobody's."""
    if len(lines) <= 1:
        for row in rows:
            yield row, lines[0] if lines else {}, amount_of(row, "InvoicedQuantity")
        return
    left = [amount_of(line, "OrderedSalesQuantity") for line in lines]
    invoiced = [amount_of(row, "InvoicedQuantity") for row in rows]
    if total(invoiced) != total(left) or min(invoiced) < ZERO:
        raise _untold(sales_order, rows, lines)
    for row, quantity in zip(rows, invoiced, strict=True):
        rest = quantity
        for at, line in enumerate(lines):
            part = min(rest, left[at])
            rest, left[at] = rest - part, left[at] - part
            if part:
                yield row, line, part


def _of_others(sales_order: str, rows: Sequence[Row], there: Decimal) -> Never:
    numbers = ", ".join(dict.fromkeys(str(row["InvoiceNumber"]) for row in rows))
    item = text_of(rows[0], "ProductNumber")
    return Never(
        f"sales order {sales_order} may have {there:f} of item {item} (with over-delivery), and its"
        f" invoices ({numbers}) have more: one may be of other orders too",
        remedy=(
            "Give the app's user the right to view CustInvoiceTransBiEntities, write"
            ' dynamics.invoiced = "journal" in connections.toml and replay; else invoice in the'
            " Admin what F&O has invoiced of each order."
        ),
    )


def _untold(sales_order: str, rows: Sequence[Row], lines: Sequence[Row]) -> Never:
    item = text_of(rows[0], "ProductNumber")
    return Never(
        f"sales order {sales_order} has item {item} on {len(lines)} lines, and its invoices do not"
        " tell which of them they are of",
        remedy=(
            "Give the app's user the right to view CustInvoiceTransBiEntities and write"
            ' dynamics.invoiced = "journal" in connections.toml; or wait until all of the item is'
            " invoiced. Then replay."
        ),
    )
