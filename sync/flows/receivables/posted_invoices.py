"""Invoices that F&O posted -> the trail of the record they belong to: posted number, voucher,
totals compared.

In:      a business event (a notification), or the poll over posted invoices; the record is read
         back from F&O.
Key:     "sales-invoice|<company>|<number>" or "free-text|<company>|<number>"; numbers are unique
         per company only.
Waits:   for the try that has posted the document, and has not recorded its number yet.
Parks:   totals that differ from Commerce's (F&O recalculates tax), and revenue that is booked
         twice.
Skips:   documents that are not ours.
Repeats: what stands in the record's trail is not written again; polls tell by a fingerprint what
was seen.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.encoding import digest
from sync.core.errors import Later, Never
from sync.core.money import ZERO, rounded, total
from sync.core.skipped import Skipped
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.posted_invoices import PostedInvoice, PostedInvoices
from sync.dynamics.sales_orders import SalesOrders
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.ledger import Claim, Entry, Ledger
from sync.engine.plan import Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.engine.write import Found, Request, Result, Target, Write
from sync.flows.orders.orders import read as read_order
from sync.flows.receivables.creditmemos import documents as memos
from sync.mapping.document_parts import document_parts
from sync.mapping.order_parts import order_parts
from sync.mapping.references import fields_in
from sync.pacing.priority import Priority

KINDS = {
    "SalesInvoicePostedBusinessEvent": "sales-invoice",
    "CustFreeTextInvoicePostedBusinessEvent": "free-text",
}
DAYS_BACK = timedelta(days=2)
"""Invoice dates have a day's grain, and what is posted late bears an earlier date."""


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """The posted number in the event's fields."""
    number = (
        event.fields.get("InvoiceId")
        or event.fields.get("FreeTextInvoiceId")
        or event.fields.get("InvoiceNumber")
    )
    if not isinstance(number, str) or not number.strip():
        raise NoKey("no InvoiceId in it")
    return [f"{KINDS[event.event]}|{event.company}|{number.strip()}"]


