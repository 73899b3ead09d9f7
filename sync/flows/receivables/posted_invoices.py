"""Invoices that F&O posted -> the trail of the record they belong to: posted number, voucher,
totals compared.

In:      a business event (a notification), or the poll over posted invoices; the record is read
         back from F&O.
Key:     "sales-invoice|<company>|<number>" or "free-text|<company>|<number>"; numbers are unique
         per company only.
Waits:   for the try that has posted the document, and has not recorded its number yet.
Lists:   for a person, as delivered: totals, tax or a currency that differ from Commerce's (F&O
         recalculates tax), and revenue that is booked twice. A person corrects it, or decides.
Tells:   what could not be compared, and why, in the trail and as a warning.
Skips:   documents that are not ours.
Repeats: what stands in the record's trail is not written again; polls tell by a fingerprint what
was seen.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.encoding import digest
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.posted_invoices import PostedInvoice, PostedInvoices
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.ledger import Ledger
from sync.engine.plan import Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.engine.trail import Entry
from sync.engine.write import Found, Result, Target, Write
from sync.flows.polls import end_of, our_clock
from sync.flows.receivables.posted_records import (
    differed_with,
    looked_at_again,
    orders_of,
    record_of,
)
from sync.flows.receivables.posted_sums import Verdict, compared
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
    number = event.named("InvoiceId", "FreeTextInvoiceId", "InvoiceNumber")
    if not number:
        raise NoKey("no InvoiceId in it")
    return [f"{KINDS[event.event]}|{event.company}|{number}"]


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
            at = end_of(dated, until)
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
    claim = await record_of(posted, delivery)
    if claim is None:
        return await _of_somebody_else(posted, delivery)
    if _is_settled(posted, delivery):
        return Plan((), digest=delivery.claim.digest)
    verdict = await compared(posted, claim, delivery)
    note = TrailNote(
        posted, claim, verdict, delivery.ledger, delivery.now(), delivery.message.origin
    )

    async def then(_: Sequence[Result]) -> None:
        if verdict.open_point is None and not verdict.is_equal:
            where = f"{claim.flow} {claim.key}"
            log.warning(
                "posted_invoices.not_compared key=%s connection=%s record=%s why=%s",
                delivery.claim.key, delivery.claim.connection, where, verdict.outcome,
            )  # fmt: skip

    follow_ups = looked_at_again([claim]) if _is_news(posted, verdict, delivery) else ()
    if verdict.open_point is None:
        follow_ups += await differed_with(posted, claim, delivery)
    return Plan(
        (note,),
        keys={"reference": posted.reference, "compared": verdict.outcome},
        then=then,
        follow_ups=follow_ups,
        open_point=verdict.open_point,
    )


async def _of_somebody_else(posted: PostedInvoice, delivery: Delivery) -> Plan | Skipped:
    """A document that we did not make: with an order's reference it may bring what the order's sums
    differ by."""
    if follow_ups := looked_at_again(await orders_of(posted, delivery)):
        return Plan((), digest=fingerprint(posted), follow_ups=follow_ups)
    return Skipped("a document of somebody else: no record of ours was posted as this one")


def _is_settled(posted: PostedInvoice, delivery: Delivery) -> bool:
    """Whether this very document was compared before, and nobody asks for it again."""
    is_open = delivery.claim.differs or delivery.message.is_asked
    return not is_open and _is_same(posted, delivery)


def _is_news(posted: PostedInvoice, verdict: Verdict, delivery: Delivery) -> bool:
    """Whether its order is to be looked at: an order that differs has its invoices compared again,
    and the two would call each other without end."""
    sums = verdict.open_point.sums if verdict.open_point else ""
    is_as_before = _is_same(posted, delivery) and sums == delivery.claim.differs
    return delivery.message.is_asked or not is_as_before


def _is_same(posted: PostedInvoice, delivery: Delivery) -> bool:
    return delivery.is_same(delivery.claim.digest, fingerprint(posted))


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


posted_invoices: DocumentFlow[Any] = DocumentFlow[PostedInvoice](
    name="posted_invoices",
    title="Invoices that F&O posted, read back",
    source=Source(read),
    plan=plan,
    triggers=(
        BusinessEvents(tuple(KINDS), keys_in_event),
        Poll(
            changed,
            our_clock,
            lambda connection: connection.invoices.poll_minutes,
            fingerprint=fingerprint,
        ),
    ),
    priority=Priority.MASTER_DATA,
)
