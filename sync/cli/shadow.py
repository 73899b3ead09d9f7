"""`shadow`: what would have been posted, beside what people entered."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.days import From, Stores, To, moments
from sync.cli.output import json_line, line, progress, table
from sync.preview.shadow import Outcome, Shadow, ShadowSummary, shadow
from sync.reconcile.sheets import write_rows

DIFFERENT: Final = 1
"""Exit status: some order was entered otherwise, or not at all, or would be parked."""
COLUMNS: Final = (
    "key", "outcome", "numbers", "where", "field", "ours", "entered", "currency", "reason",
    "remedy",
)  # fmt: skip
HEADS: Final = ("order", "outcome", "in F&O", "where", "field", "we>", "people>")
AsCsv = Annotated[bool, typer.Option("--csv", help="Print each difference as a line of CSV.")]


def shadow_run(
    ctx: typer.Context, *, since: From = None, until: To = None, store: Stores = None,
    as_csv: AsCsv = False,
) -> None:  # fmt: skip
    """Compare what would have been posted for each order of a time with the sales order that
    people entered for it in D365. Reads both systems; writes to neither.

    An order is recognised by its web number in the customer's reference or requisition, as long as
    it was entered within a week.

    Exit status: 0 each order was entered just so, 1 some were not.

    For example:

    python -m sync shadow --from 2026-01-01 --to 2026-01-31 --json
    """
    context = context_of(ctx)
    found, summary = asyncio.run(_ran(context, (since, until), store))
    if context.as_json:
        for one in found:
            json_line(one.as_json())
        json_line({"summary": summary.as_json()})
    elif as_csv:
        write_rows(sys.stdout, COLUMNS, (row for one in found for row in _rows(one)))
    else:
        _show(found, summary)
    if not summary.is_equal:
        raise typer.Exit(DIFFERENT)


async def _ran(
    context: CommandContext,
    days: tuple[datetime | None, datetime | None],
    stores: list[int] | None,
) -> tuple[list[Shadow], ShadowSummary]:
    found, summary = [], ShadowSummary()
    async with context.systems() as (services, systems):
        now = services.edition_parts.clock.now().replace(microsecond=0)
        since, until = moments(days, systems.settings, now)
        with progress("Orders", None, as_json=context.as_json) as bar:
            async for one in shadow(systems, since, until, stores):
                found.append(one)
                summary.add(one)
                bar.advance()
    return found, summary


def _rows(one: Shadow) -> Iterator[dict[str, Any]]:
    """A line for each difference of an order; one for an order without any."""
    whole = {**one.as_json(), "numbers": " ".join(one.numbers), "where": "", "field": ""}
    yield from ({**whole, **difference.as_json()} for difference in one.differences)
    if not one.differences:
        yield whole


def _show(found: list[Shadow], summary: ShadowSummary) -> None:
    told = [one for one in found if one.outcome not in (Outcome.EQUAL, Outcome.SKIPPED)]
    names = ("key", "outcome", "numbers", "where", "field", "ours", "entered")
    table(HEADS, [[row[name] for name in names] for one in told for row in _rows(one)])
    for one in told:
        line(f"{one.key} {one.outcome}: {one.reason}" if one.reason else f"{one.key} {one.outcome}")
        if one.remedy:
            line(f"  {one.remedy}")
    sums = summary.as_json()["totals"]
    table(
        ("currency", "we>", "people>", "difference>"), [[*one.values()] for one in sums],
        title="Orders that both have",
    )  # fmt: skip
    counts = ", ".join(f"{count} {what}" for what, count in summary.outcomes.most_common())
    line(f"Orders: {counts}." if counts else "No orders in this time.")