async def changed(systems: Systems, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Posted invoices by invoice date."""
    for company in systems.settings.legal_entities:
        async for posted, day in PostedInvoices(systems.dynamics).posted_since(
            company, (since - DAYS_BACK).date()
        ):
            at = datetime.combine(day, time(23, 59), UTC)
            yield Change(
                f"{posted.kind}|{company}|{posted.number}", min(at, until), fingerprint(posted)
            )


def fingerprint(posted: PostedInvoice) -> str:
    """What there is to tell of it; posted documents do not change, so once is enough."""
    return digest(
        {"number": posted.number, "voucher": posted.voucher, "amount": str(posted.amount)}
    )


async def read(key: str, systems: Systems) -> PostedInvoice | None:
    """The posted invoice as F&O holds it; None while it does not show."""
    kind, company, number = key.split("|", 2)
    invoices, company = (
        PostedInvoices(systems.dynamics),
        company or systems.settings.dynamics.company,
    )
    if kind == "sales-invoice":
        return await invoices.sales_invoice(company, number)
    return await invoices.free_text_invoice(company, number)


async def plan(posted: PostedInvoice, delivery: Delivery) -> Plan | Skipped:
    """Tell the record's trail, once; then compare what can be compared."""
    claim = await _record_of(posted, delivery)
    if claim is None:
        return Skipped("a document of somebody else: no record of ours was posted as this one")

    async def compare(_: Sequence[Result]) -> None:
        if posted.kind == "sales-invoice":
            await _compare(posted, claim, delivery)

    write = TrailNote(posted, claim, delivery.ledger, delivery.now(), delivery.message.origin)
    if delivery.is_known(write.kind, write.digest):
        return Plan((write,), digest=write.digest)
    return Plan((write,), keys={"reference": posted.reference}, then=compare)


@dataclass(frozen=True)
class TrailNote(Write):
    """What D365 posted, in the trail of the record it belongs to."""

    kind: ClassVar[str] = "posted_invoice"
    target: ClassVar[Target] = Target(  # type: ignore[misc]
        "our own trail", timedelta(minutes=1), timedelta(), timedelta()
    )
    posted: PostedInvoice
    claim: Claim
    ledger: Ledger
    at: datetime
    origin: str

    @property
    @override
    def reference(self) -> str:
        return self.posted.reference

    @property
    @override
    def digest(self) -> str:
        return fingerprint(self.posted)

    @property
    @override
    def document(self) -> Any:
        details = {
            "voucher": self.posted.voucher,
            "kind": self.posted.kind,
            "currency": self.posted.currency,
        }
        if self.posted.amount is not None:
            details |= {"amount": f"{self.posted.amount:.2f}", "tax": f"{self.posted.tax:.2f}"}
        return details

    @override
    def requests(self) -> Sequence[Request]:
        return []

    @override
    async def find(self) -> Found | None:
        trail = await self.ledger.trail(self.claim.connection, self.claim.flow, self.claim.key)
        number = self.posted.number
        is_there = any(entry.event == "posted" and entry.number == number for entry in trail)
        return Found(number) if is_there else None

    @override
    async def create(self, not_after: datetime) -> Found:
        number = self.posted.number
        entry = Entry(self.at, "posted", number=number, origin=self.origin, details=self.document)
        await self.ledger.write(self.claim, entry)
        return Found(number)


async def _record_of(posted: PostedInvoice, delivery: Delivery) -> Claim | None:
    """The claim of the order, invoice or credit memo that was posted as this document; the
    reference leads to it.

    Raises `Later` while a try of such a record has not recorded what it posted.
    """
    settings = delivery.systems.settings
    templates = {
        "orders": settings.orders.reference_template,
        "invoices": settings.invoices.reference_template,
        "creditmemos": settings.creditmemos.reference_template,
    }
    names = (
        ("orders", "creditmemos") if posted.kind == "sales-invoice" else ("invoices", "creditmemos")
    )
    for flow in names:
        found = fields_in(posted.reference, templates[flow])
        if found is None:
            continue
        async for claim in delivery.ledger.claims(
            delivery.systems.name, flow, prefix=f"{found['increment_id']}@"
        ):
            if _became(claim, posted):
                return claim
            if not claim.number and claim.intent is not None:
                raise Later(
                    f"{flow} {claim.key} is being posted, and may be this document",
                    after=timedelta(minutes=1),
                )
    return None


def _became(claim: Claim, posted: PostedInvoice) -> bool:
    """Whether the record's number names the document; references alone may be those of several
    stores or documents."""
    held = claim.delivered
    if posted.identifier:
        return held.get("free_text_invoice", NOTHING).number == posted.identifier
    return posted.sales_order in {
        held.get(kind, NOTHING).number for kind in ("sales_order", "return_order")
    } - {""}


NOTHING: Final = Result("", "", "", "")


async def _compare(posted: PostedInvoice, claim: Claim, delivery: Delivery) -> None:
    """F&O's own invoice of an order, or credit note of a credit memo, against what Commerce charged
    or gave back."""
    settings = delivery.systems.settings
    if (
        claim.flow == "orders"
        and "invoices" in settings.flows
        and settings.invoices.recipe != "payment-journal"
    ):
        raise Never(
            f"DOUBLE REVENUE: F&O invoiced sales order {posted.sales_order} as {posted.number}, and"
            f" the recipe {settings.invoices.recipe} books the same order's revenue by free text"
            " invoices",
            remedy=(
                'Set invoices.recipe = "payment-journal", or stop invoicing web orders in F&O; then'
                " credit one of the two."
            ),
        )
    charged = await (_charged if claim.flow == "orders" else _given_back)(claim.key, delivery)
    if charged is None:
        return
    found = await PostedInvoices(delivery.systems.dynamics).sales_invoices_of(
        posted.company, posted.reference
    )
    sign = 1 if claim.flow == "orders" else -1
    amounts = [
        sign * (each.amount or ZERO) for each in found if each.sales_order == posted.sales_order
    ]
    invoiced = rounded(total(amount for amount in amounts if amount > ZERO))
    difference, most = invoiced - charged, settings.orders.rounding_most
    if difference > most or (difference < -most and await _is_all(posted, claim, delivery)):
        raise _differs(claim, posted, invoiced, charged)


async def _charged(key: str, delivery: Delivery) -> Decimal | None:
    """What a sales order comes to: what was paid with gift cards and credit is no part of it."""
    order = await read_order(key, delivery.systems)
    if order is None:
        return None
    return rounded(
        order.grand_total
        + total(paid.amount for paid in order_parts(order, delivery.systems.settings.orders).paid)
    )


async def _given_back(key: str, delivery: Delivery) -> Decimal | None:
    """What a return order comes to."""
    with_order = await memos.read(key, delivery.systems)
    if with_order is None:
        return None
    parts = document_parts(with_order.document, with_order.order, delivery.systems.settings.orders)
    return rounded(parts.grand_total + total(paid.amount for paid in parts.paid))


async def _is_all(posted: PostedInvoice, claim: Claim, delivery: Delivery) -> bool:
    """Whether F&O has invoiced all of an order that is still wanted whole: until then, less is no
    fault."""
    order = await read_order(claim.key, delivery.systems) if claim.flow == "orders" else None
    if order is None or order.total_canceled or any(item.qty_canceled for item in order.items):
        return False
    orders = SalesOrders(delivery.systems.dynamics, delivery.systems.settings.dynamics)
    found = await orders.read(posted.company, posted.sales_order)
    return found is not None and found.header.get("SalesOrderStatus") == "Invoiced"


def _differs(claim: Claim, posted: PostedInvoice, invoiced: Decimal, charged: Decimal) -> Never:
    increment, is_order = claim.key.rpartition("@")[0], claim.flow == "orders"
    what, done = (
        (f"order {increment}", "charged") if is_order else (f"credit memo {increment}", "gave back")
    )
    return Never(
        f"{what}: F&O {'invoiced' if is_order else 'credited'} {invoiced:.2f} {posted.currency}"
        f" (last {posted.number}), Commerce {done} {charged:.2f}; difference"
        f" {invoiced - charged:.2f}",
        remedy=(
            "Compare the tax groups of the lines with Commerce's tax codes (orders.taxes), and"
            " correct the document in F&O."
        ),
    )


async def until(systems: Systems) -> datetime:
    """Invoice dates are days: our clock will do."""
    return systems.clock.now()


posted_invoices: DocumentFlow[Any] = DocumentFlow[PostedInvoice](
    name="postings",
    title="Invoices that F&O posted, read back",
    source=Source(read),
    plan=plan,
    triggers=(
        BusinessEvents(tuple(KINDS), keys_in_event),
        Poll(
            changed,
            until,
            lambda connection: connection.invoices.poll_minutes,
            "50 * * * * *",
            fingerprint=fingerprint,
        ),
    ),
    priority=Priority.MASTER,
)
