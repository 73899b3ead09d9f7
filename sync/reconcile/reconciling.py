"""Reconciles one connection, kind by kind.

Both sides are listed into a file and read back in the order of our references, so the memory that
it takes does not grow with the number of documents. Most records agree by their lists alone; the
others are looked at one by one. All reads go after deliveries.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from sync.core.errors import Later, Never
from sync.pacing.priority import Priority, working_at
from sync.reconcile.difference import Difference, Summary
from sync.reconcile.examining import Examination, Verdict, agreed
from sync.reconcile.kind import Connected, Kind, Window
from sync.reconcile.orders import orders
from sync.reconcile.receivables import (
    free_text_credits,
    invoices,
    payments,
    refunds,
    return_orders,
)
from sync.reconcile.returns import returns
from sync.reconcile.spool import Entry, Spool

log = logging.getLogger("sync.reconcile.reconciling")

KINDS: Final = (orders, invoices, payments, return_orders, free_text_credits, refunds, returns)
SHORTEST: Final = timedelta(seconds=30)
"""After which time a system is asked again that did not answer."""
TOGETHER: Final = 20
"""Records that are looked at side by side: their reads become few requests."""

Tell = Callable[[Difference], None]


def kinds_of(connected: Connected, names: Sequence[str] = ()) -> list[Kind]:
    """The kinds that the connection has, or those of these names. Raises `Never` for one that it
    has not."""
    found = [kind for kind in KINDS if kind.is_wanted(connected.settings)]
    known = dict.fromkeys(kind.name for kind in found)
    if unknown := [name for name in names if name not in known]:
        raise Never(
            f"{connected.systems.name} has nothing to reconcile as {', '.join(unknown)}",
            remedy=f"Name one of: {', '.join(known)}. Flows and recipes decide which there are.",
        )
    return [kind for kind in found if not names or kind.name in names]


async def reconcile(
    connected: Connected, window: Window, kinds: Iterable[Kind], tell: Tell, *, tries: int = 1
) -> Summary:
    """Compare the books. `tell` is called with the differences of a kind once it has been compared.
    One that a system does not let us read to its end is read again after a while, `tries` times in
    all. Raises `Later` and `Never` where a system cannot be read."""
    summary = Summary(window.since.isoformat(), window.until.isoformat())
    with working_at(Priority.CATALOGUE):
        for kind in kinds:
            found, differences = await _patiently(Examination(connected, kind, window), tries)
            summary.sums |= found.sums
            summary.causes += found.causes
            for one in differences:
                tell(one)
    return summary


async def _patiently(examination: Examination, tries: int) -> tuple[Summary, list[Difference]]:
    for _ in range(tries - 1):
        try:
            return await _compared(examination)
        except Later as trouble:
            log.warning("reconcile.again kind=%s why=%s", examination.kind.name, trouble.reason)
            await asyncio.sleep(max(trouble.after or SHORTEST, SHORTEST).total_seconds())
    return await _compared(examination)


async def _compared(examination: Examination) -> tuple[Summary, list[Difference]]:
    """One kind: its sums, and its differences."""
    summary, differences = Summary("", ""), list[Difference]()
    with Spool() as spool:
        await _fill(spool, examination.connected, examination.window, examination.kind)
        await _compare(spool, examination, summary, differences.append)
    return summary, differences


async def _fill(spool: Spool, connected: Connected, window: Window, kind: Kind) -> None:
    async for entry in kind.charged(connected, window):
        spool.add(entry)
    async for entry in kind.held_by(connected, window):
        spool.add(entry)


async def _compare(spool: Spool, examination: Examination, summary: Summary, tell: Tell) -> None:
    waiting: list[list[Entry]] = []
    for entries in spool.records():
        verdict = agreed(entries, examination.kind)
        if verdict is not None:
            _count(verdict, summary, tell)
            continue
        waiting.append(entries)
        if len(waiting) == TOGETHER:
            await _look(waiting, examination, summary, tell)
            waiting = []
    await _look(waiting, examination, summary, tell)


async def _look(
    waiting: Sequence[list[Entry]], examination: Examination, summary: Summary, tell: Tell
) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(examination.look(entries)) for entries in waiting]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    for verdict in (task.result() for task in tasks):
        if verdict is not None:
            _count(verdict, summary, tell)


def _count(verdict: Verdict, summary: Summary, tell: Tell) -> None:
    """A record of another time counts only where it differs."""
    difference = verdict.difference
    if verdict.is_counted or difference is not None:
        summary.add(verdict.place, verdict.commerce, verdict.dynamics)
    if difference is not None:
        summary.causes[difference.cause] += 1
        tell(difference)
