"""What invoices and credit memos become in D365, as writes: free text invoices and return
orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.errors import Never
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.free_text_invoices import HEADERS as INVOICE_HEADERS
from sync.dynamics.free_text_invoices import LINES as INVOICE_LINES
from sync.dynamics.free_text_invoices import FoundInvoice, FreeTextInvoices
from sync.dynamics.return_orders import HEADERS as RETURN_HEADERS
from sync.dynamics.return_orders import LINES as RETURN_LINES
from sync.dynamics.return_orders import FoundReturn, ReturnOrders
from sync.engine.write import Found, Request, Target, Write
from sync.flows.orders.sales_order_writes import ASSIGNED


@dataclass(frozen=True)
class FreeTextInvoiceWrite(Write):
    """A draft that D365 posts itself; found by its reference."""

    kind: ClassVar[str] = "free_text_invoice"
    invoice: FreeTextInvoice
    invoices: FreeTextInvoices
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.invoice.reference

    @property
    @override
    def digest(self) -> str:
        return self.invoice.digest

    @property
    @override
    def document(self) -> Any:
        return {
            "header": dict(self.invoice.header),
            "lines": [dict(line) for line in self.invoice.lines],
        }

    @override
    def requests(self) -> Sequence[Request]:
        invoice = self.invoice
        header = Request("POST", f"/data/{INVOICE_HEADERS}", invoice.header)
        lines = (invoice.line_body(line, ASSIGNED) for line in invoice.lines)
        return [header, *(Request("POST", f"/data/{INVOICE_LINES}", line) for line in lines)]

    @override
    async def find(self) -> Found | None:
        held = await self.invoices.find(self.invoice)
        return _invoice(held.identifier, held) if held is not None else None

    @override
    async def create(self, not_after: datetime) -> Found:
        return _invoice(await self.invoices.create(self.invoice, not_after=not_after))

    @override
    def is_whole(self, found: Found) -> bool:
        held: FoundInvoice = found.content
        is_whole = {int(line["LineNumber"]) for line in self.invoice.lines} <= held.lines
        if not is_whole and held.is_posted:
            raise Never(
                f"{self.reference}: free text invoice {held.number} was posted without all of its"
                " lines",
                remedy="Credit it in D365 and replay, or book the missing lines there.",
            )
        return is_whole

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        held: FoundInvoice = found.content
        await self.invoices.complete(self.invoice, held.identifier, held.lines, not_after=not_after)
        return found


@dataclass(frozen=True)
class ReturnOrderWrite(Write):
    """A return order with negative lines; found by its reference."""

    kind: ClassVar[str] = "return_order"
    order: ReturnOrder
    orders: ReturnOrders
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.order.reference

    @property
    @override
    def digest(self) -> str:
        return self.order.digest

    @property
    @override
    def document(self) -> Any:
        return {
            "header": dict(self.order.header),
            "lines": [dict(line) for line in self.order.lines],
        }

    @override
    def requests(self) -> Sequence[Request]:
        header = Request("POST", f"/data/{RETURN_HEADERS}", self.order.header)
        lines = (self.order.line_body(line, ASSIGNED) for line in self.order.lines)
        return [header, *(Request("POST", f"/data/{RETURN_LINES}", line) for line in lines)]

    @override
    async def find(self) -> Found | None:
        held = await self.orders.find(self.order)
        return _found(held) if held is not None else None

    @override
    async def create(self, not_after: datetime) -> Found:
        return _found(await self.orders.create(self.order, not_after=not_after))

    @override
    def is_whole(self, found: Found) -> bool:
        held: FoundReturn = found.content
        return {str(line["ExternalItemNumber"]) for line in self.order.lines} <= held.lines

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        await self.orders.complete(self.order, found.content, not_after=not_after)
        return found


def _invoice(identifier: int, held: FoundInvoice | None = None) -> Found:
    return Found(str(identifier), label=f"FTI {identifier}", content=held)


def _found(held: FoundReturn) -> Found:
    if not held.rma:
        return Found(held.number, content=held)
    return Found(held.number, {"rma": held.rma}, f"{held.number} (RMA {held.rma})", content=held)
