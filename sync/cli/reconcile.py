"""`reconcile`: both systems' books compared, and the cause of each difference."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.days import From, Stores, To, moments
from sync.cli.output import json_line, line, table
from sync.operating.problem import Problem
from sync.reconcile.difference import COLUMNS, Difference, Summary
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import COMPARISONS, kinds_of, reconcile
from sync.reconcile.sheets import write_csv, write_xlsx

UNEXPLAINED: Final = 1
"""Exit status: somebody has to do something about a difference."""
TRIES: Final = 5
"""How often a kind is begun, where a system asks for quiet or does not answer."""
SHOWN: Final = 50
"""Differences that people are shown one by one; files and programs get all."""
HEADS: Final = (
    "kind", "currency", "Commerce>", "amount>", "F&O>", "amount>", "difference>",
)  # fmt: skip
NAMES: Final = list(dict.fromkeys(one.name for one in COMPARISONS))
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", metavar="KIND",
        help=f"Only this one; repeatable. {', '.join(NAMES)}.",
    ),
]  # fmt: skip
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the differences as CSV.")]
Xlsx = Annotated[
    Path | None, typer.Option("--xlsx", metavar="FILE", help="Write sums and differences there.")
]


Tries = Annotated[
    int, typer.Option(min=1, metavar="N", help="Begin a kind so often where a system is away.")
]


@dataclass
class Report:
    """Where differences go while they are found. `as_json`: printed at once, each on a line."""

    as_json: bool
    kept: list[Difference] = field(default_factory=list)

    def tell(self, difference: Difference) -> None:
        """One was found."""
        if self.as_json:
            json_line(difference.as_json())
        else:
            self.kept.append(difference)


def reconcile_books(
    ctx: typer.Context,
    *,
    since: From = None,
    until: To = None,
    store: Stores = None,
    kind: Kinds = None,
    as_csv: AsCsv = False,
    xlsx: Xlsx = None,
    tries: Tries = TRIES,
) -> None:
    """Compare counts and money of both systems' own books, per day, store view, currency and kind;
    tell the cause of each difference, since when it is there, and what mends it. Reads only, after
    deliveries.

    Days are those of the legal entity. `not yet due` and `waiting` go by themselves.

    Exit status: 0 nothing is left to do, 1 something is.

    For example:

    python -m sync reconcile --from 2026-01-01 --to 2026-01-31 --xlsx january.xlsx
    """
    context = context_of(ctx)
    if [context.as_json, as_csv, xlsx is not None].count(True) > 1:
        raise Problem("--json, --csv and --xlsx say three things", remedy="Name one of them.")
    report = Report(context.as_json)
    summary = asyncio.run(
        _reconciled(context, report, (since, until), store, kinds=kind or [], tries=tries)
    )
    _writer(context, as_csv=as_csv, xlsx=xlsx)(report, summary)
    if summary.unexplained:
        raise typer.Exit(UNEXPLAINED)


async def _reconciled(
    context: CommandContext,
    report: Report,
    days: tuple[datetime | None, datetime | None],
    stores: list[int] | None,
    *,
    kinds: list[str],
    tries: int,
) -> Summary:
    async with context.systems() as (services, systems):
        connected = await Connected.of(systems, services.ledger, services.documents)
        now = services.edition_parts.clock.now().replace(microsecond=0)
        since, until = moments(days, systems.settings, now)
        window = Window(since, until, stores and frozenset(stores))
        wanted = kinds_of(connected, kinds)
        return await reconcile(connected, window, wanted, report.tell, tries=tries)


def _writer(
    context: CommandContext, *, as_csv: bool, xlsx: Path | None
) -> Callable[[Report, Summary], None]:
    if context.as_json:
        return lambda _, summary: json_line({"summary": summary.as_json()})
    if as_csv:
        return lambda report, _: write_csv(sys.stdout, report.kept)
    if xlsx is not None:
        return lambda report, summary: _into_file(xlsx, report, summary)
    return _shown


def _into_file(path: Path, report: Report, summary: Summary) -> None:
    try:
        write_xlsx(path, report.kept, summary)
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}", remedy="Name another file.") from None
    line(f"Written to {path}. {_sentence(summary)}")


def _shown(report: Report, summary: Summary) -> None:
    rows = [
        (one["kind"], one["currency"], one["commerce_count"], one["commerce"],
         one["dynamics_count"], one["dynamics"], one["difference"])
        for one in summary.totals()
    ]  # fmt: skip
    table(HEADS, rows)
    found = [one.as_json() for one in islice(report.kept, SHOWN)]
    table(COLUMNS, [[row[name] for name in COLUMNS] for row in found])
    if len(report.kept) > SHOWN:
        line(f"And {len(report.kept) - SHOWN} more; --csv and --xlsx list all.")
    line(_sentence(summary))


def _sentence(summary: Summary) -> str:
    said = ", ".join(f"{count} {cause}" for cause, count in sorted(summary.causes.items()))
    return f"Differences: {said}." if said else "Both books agree."
