"""`report forecast` and `report forecast-revenue`: what the next weeks may bring."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, astuple
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import table
from sync.cli.report_figures import Form, form_of, tell_answer, write_answer
from sync.cli.reported import By, Folder, folder_of, row_line, shown
from sync.operating.reports import CASH, FORECASTS, REVENUE, Told, store
from sync.reporting.duck import opened
from sync.reporting.figures import Answer
from sync.reporting.forecast import revenue
from sync.reporting.forecast.cash import Expected, expected_cash
from sync.reporting.forecast.demand import COLUMNS, FORECAST, PART, forecast_demand
from sync.reporting.forecast.library import nothing, statsforecast
from sync.reporting.forecast.revenue import MONTH, WEEK
from sync.reporting.forecast.writing import written
from sync.reporting.lake import alone_in
from sync.reporting.published import WAYS_SHOWN, cash_to_show, demand_to_show, revenue_to_show
from sync.reporting.state import State

ORDERS: Final = ("orders|",)
BOOKS: Final = ("orders|", "invoices|", "invoice_lines|")
"""Sources that demand and revenue are read from."""
Weeks = Annotated[int, typer.Option(min=1, max=26, help="How far ahead.")]
Where = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="Write it there: .xlsx, .csv or .parquet."),
]


def forecast(
    ctx: typer.Context, *, by: By = None,
    weeks: Weeks = 8,
    cash: Annotated[bool, typer.Option("--cash", help="What customers will pay, by week.")] = False,
    file: Where = None,
    library: Annotated[
        bool, typer.Option("--library", help="Methods of statsforecast as well; takes long.")
    ] = False,
    folder: Folder = None,
) -> None:  # fmt: skip
    """Forecast demand by week, into the star and onto the console's page: told by company, item,
    brand, warehouse or region, with the same week of last year beside it, and an interval. Every
    table adds up to the same. What did not beat last year's week so far is not shown. Or with
    --cash what customers will pay, beside how far off that was so far.

    For example:

    python -m sync report forecast --by company --by region --weeks 8
    """
    context = context_of(ctx)
    root, today = folder_of(context, folder), _today()
    methods, way = statsforecast() if library else nothing, by or ["company", "item"]
    form = form_of(None, file) if file is not None else None
    with alone_in(root), opened(root / "spill") as duck:
        if cash:
            found = [*expected_cash(duck, root, today)]
            _tell_cash(found, context)
            asyncio.run(_put_on_page(context, CASH, [cash_to_show(found, datetime.now(UTC))]))
            return
        until = _read_until(root, ORDERS, today)
        totals = forecast_demand(duck, root, way, until, weeks, library=methods, also=WAYS_SHOWN)
        columns = (*(one for one in PART if one in way), *(n for n in COLUMNS if n not in PART))
        _tell(written(duck, root, FORECAST, columns), (file, form), root, context)
    told = demand_to_show(totals, datetime.now(UTC))
    asyncio.run(_put_on_page(context, FORECASTS, told))


def forecast_revenue(
    ctx: typer.Context, *, weeks: Weeks = 8,
    months: Annotated[
        int, typer.Option(min=0, max=12, help="So many months in place of weeks.")
    ] = 0,
    file: Where = None, folder: Folder = None,
) -> None:  # fmt: skip
    """Forecast net revenue of each company and currency, by week or by month, into the star and
    onto the console's page: from what was invoiced, and from orders that are still to be, with the
    same week of last year beside it, and an interval.

    For example:

    python -m sync report forecast-revenue --months 3
    """
    context = context_of(ctx)
    root, form = folder_of(context, folder), form_of(None, file) if file is not None else None
    period, ahead = (MONTH, months) if months else (WEEK, weeks)
    with alone_in(root), opened(root / "spill") as duck:
        until = _read_until(root, BOOKS, _today())
        rows = revenue.forecast_revenue(duck, root, until, ahead, period)
        _tell(written(duck, root, revenue.REVENUE, revenue.COLUMNS), (file, form), root, context)
    told = [revenue_to_show(rows, period, datetime.now(UTC))]
    asyncio.run(_put_on_page(context, REVENUE, told))


def _today() -> date:
    return datetime.now().astimezone().date()


def _tell(
    answer: Answer, to: tuple[Path | None, Form | None], root: Path, context: CommandContext
) -> None:
    file, form = to
    if file is not None and form is not None:
        write_answer(answer, form, file, context)
    else:
        tell_answer(answer, root, context, "`--file` writes all")


def _read_until(root: Path, sources: tuple[str, ...], today: date) -> date:
    """The day up to which all of these sources were read: later weeks are not empty, but unread."""
    read = State.of(root).read_at.items()
    days = (datetime.fromisoformat(at).date() for name, at in read if name.startswith(sources))
    return min([today, *days])


async def _put_on_page(context: CommandContext, part: str, told: Iterable[Told]) -> None:
    async with context.opened() as services:
        await store(services.edition_parts.tables, [*told], part)


def _tell_cash(found: list[Expected], context: CommandContext) -> None:
    if context.as_json:
        for one in found:
            row_line(asdict(one))
        return
    heads = (
        "company", "currency", "of", "week", "early>", "expected>", "late>", "by", "days off>",
        "baseline's>", "covered>", "payments known>",
    )  # fmt: skip
    table(heads, [[shown(cell) for cell in astuple(one)] for one in found])
