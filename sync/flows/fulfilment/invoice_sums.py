"""What F&O invoiced of an order against what Commerce invoiced, once F&O will invoice no more of
it. Commerce computes an invoice from its quantities, and takes no amount from anybody."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce import order_notes
from sync.commerce.models.invoice import CANCELLED
from sync.commerce.models.order import Order
from sync.core.encoding import digest
from sync.core.money import rounded, total
from sync.core.request import Request
from sync.dynamics.documents.sales_invoice import SalesInvoice
from sync.engine.plan import OpenPoint
from sync.engine.systems import Systems
from sync.engine.write import Found, Target, Write
from sync.mapping.document_parts import document_parts

AGREE = "sums agree"


@dataclass(frozen=True)
class InvoicedSums:
    """What both sides have invoiced of an order, with tax and with what was paid otherwise, in the
    order's currency."""

    fno: Decimal
    commerce: Decimal
    currency: str

    @property
    def lower(self) -> Decimal:
        """By how much F&O's are lower; negative where they are higher."""
        return self.commerce - self.fno

    def told(self) -> str:
        """Both sums, in words."""
        return f"F&O invoiced {self.fno:.2f} {self.currency}, Commerce {self.commerce:.2f}"


async def invoiced_sums(invoice: SalesInvoice, order: Order, systems: Systems) -> InvoicedSums:
    """Both sums, read now."""
    found = systems.dynamics.posted_invoices
    posted = await found.invoices_of_order(invoice.company, invoice.sales_order)
    invoices = await systems.commerce.order_invoices.of_order(order.entity_id or 0)
    amounts = []
    for one in invoices:
        if one.state != CANCELLED:
            parts = document_parts(one, order, systems.settings.orders)
            amounts.append(one.grand_total + total(paid.amount for paid in parts.paid))
    fno = total(one.amount for one in posted if one.amount is not None)
    return InvoicedSums(rounded(fno), rounded(total(amounts)), order.order_currency_code)


def is_off(sums: InvoicedSums, systems: Systems) -> bool:
    """Whether they differ by more than rounding."""
    return abs(sums.lower) > systems.settings.orders.rounding_most


async def sums_point(note: "DifferenceNote") -> OpenPoint | None:
    """The difference, as a person has to look at it; None where there is none, and where the flow
    that compares posted invoices lists it."""
    invoice, order, systems = note.invoice, note.order, note.systems
    if "posted_invoices" in systems.settings.flows:
        return None
    sums = note.read[-1] if note.read else await invoiced_sums(invoice, order, systems)
    if not is_off(sums, systems):
        return None
    return OpenPoint(
        f"order {order.increment_id}: {sums.told()} (last invoice {invoice.number})",
        remedy=(
            "Compare the invoices of both systems. Where F&O's are lower, refund the difference in"
            " Commerce; where they are higher, credit it in F&O. Where it is right as it is, run:"
            f' resolve captures "{invoice.key}" --why "..."'
        ),
        sums=sums.told(),
    )


@dataclass(frozen=True)
class DifferenceNote(Write):
    """A hidden comment of the order where the sums of its invoices differ; nothing where they
    agree. The sums are `read` when it is looked for, since Commerce's are known only then."""

    kind: ClassVar[str] = "difference_note"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    invoice: SalesInvoice
    order: Order
    systems: Systems
    target: Target
    read: list[InvoicedSums] = field(default_factory=list)

    @property
    @override
    def reference(self) -> str:
        return self.invoice.number

    @property
    @override
    def digest(self) -> str:
        return digest(self.document)

    @property
    @override
    def document(self) -> Any:
        return {"compared": self.invoice.number}

    @override
    def requests(self) -> Sequence[Request]:
        return []

    @override
    async def find(self) -> Found | None:
        sums = await self._sums()
        if not is_off(sums, self.systems):
            return Found(AGREE)
        comments = await self.systems.commerce.order_notes.comments(self.order.entity_id or 0)
        return Found("sums differ") if self._text(sums) in comments else None

    @override
    async def create(self, not_after: datetime) -> Found:
        sums = await self._sums()
        note = order_notes.comment(self.order.entity_id or 0, self._text(sums))
        await self.systems.commerce.order_notes.write(note, not_after=not_after)
        return Found("sums differ")

    async def _sums(self) -> InvoicedSums:
        self.read.append(await invoiced_sums(self.invoice, self.order, self.systems))
        return self.read[-1]

    def _text(self, sums: InvoicedSums) -> str:
        return f"Invoice {self.invoice.number}: {sums.told()}"
