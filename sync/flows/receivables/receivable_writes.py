"""What an invoice or a credit memo becomes in D365: the plan of its documents, one after the other,
and free text invoices and return orders as writes."""

from collections.abc import Iterator, Sequence
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
from sync.engine.delivery import Delivery
from sync.engine.plan import Part, Plan
from sync.engine.write import Found, Result, Target, Write
from sync.flows.left_behind import LeftBehind, require_all_linked
from sync.flows.orders.write_back import write_back_of
from sync.flows.receivables.payments import KIND, STORE_CREDIT, payment_part
from sync.flows.targets import dynamics_of
from sync.mapping.posting_target import DocumentWithOrder, PostingTarget
from sync.mapping.receivable_documents import ReceivableDocuments, fingerprint_of
from sync.mapping.receivable_lines import Receivable
from sync.mapping.taken_off import CHARGES, PARTS, TAKEN_OFF


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
        return self.invoice.content

    @override
    def requests(self) -> Sequence[Request]:
        return free_text_requests(self.invoice)

    @override
    async def find(self) -> Found | None:
        return await self.left_behind.found(self._found, self.invoice)

    @override
    async def linked(self, number: str) -> Found:
        there = await self.invoices.reference_of(self.invoice.company, number)
        self.left_behind.require_linkable(self.invoice, number, there)
        return _invoice(await self.invoices.numbered(self.invoice, number))

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
        return self.order.content

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

    @override
    async def linked(self, number: str) -> Found:
        there = await self.orders.reference_of(self.order.company, number)
        self.left_behind.require_linkable(self.order, number, there)
        return _found(await self.orders.numbered(self.order, number))

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


def plan_of(
    with_order: DocumentWithOrder[Any], receivable: Receivable, documents: ReceivableDocuments,
    target: PostingTarget, delivery: Delivery,
) -> Plan:  # fmt: skip
    """The documents to post, one after the other. `receivable`: all of what is booked. Raises
    `Never` where a person linked another kind, or only some of them."""
    flow, key, settings = delivery.claim.flow, delivery.message.key, delivery.systems.settings
    writes = _writes(documents, target.former, delivery)
    require_all_linked([write.kind for write in writes], target.reference, delivery)
    return Plan(
        writes,
        digest=fingerprint_of(with_order.document),
        shown_by=_shown_by_the_order(documents, target, writes),
        totals=documents.totals, amounts=_amounts(documents),
        notes=tuple(_notes(receivable, documents)),
        keys={"reference": target.reference, "sales_order": target.order_number},
        read=with_order.document.raw, when_new=write_back_of(flow, key, settings),
    )  # fmt: skip


def _writes(
    documents: ReceivableDocuments, former: str, delivery: Delivery
) -> tuple[Write | Part, ...]:
    dynamics, target = delivery.systems.dynamics, dynamics_of(delivery.systems)
    writes = list[Write | Part]()
    if (invoice := documents.free_text) is not None:
        left = LeftBehind(FreeTextInvoiceWrite.kind, former, delivery)
        writes.append(FreeTextInvoiceWrite(invoice, dynamics.free_text_invoices, target, left))
    if (returned := documents.return_order) is not None:
        left = LeftBehind(ReturnOrderWrite.kind, former, delivery)
        writes.append(ReturnOrderWrite(returned, dynamics.return_orders, target, left))
    payments = ((documents.payment, KIND, former), (documents.credit, STORE_CREDIT, f"{former}/S"))
    for payment, kind, reference in payments:
        if payment is not None:
            writes.append(payment_part(payment, kind, reference, delivery))
    return tuple(writes)


def _shown_by_the_order(
    documents: ReceivableDocuments, posting_target: PostingTarget, writes: Sequence[Write | Part]
) -> tuple[Result, ...]:
    """What was taken off the sales order is credited there: F&O never invoices it."""
    if documents.taken_off is None:
        return ()
    number, action = posting_target.order_number, "adopted" if writes else "created"
    told = {CHARGES: documents.charges_credited, PARTS: documents.parts_taken_off}
    keys = {name: "\n".join(lines) for name, lines in told.items() if lines}
    return (Result(TAKEN_OFF, number, "", action, keys, f"taken off {number or 'its order'}"),)


def _amounts(documents: ReceivableDocuments) -> dict[str, str]:
    amounts = documents.totals.as_json() if documents.totals is not None else {}
    if documents.credit is not None:
        amounts["refunded to store credit"] = f"{documents.credit.amount:.2f}"
    if documents.taken_off is not None:
        amounts["taken off the sales order"] = f"{documents.taken_off.commerce:.2f}"
    return amounts


def _notes(receivable: Receivable, documents: ReceivableDocuments) -> Iterator[str]:
    """What the totals alone do not tell."""
    currency = receivable.totals.currency
    if receivable.totals.rounding:
        yield f"rounding line of {receivable.totals.rounding} {currency}"
    if documents.taken_off is not None:
        amount = f"{documents.taken_off.commerce} {currency}"
        yield f"{amount} is taken off the sales order, which F&O has not invoiced"
    if documents.credit is not None:
        refunded = documents.credit.amount
        yield f"{refunded} {currency} was refunded to store credit, so no bank pays it"
    for line in receivable.lines:
        if line.is_payment:
            yield f"{-line.amount} {currency} was {line.text}"
