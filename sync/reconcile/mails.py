"""Mails to buyers: what was owed to them, against what a mail server took.

Owed is a document that F&O posted, and a status that we gave an RMA while mails of it were asked
for: the trail of `return_states` says so. Sent is what the claims of `mails` hold as delivered, as
no mail server can be asked. What a rule or a person left out is owed to nobody. Counted in pieces;
owed stands where Commerce's figure does, sent where F&O's does.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.dynamics.buyer_documents import day_of
from sync.engine.claim import Claim, State
from sync.flows.keys import elsewhere
from sync.flows.mails.mails import INVOICE, MAILS, RETURN
from sync.flows.returns.return_states import MAIL, STATES
from sync.reconcile.causes import Told, is_under_way, is_young, parked
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict, looked_at

ONE: Final = Decimal(1)
LONGEST: Final = timedelta(days=90)
"""So long after its request an RMA that is over by now may have got its last status."""
GRAIN: Final = timedelta(days=1)
"""An invoice has a day only, and is posted later than on that now and then."""


@dataclass(frozen=True)
class Owed:
    """A mail by its key, and since when it is owed."""

    key: str
    store: int | None
    day: str
    at: datetime


@dataclass(frozen=True)
class SentMails:
    """The comparison."""

    name: str = MAILS
    flow: str = MAILS
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether anything is mailed."""
        return MAILS in settings.flows and (_of_returns(settings) or _of_invoices(settings))

    is_usual = is_wanted

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per mail that was owed in the time; none of what was left out on purpose."""
        owed = _owed(connected, window)
        async for verdict in looked_at(partial(_looked, connected), owed):
            yield verdict


def _of_returns(settings: Connection) -> bool:
    return settings.mails is not None and bool(settings.mails.returns) and STATES in settings.flows


def _of_invoices(settings: Connection) -> bool:
    mails = settings.mails
    is_asked = mails is not None and mails.invoices and mails.since is not None
    return is_asked and settings.portal is not None


async def _owed(connected: Connected, window: Window) -> AsyncIterator[Owed]:
    """Documents of F&O name no store view: they are left out where some are named."""
    if _of_returns(connected.settings):
        async for one in _owed_of_returns(connected, window):
            yield one
    if _of_invoices(connected.settings) and window.stores is None:
        async for one in _owed_of_invoices(connected, window):
            yield one


async def _owed_of_returns(connected: Connected, window: Window) -> AsyncIterator[Owed]:
    """Each status once, from when it was given first."""
    systems, since = connected.systems, window.since - LONGEST
    stores = connected.stores(window)
    async for row in systems.commerce.returns.open_or_since(since, stores=stores):
        rma, seen = Rma.read(row), set[str]()
        if elsewhere(rma.store_id, systems):
            continue
        for entry in await connected.ledger.trail(systems.name, STATES, rma.key):
            status = str(entry.details.get(MAIL) or "")
            if not status or status in seen:
                continue
            seen.add(status)
            if window.since <= entry.at < window.until:
                day, key = connected.day(entry.at, rma.store_id), f"{RETURN}|{rma.key}|{status}"
                yield Owed(key, rma.store_id, day, entry.at)


async def _owed_of_invoices(connected: Connected, window: Window) -> AsyncIterator[Owed]:
    settings, books = connected.settings, connected.systems.dynamics.buyer_documents
    mails, portal = settings.mails, settings.portal
    if mails is None or mails.since is None or portal is None:
        return
    for company in settings.legal_entities:
        zone = settings.time_zone(company)
        first = max(window.since.astimezone(zone).date(), mails.since)
        last = window.until.astimezone(zone).date()
        async for row in books.posted_since(portal.journal, company, first):
            day = day_of(row["InvoiceDate"])
            if day is not None and day <= last and _is_document(row):
                key = f"{INVOICE}|{company}|{row['InvoiceId']}"
                yield Owed(key, None, day.isoformat(), _posted_by(day))


def _is_document(row: Any) -> bool:
    return row.get("Proforma") != "Yes" and not int(row.get("ReversedRecId") or 0)


def _posted_by(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC) + GRAIN


async def _looked(connected: Connected, owed: Owed) -> Verdict | None:
    claim = await connected.ledger.claim(connected.systems.name, MAILS, owed.key)
    if claim.state is State.SKIPPED:
        return None
    store = "" if owed.store is None else str(owed.store)
    place = (MAILS, owed.day, store, PIECES)
    if claim.state is State.DELIVERED:
        return Verdict(place, [ONE], [ONE])
    told = await _told(connected, claim, owed)
    difference = Difference(MAILS, owed.key, store, owed.day, PIECES, ONE, None, *told)
    return Verdict(place, [ONE], [], difference)


async def _told(connected: Connected, claim: Claim, owed: Owed) -> Told:
    """Why nobody has sent it."""
    commands, since = Commands(claim.connection, MAILS, owed.key), owed.at.isoformat()
    if claim.waits_for_a_person:
        return await parked(connected, claim)
    if is_under_way(connected, claim):
        return Cause.WAITING, since, commands.trail()
    if is_young(connected, MAILS, owed.at):
        return Cause.NOT_DUE, since, commands.trail() if claim.etag else commands.backfill()
    return Cause.MISSING, since, commands.replay() if claim.etag else commands.backfill()


mails: Final = SentMails()
