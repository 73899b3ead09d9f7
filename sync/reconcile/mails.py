"""Mails: what buyers were to be told, against what a mail server took.

Counted in pieces: one document that F&O posted, or one status of an RMA, is one mail. A status of
which no mail was asked for (the staff gave it, or before mails were on) is nobody's.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.dynamics.buyer_documents import day_of
from sync.engine.claim import Claim, State
from sync.flows.keys import elsewhere
from sync.flows.mails.mail_writes import MailWrite
from sync.flows.mails.mails import INVOICE, MAILS, RETURN
from sync.mapping.rma_return_order import requested_at
from sync.reconcile.causes import Told, is_under_way, is_young, parked
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict

ONE: Final = Decimal(1)
MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Owed:
    """A mail: its claim, when its reason was there, and the store view whose buyer it is for."""

    claim: Claim
    day: str
    store: str
    at: datetime


@dataclass(frozen=True)
class MailsSent:
    """The comparison."""

    name: str = MAILS
    flow: str = MAILS
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether buyers are mailed."""
        return MAILS in settings.flows and settings.mails is not None

    def is_usual(self, settings: Connection) -> bool:
        """It is compared wherever it is wanted."""
        return self.is_wanted(settings)

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per document that F&O posted in the time, and per status of an RMA that was requested
        in it."""
        async for owed in _of_invoices(connected, window):
            if (verdict := await _looked(connected, owed)) is not None:
                yield verdict
        async for owed in _of_returns(connected, window):
            if (verdict := await _looked(connected, owed)) is not None:
                yield verdict


async def _of_invoices(connected: Connected, window: Window) -> AsyncIterator[Owed]:
    """Of all store views: F&O's documents have none."""
    mails, portal = connected.settings.mails, connected.settings.portal
    if mails is None or not mails.invoices or mails.since is None or portal is None:
        return
    first, last = max(window.since.date(), mails.since), (window.until - MOMENT).date()
    books = connected.systems.dynamics.buyer_documents
    for company in connected.settings.legal_entities:
        async for row in books.posted_since(portal.journal, company, first):
            day = day_of(row["InvoiceDate"])
            if day is not None and day <= last and _is_told(row):
                key = f"{INVOICE}|{company}|{row['InvoiceId']}"
                yield await _owed(connected, key, day, "")


def _is_told(row: Mapping[str, Any]) -> bool:
    return row.get("Proforma") != "Yes" and not int(row.get("ReversedRecId") or 0)


async def _owed(connected: Connected, key: str, day: date, store: str) -> Owed:
    claim = await connected.ledger.claim(connected.systems.name, MAILS, key)
    return Owed(claim, day.isoformat(), store, datetime.combine(day, time(23, 59), UTC))


async def _of_returns(connected: Connected, window: Window) -> AsyncIterator[Owed]:
    mails, systems = connected.settings.mails, connected.systems
    if mails is None or not mails.returns:
        return
    rows = systems.commerce.returns.since(
        window.since, window.until, stores=connected.stores(window)
    )
    async for row in rows:
        rma = Rma.read(row)
        made = requested_at(rma)
        if elsewhere(rma.store_id, systems) or made is None:
            continue
        day, store = connected.day(made, rma.store_id), str(rma.store_id or "")
        for status in mails.returns:
            key = f"{RETURN}|{rma.key}|{status}"
            claim = await connected.ledger.claim(systems.name, MAILS, key)
            if claim.etag:
                yield Owed(claim, day, store, made)


async def _looked(connected: Connected, owed: Owed) -> Verdict | None:
    """None for what is mailed to nobody."""
    claim = owed.claim
    if claim.state in {State.SKIPPED, State.VANISHED}:
        return None
    place = (MAILS, owed.day, owed.store, PIECES)
    if MailWrite.kind in claim.delivered:
        return Verdict(place, [ONE], [ONE])
    told = await _told(connected, owed)
    difference = Difference(MAILS, claim.key, owed.store, owed.day, PIECES, ONE, None, *told)
    return Verdict(place, [ONE], [], difference)


async def _told(connected: Connected, owed: Owed) -> Told:
    """Why it was not sent."""
    claim = owed.claim
    commands, since = Commands(connected.systems.name, MAILS, claim.key), owed.at.isoformat()
    if claim.waits_for_a_person:
        return await parked(connected, claim)
    if is_under_way(connected, claim):
        return Cause.WAITING, since, commands.trail()
    if is_young(connected, MAILS, owed.at):
        return Cause.NOT_DUE, since, commands.trail() if claim.etag else commands.backfill()
    return Cause.MISSING, since, commands.replay() if claim.etag else commands.backfill()


mails: Final = MailsSent()
