"""What invoices and credit memos become in D365, as writes: free text invoices and return
orders."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.request import Request
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.documents.requests import free_text_requests, return_requests
from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.free_text_invoices import FoundInvoice, FreeTextInvoices
from sync.dynamics.return_orders import FoundReturn, ReturnOrders
from sync.engine.write import Found, Target, Write
from sync.flows.left_behind import LeftBehind


@dataclass(frozen=True)
class FreeTextInvoiceWrite(Write):
    """A draft that D365 posts itself; found by its reference."""

    kind: ClassVar[str] = "free_text_invoice"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    invoice: FreeTextInvoice
    invoices: FreeTextInvoices
    target: Target
    left_behind: LeftBehind

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
        return free_text_requests(self.invoice)

    @override
    async def find(self) -> Found | None:
        return await self.left_behind.found(self._found, self.invoice)

    async def _found(self, invoice: FreeTextInvoice) -> Found | None:
        held = await self.invoices.find(invoice)
        return _invoice(held) if held is not None else None

    @override
    async def create(self, not_after: datetime) -> Found:
        identifier = await self.invoices.create(self.invoice, not_after=not_after)
        return _invoice(FoundInvoice(identifier, "", None))

    @override
    def is_whole(self, found: Found) -> bool:
        held: FoundInvoice = found.content
        return held.amount is not None

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        await self.invoices.complete(self.invoice, int(found.number), not_after=not_after)
        return found


@dataclass(frozen=True)
class ReturnOrderWrite(Write):
    """A return order with negative lines; found by its number or its reference."""

    kind: ClassVar[str] = "return_order"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    order: ReturnOrder
    orders: ReturnOrders
    target: Target
    left_behind: LeftBehind

    @property
    def refuses_second(self) -> bool:  # type: ignore[override]
        """Whether the number is ours, so that D365's primary key refuses a second return order."""
        return bool(self.order.number)

    @property
    @override
    def reference(self) -> str:
        return self.order.reference

    @property
    @override
    def expected_number(self) -> str:
        return self.order.number

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
        return return_requests(self.order)

    @override
    async def find(self) -> Found | None:
        """After a lost answer also one that F&O numbered, as earlier releases had it."""
        found = await self.left_behind.found(self._found, self.order)
        if found is None and self.order.number and self.left_behind.delivery.inherited is not None:
            unnumbered = replace(self.order, number="")
            found = await self.left_behind.found(self._found, unnumbered)
        return found

    @override
    async def find_taken(self) -> Found | None:
        return await self._found(self.order)

    async def _found(self, order: ReturnOrder) -> Found | None:
        held = await self.orders.find(order)
        return _found(held) if held is not None else None

    @override
    async def create(self, not_after: datetime) -> Found:
        return _found(await self.orders.create(self.order, not_after=not_after))

    @override
    def is_whole(self, found: Found) -> bool:
        held: FoundReturn = found.content
        return held.has_lines

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        await self.orders.complete(self.order, found.number, not_after=not_after)
        return found


def _invoice(held: FoundInvoice) -> Found:
    return Found(str(held.identifier), label=f"FTI {held.identifier}", content=held)


def _found(held: FoundReturn) -> Found:
    if not held.rma:
        return Found(held.number, content=held)
    return Found(held.number, {"rma": held.rma}, f"{held.number} (RMA {held.rma})", content=held)
