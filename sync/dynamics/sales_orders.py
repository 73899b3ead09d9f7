"""Sales orders in F&O: header and lines, created together, found again after a lost answer, changed
while still open.

`numbers = "ours"`: header and lines travel in one changeset and the primary key refuses a second
order. `numbers = "theirs"`: header first, lines in a second changeset; an order is found again by
its reference and line references. Only the very same order is taken over: account, currency and
amount are compared. Entities: SalesOrderHeadersV4 + SalesOrderLinesV3, or V2/V3 + SalesOrderLines
(reference 5.1 to 5.3).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.config.connections import Dynamics
from sync.core.errors import Never, Unknown
from sync.core.money import CENT
from sync.dynamics.adoption import must_be_this_order
from sync.dynamics.documents.requests import order_line_body
from sync.dynamics.documents.sales_order import SalesOrder, SalesOrderLine
from sync.dynamics.documents.sales_order_changes import (
    Changes,
    as_held,
    header_fields,
    line_fields,
)
from sync.dynamics.existing_sales_order import (
    HEADER_FIELDS,
    LINE_FIELDS,
    STOPPED,
    ExistingSalesOrder,
)
from sync.dynamics.lookup import Lookup
from sync.dynamics.odata_client import ODataClient, Write
from sync.dynamics.refusals import NotFound

REFERENCE: Final = "CustomersOrderReference"


class SalesOrders:
    """The sales orders of one environment, in the entity sets that the connection names."""

    def __init__(self, client: ODataClient, settings: Dynamics) -> None:
        self._client = client
        self.headers = settings.order_headers
        self.lines = settings.order_lines
        self._rounding = settings.rounding

    async def create(self, order: SalesOrder, *, not_after: datetime) -> str:
        """Post the order, with a number of ours whole, otherwise its header; returns its number.
        Raises `AlreadyExists` when the number is taken."""
        if order.number:
            await self._client.changeset(
                [self._header(order), *self._new_lines(order, order.number, order.lines)],
                not_after=not_after,
            )
            return order.number
        body, looks = dict(order.header), self._by_reference(order.company)
        try:
            header = await self._client.create(self.headers, body, not_after=not_after)
        except Unknown:
            looks.forget(order.reference)
            raise
        looks.forget(order.reference)
        return str(header["SalesOrderNumber"])

    async def complete(
        self,
        order: SalesOrder,
        number: str,
        lines: Sequence[SalesOrderLine],
        *,
        not_after: datetime,
    ) -> None:
        """Post the lines that a header still lacks, all in one changeset.

        A header whose lines F&O refuses is removed again before the refusal is raised: a header
        without lines is nobody's order.
        """
        try:
            await self._client.changeset(self._new_lines(order, number, lines), not_after=not_after)
        except Never as refusal:
            await self._remove_empty_header(order.company, number, refusal, not_after)
            raise

    async def _remove_empty_header(
        self, company: str, number: str, refusal: Never, not_after: datetime
    ) -> None:
        if await self._lines_of(company, number):
            return
        key = _header_key(company, number)
        try:
            await self._client.delete(self.headers, key, not_after=not_after)
        except Never as stays:
            raise Never(
                f"{refusal.reason}; and its header {number} without lines could not be removed:"
                f" {stays.reason}",
                remedy=f"{refusal.remedy} Delete the empty sales order {number} in D365.",
                code=refusal.code,
            ) from stays

    async def find(self, order: SalesOrder, *, lately: bool = False) -> ExistingSalesOrder | None:
        """The order in F&O, by our number or by reference and line references; None when it is not
        there, or was not a moment ago (`lately`).

        Raises `Never` where several are ours, `AnotherDocument` where number or reference belong to
        another document. One that was cancelled there counts where there is no other.
        """
        if order.number:
            numbered = await self.by_number(order.company, order.number)
            return self._this_one(order, [numbered] if numbered else [])
        there = await self._with_reference(order, lately=lately)
        wanted = {line.reference for line in order.lines}
        ours = [found for found in there if not found.lines or wanted & set(found.lots)]
        if len(ours) > 1:
            numbers = ", ".join(sorted(found.number for found in ours))
            reason = f"D365 holds several sales orders with this reference: {numbers}"
            remedy = "Keep the right one, cancel the others in D365, then replay the order."
            raise Never(f"order {order.reference}: {reason}", remedy=remedy)
        return self._this_one(order, ours or there)

    def _this_one(
        self, order: SalesOrder, there: Sequence[ExistingSalesOrder]
    ) -> ExistingSalesOrder | None:
        """The first; None without any. Raises `AnotherDocument` for one that is not this order."""
        unit = self._rounding.get(str(order.header["CurrencyCode"]), CENT)
        for found in there:
            must_be_this_order(order, found, unit)
        return there[0] if there else None

    def expect(self, company: str, reference: str) -> None:
        """The order of this reference will be looked for soon."""
        self._by_reference(company).expect(reference)

    def _by_reference(self, company: str) -> Lookup:
        return self._client.lookup(self.headers, REFERENCE, company=company, select=HEADER_FIELDS)

    async def _with_reference(self, order: SalesOrder, *, lately: bool) -> list[ExistingSalesOrder]:
        """Those with its reference; a cancelled one only where there is no other."""
        reference, company, select = order.reference, order.company, HEADER_FIELDS
        headers = await self._client.find_by(
            self.headers, REFERENCE, reference, company=company, select=select, lately=lately
        )
        headers = [one for one in headers if one.get("SalesOrderStatus") != "Canceled"] or headers
        return [await self._with_lines(company, header) for header in headers]

    async def by_number(self, company: str, number: str) -> ExistingSalesOrder | None:
        """The order of that number as it stands; None when there is none."""
        header = await self._client.get(
            self.headers, _header_key(company, number), select=HEADER_FIELDS
        )
        return await self._with_lines(company, header) if header else None

    async def in_form_of(self, form: Mapping[str, Any], number: str) -> dict[str, Any]:
        """What F&O holds of an order, in the form in which orders are kept as they were sent; of
        one that is gone, nothing."""
        company, extra = str(form["company"]), header_fields(form)
        key = _header_key(company, number)
        select = tuple(dict.fromkeys((*HEADER_FIELDS, *extra)))
        header = await self._client.get(self.headers, key, select=select)
        if header is None:
            return {**form, "header": {}, "lines": {}}
        rows = await self._lines_of(company, number, line_fields(form))
        return as_held(form, header, rows, self._fitted)

    def _fitted(self, is_header: bool, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._client.fitted(self.headers if is_header else self.lines, fields)

    async def is_stopped(self, company: str, number: str) -> bool:
        """Whether the processing of the order is stopped."""
        row = await self._client.get(
            self.headers, _header_key(company, number), select=("SalesOrderNumber", STOPPED)
        )
        return row is not None and row.get(STOPPED) == "Yes"

    async def _with_lines(self, company: str, header: Mapping[str, Any]) -> ExistingSalesOrder:
        number = str(header["SalesOrderNumber"])
        return ExistingSalesOrder(number, header, await self._lines_of(company, number))

    async def _lines_of(
        self, company: str, number: str, fields: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        select = tuple(dict.fromkeys((*LINE_FIELDS, *fields)))
        return await self._client.find_by(
            self.lines, "SalesOrderNumber", number, company=company, select=select
        )

    async def change(
        self, order: SalesOrder, found: ExistingSalesOrder, changes: Changes, *, not_after: datetime
    ) -> None:
        """Apply changes to an open order in one changeset. Safe to repeat: what is gone stays
        gone."""
        lots, header = found.lots, dict(changes.header)
        keys = {reference: _line_key(order.company, lot) for reference, lot in lots.items()}
        writes = [
            Write("PATCH", self.lines, keys[reference], dict(fields))
            for reference, fields in changes.patched.items()
            if reference in lots
        ]
        if header:
            key = _header_key(order.company, found.number)
            writes.insert(0, Write("PATCH", self.headers, key, header))
        gone = [keys[reference] for reference in changes.removed if reference in lots]
        writes += [Write("DELETE", self.lines, key, None) for key in gone]
        new = [one for one in order.lines if one.reference in {*changes.added} - lots.keys()]
        writes += self._new_lines(order, found.number, new)
        await self._client.changeset(writes, not_after=not_after)

    async def remove(self, company: str, found: ExistingSalesOrder, *, not_after: datetime) -> None:
        """Remove an open order, lines first, in one changeset; where lines were cancelled, the
        others alone, for the order is cancelled then. Gone already is fine."""
        writes = [
            Write("DELETE", self.lines, _line_key(company, str(line["InventoryLotId"])), None)
            for line in found.open_lines
        ]
        if len(writes) == len(found.lines):
            writes.append(Write("DELETE", self.headers, _header_key(company, found.number), None))
        try:
            await self._client.changeset(writes, not_after=not_after)
        except NotFound:
            if await self.by_number(company, found.number) is not None:
                raise

    def _header(self, order: SalesOrder) -> Write:
        return Write("POST", self.headers, None, dict(order.header))

    def _new_lines(
        self, order: SalesOrder, number: str, lines: Sequence[SalesOrderLine]
    ) -> list[Write]:
        return [
            Write("POST", self.lines, None, order_line_body(order, number, line)) for line in lines
        ]


def _header_key(company: str, number: str) -> dict[str, Any]:
    return {"dataAreaId": company, "SalesOrderNumber": number}


def _line_key(company: str, lot: str) -> dict[str, Any]:
    return {"dataAreaId": company, "InventoryLotId": lot}
