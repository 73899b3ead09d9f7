"""Invoices that F&O posted -> the trail of the record they belong to: posted number, voucher,
totals compared.

In:      a business event (a notification), or the poll over posted invoices; the record is read
         back from F&O.
Key:     "sales-invoice|<company>|<number>" or "free-text|<company>|<number>"; numbers are unique
         per company only.
Waits:   for the try that has posted the document, and has not recorded its number yet.
Parks:   totals, tax or a currency that differ from Commerce's (F&O recalculates tax), and revenue
         that is booked twice.
Tells:   what could not be compared, and why, in the trail and as a warning.
Skips:   documents that are not ours.
Repeats: what stands in the record's trail is not written again; polls tell by a fingerprint what
was seen.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Later
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.posted_invoices import PostedInvoice, PostedInvoices
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.ledger import Entry, Ledger
from sync.engine.plan import Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.engine.write import Found, Result, Target, Write
from sync.flows.receivables.posted_sums import Verdict, compared
from sync.mapping.references import fields_in, templates_of
from sync.pacing.priority import Priority

log = logging.getLogger("sync.flows.receivables.posted_invoices")

KINDS = {
    "SalesInvoicePostedBusinessEvent": "sales-invoice",
    "CustFreeTextInvoicePostedBusinessEvent": "free-text",
}
LISTS = {
    "sales-invoice": PostedInvoices.sales_invoices_since,
    "free-text": PostedInvoices.free_text_invoices_since,
}
DAYS_BACK = timedelta(days=2)
"""Invoice dates have a day's grain, and what is posted late has an earlier date."""


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """The posted number in the event's fields."""
    names = ("InvoiceId", "FreeTextInvoiceId", "InvoiceNumber")
    number = next(filter(None, map(event.fields.get, names)), None)
    if not isinstance(number, str) or not number.strip():
        raise NoKey("no InvoiceId in it")
    return [f"{KINDS[event.event]}|{event.company}|{number.strip()}"]


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Posted invoices from an invoice date on: company by company, sales invoices by number, then
    free text invoices by identifier."""
    invoices, day = systems.dynamics.posted_invoices, (since - DAYS_BACK).date()
    lists = [(company, kind) for company in systems.settings.legal_entities for kind in LISTS]
    place, _, last = after.rpartition("|")
    names = [f"{company}|{kind}" for company, kind in lists]
    first = names.index(place) if place in names else 0
    for (company, kind), name in zip(lists[first:], names[first:], strict=True):
        begin = last if name == place else ""
        async for posted, dated in LISTS[kind](invoices, company, day, after=begin):
            at = min(datetime.combine(dated, time(23, 59), UTC), until)
            key = f"{kind}|{company}|{posted.number}"
            position = f"{name}|{posted.identifier or posted.number}"
            yield Change(key, at, fingerprint(posted), position)


def fingerprint(posted: PostedInvoice) -> str:
    """What there is to tell of it; posted documents do not change, so once is enough."""
    return digest(
        {"number": posted.number, "voucher": posted.voucher, "amount": str(posted.amount)}
    )


async def read(key: str, systems: Systems) -> PostedInvoice | None:
    """The posted invoice as F&O holds it; None while it does not show."""
    kind, company, number = key.split("|", 2)
    invoices = systems.dynamics.posted_invoices
    company = company or systems.settings.dynamics.company
    if kind == "sales-invoice":
        return await invoices.sales_invoice(company, number)
    return await invoices.free_text_invoice(company, number)


async def plan(posted: PostedInvoice, delivery: Delivery) -> Plan | Skipped:
    """Compare it with what Commerce charged or gave back, and tell the record's trail, once."""
    claim = await _record_of(posted, delivery)
    if claim is None:
        return Skipped("a document of somebody else: no record of ours was posted as this one")
    if delivery.is_same(delivery.claim.digest, fingerprint(posted)):
        return Plan((), digest=delivery.claim.digest)
    verdict = await compared(posted, claim, delivery)
    note = TrailNote(
        posted, claim, verdict, delivery.ledger, delivery.now(), delivery.message.origin
    )

    async def then(_: Sequence[Result]) -> None:
        _report(verdict, delivery.claim.key, f"{claim.flow} {claim.key}")

    keys = {"reference": posted.reference, "compared": verdict.outcome}
    return Plan((note,), keys=keys, then=then)


def _report(verdict: Verdict, key: str, where: str) -> None:
    """Raises `Never` where the sums differ; that stands in the record's trail by then."""
    if verdict.fault is not None:
        reason = verdict.fault.reason
        log.error("postings.differs key=%s record=%s reason=%s", key, where, reason)
        raise verdict.fault
    if not verdict.is_equal:
        log.warning("postings.not_compared key=%s record=%s why=%s", key, where, verdict.outcome)


@dataclass(frozen=True)
class TrailNote(Write):
    """What D365 posted, in the trail of the record it belongs to."""

    kind: ClassVar[str] = "posted_invoice"
    target: ClassVar[Target] = Target(  # type: ignore[misc]
        "our own trail", timedelta(), timedelta(), timedelta()
    )
    posted: PostedInvoice
    claim: Claim
    verdict: Verdict
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
        posted = self.posted
        kept = {"voucher": posted.voucher, "kind": posted.kind, "currency": posted.currency}
        return {**kept, **self.verdict.as_details()}

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
    names = (
        ("orders", "creditmemos") if posted.kind == "sales-invoice" else ("invoices", "creditmemos")
    )
    being_posted: Claim | None = None
    for flow in names:
        for number in _numbers_in(posted.reference, flow, delivery.systems.settings):
            async for claim in delivery.ledger.claims(
                delivery.systems.name, flow, prefix=f"{number}@"
            ):
                if _became(claim, posted):
                    return claim
                if not claim.number and claim.intent is not None:
                    being_posted = claim
    if being_posted is not None:
        raise Later(
            f"{being_posted.flow} {being_posted.key} is being posted, and may be this document",
            after=timedelta(minutes=1),
        )
    return None


def _numbers_in(reference: str, flow: str, settings: Connection) -> list[str]:
    """The record numbers that a reference may name: by the template as it is, and as it was by
    default before."""
    templates = templates_of(flow, getattr(settings, flow).reference_template)
    found = [fields_in(reference, template) for template in templates]
    return list(dict.fromkeys(fields["increment_id"] for fields in found if fields))


def _became(claim: Claim, posted: PostedInvoice) -> bool:
    """Whether the record's number names the document; references alone may be those of several
    stores or documents."""
    held = claim.delivered
    kinds = ("free_text_invoice",) if posted.identifier else ("sales_order", "return_order")
    number = posted.identifier or posted.sales_order
    return bool(number) and number in {held[kind].number for kind in kinds if kind in held}


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
            fingerprint=fingerprint,
        ),
    ),
    priority=Priority.MASTER_DATA,
)
