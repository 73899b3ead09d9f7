"""Why the books differ about a record, since when, and what mends it.

What we remember of a record explains a difference; it never hides one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sync.core.errors import Never
from sync.core.money import total
from sync.dynamics.books import Booked
from sync.dynamics.posted_invoices import PostedInvoice
from sync.engine.claim import PARKED, Claim, State
from sync.flows.receivables.posted_invoices import posted_invoices
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause
from sync.reconcile.gone_documents import DOCUMENTS, gone_document
from sync.reconcile.kind import Connected, Kind, Place
from sync.reconcile.wanted import Wanted

Told = tuple[Cause, str, str]
"""Cause, since when, and what mends it."""
SLACK: Final = timedelta(minutes=10)
"""What delivering takes, beside two polls."""


@dataclass(frozen=True)
class Case:
    """A record with what is known of it, and F&O's documents of it."""

    connected: Connected
    kind: Kind
    place: Place
    claim: Claim
    held: Sequence[Booked]

    @property
    def numbers(self) -> str:
        """Those of F&O's documents, for people."""
        return ", ".join(one.number for one in self.held)

    @property
    def is_ours(self) -> bool:
        """Whether one of F&O's documents is what we remember to have delivered."""
        numbers = {one.number for one in self.claim.delivered.values()}
        return any(one.number in numbers for one in self.held)

    @property
    def is_invoiced_twice(self) -> bool:
        """Whether F&O has invoiced an order whose revenue free text invoices book."""
        is_twice = self.kind.stays_open(self.connected.settings)
        return is_twice and any(one.tax is not None for one in self.held)

    @property
    def most(self) -> Decimal:
        """What rounding may make of posted documents."""
        return self.connected.settings.orders.rounding_most

    @property
    def is_young(self) -> bool:
        """Whether it changed so lately that no poll need have told of it."""
        at = self.place.changed or self.place.made
        return at is not None and is_young(self.connected, self.kind.flow, at)

    @property
    def commands(self) -> Commands:
        """About it."""
        return Commands(self.connected.systems.name, self.kind.flow, self.place.key)


def is_young(connected: Connected, flow: str, at: datetime) -> bool:
    """Whether it is so late that no poll of the flow need have told of it."""
    section = getattr(connected.settings, flow)
    soon = 2 * timedelta(minutes=section.poll_minutes) + SLACK
    return connected.systems.clock.now() - at < soon


async def explained(case: Case, wanted: Wanted | Never) -> Told:
    """The cause of a difference. `wanted`: what F&O has to hold, or why that cannot be said."""
    claim = case.claim
    if case.kind.explained is not None and claim.state is not State.PARKED:
        told: Told = await case.kind.explained(case, wanted)
        return told
    if claim.state is State.PARKED:
        return await parked(case.connected, claim)
    if is_under_way(case.connected, claim):
        return Cause.WAITING, _time(claim.heard_at or case.place.changed), case.commands.trail()
    if isinstance(wanted, Never):
        cause = Cause.AMOUNT if case.held else Cause.MISSING
        return cause, _time(case.place.changed), f"{wanted.remedy} Then: {_deliver(case)}"
    return await (_differing if case.held else _missing)(case, wanted)


async def parked(connected: Connected, claim: Claim) -> Told:
    """A delivery waits for a person."""
    row = await connected.ledger.tables.get(PARKED, claim.partition, claim.key)
    at = row.values.get("at") if row else None
    since = at if isinstance(at, datetime) else claim.read_at
    about = Commands(claim.connection, claim.flow, claim.key)
    return Cause.PARKED, _time(since), f"{claim.remedy} Then: {about.replay()}"


def is_under_way(connected: Connected, claim: Claim) -> bool:
    """Whether somebody works on it, or a message waits for it."""
    is_held = claim.is_held_at(connected.systems.clock.now())
    return is_held or claim.again or claim.intent is not None or claim.retry_at is not None


async def _missing(case: Case, wanted: Wanted) -> Told:
    """Nothing of it is in F&O. What was there once was deleted or changed by somebody."""
    made, claim = _time(case.place.made), case.claim
    if wanted.waits:
        return Cause.WAITING, made, f"Nothing to do in D365: {wanted.waits}."
    if claim.number and claim.state is not State.CANCELLED:
        return await _gone(case)
    if case.is_young:
        return (
            Cause.NOT_DUE,
            made,
            case.commands.trail() if claim.etag else case.commands.backfill(),
        )
    return Cause.MISSING, made, _deliver(case)


