"""Reconciles one connection, kind by kind.

All reads go after deliveries. A kind is a `Comparison`: documents with our references on both sides
are a `Kind` (`orders.py`, `receivables.py`), which `ByBooks` compares; whatever else is compared
gives its verdicts by itself (`shipments.py`, `credit.py`, `catalogue.py`).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from sync.core.errors import Later, Never
from sync.pacing.priority import Priority, working_at
from sync.reconcile.accounts import accounts
from sync.reconcile.by_books import ByBooks
from sync.reconcile.by_hand import by_hand, memos_by_hand
from sync.reconcile.cases import cases
from sync.reconcile.catalogue import catalogue, forecast_demand
from sync.reconcile.credit import credit
from sync.reconcile.difference import Difference, Summary
from sync.reconcile.invoiced import invoiced
from sync.reconcile.kind import Connected, Window
from sync.reconcile.mails import mails
from sync.reconcile.orders import orders
from sync.reconcile.quantities import quantities
from sync.reconcile.quote_templates import quote_templates
from sync.reconcile.quotes import quotes
from sync.reconcile.receivables import (
    free_text_credits,
    invoices,
    payments,
    refunds,
    return_orders,
)
from sync.reconcile.refunded_quantities import refunded_quantities
from sync.reconcile.registered_quantities import registered_quantities
from sync.reconcile.returns import returns
from sync.reconcile.shipments import shipments
from sync.reconcile.tasks import tasks
from sync.reconcile.verdict import Comparison, Verdict

log = logging.getLogger("sync.reconcile.reconciling")

KINDS: Final = (
    orders, by_hand, invoices, payments, return_orders, free_text_credits, memos_by_hand, refunds,
    returns,
)  # fmt: skip
COMPARISONS: Final[tuple[Comparison, ...]] = (
    *map(ByBooks, KINDS), quantities, refunded_quantities, registered_quantities, shipments, quotes,
    quote_templates, invoiced, cases, mails, tasks, accounts, credit, catalogue,
    forecast_demand,
)  # fmt: skip
"""All there are, in the order in which they are told."""
SHORTEST: Final = timedelta(seconds=30)
"""After which time a system is asked again that did not answer."""

Tell = Callable[[Difference], None]


def kinds_of(connected: Connected, names: Sequence[str] = ()) -> list[Comparison]:
    """What is usually compared of the connection, or what these names name. Raises `Never` for what
    it has not."""
    settings = connected.settings
    found = [one for one in COMPARISONS if one.is_wanted(settings)]
    known = dict.fromkeys(one.name for one in found)
    if unknown := [name for name in names if name not in known]:
        raise Never(
            f"{connected.systems.name} has nothing to reconcile as {', '.join(unknown)}",
            remedy=f"Name one of: {', '.join(known)}. Flows and recipes decide which there are.",
        )
    return [one for one in found if (one.name in names if names else one.is_usual(settings))]


async def reconcile(
    connected: Connected, window: Window, kinds: Iterable[Comparison], tell: Tell, *, tries: int = 1
) -> Summary:
    """Compare the books. `tell` is called with the differences of a kind once it has been compared.
    One that a system does not let us read to its end is read again after a while, `tries` times in
    all. Raises `Later` and `Never` where a system cannot be read."""
    summary = Summary(window.since.isoformat(), window.until.isoformat())
    with working_at(Priority.CATALOGUE):
        for kind in kinds:
            found, differences = await _patiently(connected, window, kind, tries)
            summary.sums |= found.sums
            summary.causes += found.causes
            for one in differences:
                tell(one)
    return summary


async def _patiently(
    connected: Connected, window: Window, one: Comparison, tries: int
) -> tuple[Summary, list[Difference]]:
    for _ in range(tries - 1):
        try:
            return await _compared(connected, window, one)
        except Later as trouble:
            log.warning("reconcile.again kind=%s why=%s", one.name, trouble.reason)
            await asyncio.sleep(max(trouble.after or SHORTEST, SHORTEST).total_seconds())
    return await _compared(connected, window, one)


async def _compared(
    connected: Connected, window: Window, one: Comparison
) -> tuple[Summary, list[Difference]]:
    """One kind: its sums, and its differences."""
    summary, differences = Summary("", ""), list[Difference]()
    async with aclosing(one.verdicts(connected, window)) as verdicts:  # type: ignore[type-var]
        async for verdict in verdicts:
            _count(verdict, summary, differences.append)
    return summary, differences


def _count(verdict: Verdict, summary: Summary, tell: Tell) -> None:
    """A record of another time counts only where it differs."""
    difference = verdict.difference
    if verdict.is_counted or difference is not None:
        summary.add(verdict.place, verdict.commerce, verdict.dynamics)
    if difference is not None:
        summary.causes[difference.cause] += 1
        tell(difference)
