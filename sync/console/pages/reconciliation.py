"""Whether both books agree: what each night has found, by day of Commerce's documents."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from sync.console.files import as_book, as_file
from sync.console.visit import Visit
from sync.operating.problem import Problem
from sync.operating.records import require_known
from sync.reconcile.difference import COLUMNS
from sync.reconcile.reconciling import COMPARISONS
from sync.reconcile.stored import Reconciled, Reconciliations

SHOWN: Final = timedelta(days=31)
DAY: Final = timedelta(days=1)
FLOW_OF: Final[Mapping[str, str]] = {one.name: one.flow for one in COMPARISONS}
"""Whose records are compared."""


async def show(visit: Visit) -> Response:
    """The newest days of each connection; older ones by the page."""
    before = _before(visit)
    stored = Reconciliations(visit.services.edition_parts.tables)
    days: dict[str, list[Reconciled]] = {}
    for name in visit.services.connections:
        found = [one async for one in stored.days(name, before - SHOWN, before)]
        days[name] = [*reversed(found)]
    open_ = {name: await stored.open(name) for name in days}
    earlier = (before - SHOWN).isoformat()
    return visit.page(
        "reconciliation.html", days=days, open=open_, earlier=earlier, before=before.isoformat()
    )


async def one(visit: Visit) -> Response:
    """A day: its sums, and each difference with its cause and what mends it."""
    name, day = _place(visit)
    stored = Reconciliations(visit.services.edition_parts.tables)
    found = [each async for each in stored.days(name, day, day + timedelta(days=1))]
    if not found:
        what = f"{name} was not reconciled for {day.isoformat()}"
        raise Problem(what, remedy=f"Run: python -m sync reconcile --from {day} --to {day}")
    rows = await stored.differences(name, day)
    return visit.page(
        "reconciled-day.html", name=name, found=found[0], rows=rows, flow_of=FLOW_OF,
        flows=visit.services.flows,
    )  # fmt: skip


async def as_csv(visit: Visit) -> Response:
    """The differences of a day, or of the days that the list shows, as a file."""
    name, _, rows, what = await _asked(visit)
    return as_file(f"differences-{name}-{what}.csv", COLUMNS, rows)


async def as_xlsx(visit: Visit) -> Response:
    """The same with the sums, as a workbook."""
    name, days, rows, what = await _asked(visit)
    sums = [each for one in days for each in one.summary["days"]]
    return as_book(f"reconciliation-{name}-{what}.xlsx", sums, rows)


async def _asked(visit: Visit) -> tuple[str, list[Reconciled], list[dict[str, Any]], str]:
    """Connection, days, differences, and what days these are."""
    name = _connection(visit)
    if visit.asked("day"):
        first = _day(visit.asked("day"))
        before, what = first + DAY, first.isoformat()
    else:
        before = _before(visit)
        first = before - SHOWN
        what = f"{first.isoformat()}-{(before - DAY).isoformat()}"
    stored = Reconciliations(visit.services.edition_parts.tables)
    days = [one async for one in stored.days(name, first, before)]
    rows = [row for one in days for row in await stored.differences(name, one.day)]
    return name, days, rows, what


def _before(visit: Visit) -> date:
    return _day(visit.asked("before")) if visit.asked("before") else _tomorrow(visit)


def _place(visit: Visit) -> tuple[str, date]:
    return _connection(visit), _day(visit.asked("day"))


def _connection(visit: Visit) -> str:
    name = visit.asked("connection")
    require_known(visit.services, name, "")
    if not name:
        raise Problem("no connection is named", remedy="Choose a day in the list.")
    return name


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem("that is no day", remedy="Write it as in 2026-11-29.") from None


def _tomorrow(visit: Visit) -> date:
    """Beyond every day that is stored, in all time zones."""
    return visit.services.edition_parts.clock.now().date() + timedelta(days=2)
