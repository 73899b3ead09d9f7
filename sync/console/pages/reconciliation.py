"""Whether both books agree: what each night has found, by day of Commerce's documents."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from sync.console.files import as_file
from sync.console.visit import Visit
from sync.operating.problem import Problem
from sync.operating.records import require_known
from sync.reconcile.difference import COLUMNS
from sync.reconcile.reconciling import COMPARISONS
from sync.reconcile.stored import Reconciled, Reconciliations

SHOWN: Final = timedelta(days=31)
FLOW_OF: Final[Mapping[str, str]] = {one.name: one.flow for one in COMPARISONS}
"""Whose records are compared."""


async def show(visit: Visit) -> Response:
    """The newest days of each connection; older ones by the page."""
    before = _day(visit.asked("before")) if visit.asked("before") else _tomorrow(visit)
    stored = Reconciliations(visit.services.edition_parts.tables)
    days: dict[str, list[Reconciled]] = {}
    for name in visit.services.connections:
        found = [one async for one in stored.days(name, before - SHOWN, before)]
        days[name] = [*reversed(found)]
    open_ = {name: await stored.open(name) for name in days}
    earlier = (before - SHOWN).isoformat()
    return visit.page("reconciliation.html", days=days, open=open_, earlier=earlier)


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
    """The differences of a day as a file."""
    name, day = _place(visit)
    stored = Reconciliations(visit.services.edition_parts.tables)
    rows: list[dict[str, Any]] = await stored.differences(name, day)
    return as_file(f"differences-{name}-{day.isoformat()}.csv", COLUMNS, rows)


def _place(visit: Visit) -> tuple[str, date]:
    name = visit.asked("connection")
    require_known(visit.services, name, "")
    if not name:
        raise Problem("no connection is named", remedy="Choose a day in the list.")
    return name, _day(visit.asked("day"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem("that is no day", remedy="Write it as in 2026-11-29.") from None


def _tomorrow(visit: Visit) -> date:
    """Beyond every day that is stored, in all time zones."""
    return visit.services.edition_parts.clock.now().date() + timedelta(days=2)