async def _gone(case: Case) -> Told:
    """It was delivered. It is looked for by its number as well: it may be cancelled, or somebody
    has given it another reference."""
    if case.kind.name in DOCUMENTS:
        cause, said = await gone_document(case.connected, case.kind, case.place, case.claim)
        return cause, _time(case.place.made), said
    made, reference, number = _time(case.place.made), case.place.references[0], case.claim.number
    orders = case.connected.systems.dynamics.sales_orders
    found = await orders.by_number(case.place.company, number)
    if found is None:
        return Cause.MISSING, made, case.commands.forget()
    if found.is_cancelled:
        said = f"{number} is cancelled in D365. Enter it again with the reference {reference}."
        return Cause.MISSING, made, said
    return Cause.EDITED, made, f"Give {number} the customer reference {reference} again in D365."


def _deliver(case: Case) -> str:
    return case.commands.replay() if case.claim.etag else case.commands.backfill()


async def _differing(case: Case, wanted: Wanted) -> Told:
    changed, claim = _time(case.place.changed), case.claim
    if claim.differs:
        return Cause.AMOUNT, changed, f"{claim.remedy} Or: {case.commands.resolve()}"
    if wanted.amount is None and not case.is_ours:
        return Cause.UNKNOWN, changed, f"Cancel {case.numbers} in D365: nothing of it is wanted."
    if wanted.amount is not None and (said := await _doubled(case)):
        return Cause.DOUBLED, changed, said
    if _is_tax(case, wanted):
        return Cause.TAX, changed, await _tax_remedy(case)
    return await _otherwise(case, wanted)


async def _doubled(case: Case) -> str:
    """What to do about a second document; empty where there is none."""
    if case.is_invoiced_twice:
        return (
            'Free text invoices book this revenue. Set invoices.recipe = "payment-journal", or stop'
            f" invoicing web orders in D365; then credit {case.numbers}.{await _or_resolve(case)}"
        )
    if len(case.held) > len({one.reference.casefold() for one in case.held}):
        return f"Keep the right one of {case.numbers} in D365, and cancel the others."
    return ""


async def _otherwise(case: Case, wanted: Wanted) -> Told:
    """Either Commerce has changed since, or F&O has."""
    changed = _time(case.place.changed)
    if case.is_ours and wanted.is_sent:
        said = f"Compare {case.numbers} in D365 with Commerce's document and correct it there."
        return Cause.EDITED, changed, f"{said}{await _or_resolve(case)}"
    return Cause.NOT_DUE if case.is_young else Cause.AMOUNT, changed, case.commands.replay()


def _is_tax(case: Case, wanted: Wanted) -> bool:
    """Whether the tax alone differs in what F&O has posted: the sums agree with it, or without."""
    taxes = [one.tax for one in case.held if one.tax is not None]
    if wanted.tax is None or wanted.amount is None or not taxes or len(taxes) < len(case.held):
        return False
    off, most = total(one.amount for one in case.held) - wanted.amount, case.most
    return abs(off) <= most or abs(off - (total(taxes) - wanted.tax)) <= most


async def _tax_remedy(case: Case) -> str:
    return (
        "Compare the tax groups of the lines with Commerce's tax codes (orders.taxes in"
        f" connections.toml); correct {case.numbers} in D365 under the same reference."
        f"{await _or_resolve(case)}"
    )


async def _or_resolve(case: Case) -> str:
    asked = [one for one in await _posted_claims(case) if one.differs]
    if not asked:
        return ""
    about = Commands(case.connected.systems.name, asked[0].flow, asked[0].key)
    return f" Or: {about.resolve()}"


async def is_decided(case: Case, wanted: Wanted) -> bool:
    """Whether a person has decided on these very sums."""
    if wanted.sums and case.claim.resolved == wanted.sums:
        return True
    posted = await _posted_claims(case)
    is_read = all(one.etag and not one.differs for one in posted)
    return is_read and any(one.resolved for one in posted)


async def _posted_claims(case: Case) -> list[Claim]:
    """What is remembered of the documents that F&O has posted of it."""
    ledger, name = case.connected.ledger, case.connected.systems.name
    return [
        await ledger.claim(
            name, posted_invoices.name, f"{one.kind}|{case.place.company}|{one.number}"
        )
        for held in case.held
        if held.tax is not None
        for one in await _posted(case, held)
    ]


async def _posted(case: Case, held: Booked) -> list[PostedInvoice]:
    posted, company = case.connected.systems.dynamics.posted_invoices, case.place.company
    results = case.claim.delivered.values()
    if any(one.kind == "free_text_invoice" and one.number == held.number for one in results):
        return await posted.free_text_invoices_of(company, held.reference)
    return await posted.invoices_of_order(company, held.number)


def _time(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
