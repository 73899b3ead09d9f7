"""Negotiable quotes of Commerce against quotations of F&O: each has its own, and what the buyer is
shown is what was approved.

A quote belongs to the day of its last change. Amounts are of goods, as F&O's prices are: with tax
or without; only those that were offered or ordered have any.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from sync.commerce.models.quote import OFFERED, ORDERED, Quote
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics.documents.quotation import HeldQuotation
from sync.engine.claim import Claim, State
from sync.flows.quotes.answer_writes import shown_of
from sync.flows.quotes.quote_answers import quotation_of
from sync.flows.quotes.quote_records import ANSWERS, QUOTES, changed_quotes
from sync.mapping.quote_prices import shown_goods
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import Verdict, looked_at

BESIDE: Final = "Correct {number} in {place} and {again}, or answer the quote in Commerce."


@dataclass(frozen=True)
class Quotes:
    """The comparison."""

    name: str = QUOTES
    flow: str = QUOTES
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether quotes flow."""
        return QUOTES in settings.flows

    is_usual = is_wanted

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per quote that changed in the time and has, or should have, a quotation."""
        stores = connected.stores(window)
        changed = changed_quotes(connected.systems, window.since, window.until, "")
        ours = (
            (quote, at) async for _, at, quote in changed
            if quote is not None and at < window.until and quote.store_id in stores
        )  # fmt: skip
        async for verdict in looked_at(partial(_look, connected), ours):
            yield verdict


async def _look(connected: Connected, found: tuple[Quote, datetime]) -> Verdict | None:
    quote, at = found
    systems, ledger = connected.systems, connected.ledger
    ours = await ledger.claim(systems.name, QUOTES, quote.key)
    place = (
        QUOTES, connected.day(at, quote.store_id), str(quote.store_id),
        quote.currency.quote_currency_code,
    )  # fmt: skip
    try:
        held = await quotation_of(quote, systems)
    except Never as doubled:
        return _verdict(place, quote, (None, None), Cause.DOUBLED, doubled.remedy)
    if held is None:
        return _missing(quote, ours, place)
    answer = await ledger.claim(systems.name, ANSWERS, quote.key)
    return await _compared(connected, quote, held, (ours, answer), place)


def _missing(quote: Quote, ours: Claim, place: tuple[str, str, str, str]) -> Verdict | None:
    """A quote without quotation; None where it needs none."""
    if not quote.is_sellers_turn and not ours.number:
        return None
    about = Commands(ours.connection, QUOTES, quote.key)
    return _verdict(place, quote, (None, None), *_why(ours, Cause.MISSING, about.replay()))


async def _compared(
    connected: Connected, quote: Quote, held: HeldQuotation, claims: tuple[Claim, Claim],
    place: tuple[str, str, str, str],
) -> Verdict:  # fmt: skip
    """What was offered or ordered, against what is approved now."""
    ours, answer = claims
    if quote.status not in {OFFERED, ORDERED}:
        if ours.waits_for_a_person:
            return _verdict(place, quote, (None, None), Cause.PARKED, ours.remedy)
        return Verdict(place, [], [])
    systems = connected.systems
    shown = shown_goods(await shown_of(quote, systems), is_gross=held.is_gross)
    is_answered = held.is_over or held.status in systems.settings.quotes.answering
    if shown == held.amount or not is_answered or answer.state is State.SKIPPED:
        if ours.waits_for_a_person:
            return _verdict(place, quote, (shown, shown), Cause.PARKED, ours.remedy)
        return Verdict(place, [shown], [shown])
    said = BESIDE.format(number=held.number, place=held.place, again=held.again)
    return _verdict(place, quote, (shown, held.amount), *_why(answer, Cause.EDITED, said))


def _why(claim: Claim, otherwise: Cause, command: str) -> tuple[Cause, str]:
    if claim.waits_for_a_person:
        return Cause.PARKED, claim.remedy
    if claim.state not in (State.DELIVERED, State.SKIPPED):
        return Cause.WAITING, command
    return otherwise, command


def _verdict(
    place: tuple[str, str, str, str], quote: Quote, sums: tuple[Decimal | None, Decimal | None],
    cause: Cause, command: str,
) -> Verdict:  # fmt: skip
    kind, day, store, currency = place
    shown, approved = sums
    difference = Difference(
        kind, quote.key, store, day, currency, shown, approved, cause, "", command
    )
    held = [[one] if one is not None else list[Decimal]() for one in sums]
    return Verdict(place, held[0], held[1], difference)


quotes: Final = Quotes()
