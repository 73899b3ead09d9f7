"""`report`: the data set of both systems, and the figures of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sync.cli.command import Command, context_of, group
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, note, progress, table
from sync.core.ports import Clock
from sync.operating.problem import Problem
from sync.reporting.building import Build, Built
from sync.reporting.duck import opened
from sync.reporting.exporting import plain, write_csv, write_xlsx
from sync.reporting.figures import BASES, BY_NAME, DOCUMENT, Answer, Asked, answered
from sync.reporting.from_systems import Reported, shape_of, sources_of, terms_of
from sync.reporting.state import State

app = group("report", "Figures across both systems, from a data set of their own.")

INCOMPLETE: Final = 1
"""Exit status: something could not be read, and the figures lack it."""
SHOWN: Final = 200
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="The data set. Default: reports in the home."),
]
Figure = Annotated[str, typer.Argument(metavar="FIGURE", help=f"One of {', '.join(BY_NAME)}.")]
By = Annotated[
    list[str] | None,
    typer.Option("--by", metavar="WHAT", help="What it is told by; repeatable. Default: month."),
]
Basis = Annotated[
    str, typer.Option("--currency", metavar="|".join(BASES), help="Whose currency amounts are in.")
]
First = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First day. Default: a year back."),
]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day. Default: today.")
]


class Form(StrEnum):
    """What a figure is written as."""

    XLSX = "xlsx"
    CSV = "csv"
    PARQUET = "parquet"


@app.command(cls=Command)
def build(ctx: typer.Context, *, folder: Folder = None) -> None:
    """Read what is new or has changed in both systems, of all connections with a `reporting`
    section, and make the star model again. Reads only, after deliveries; beside a process that
    serves. Whatever stops it, the next one goes on.

    Exit status: 0 all was read, 1 something could not be, and `report status` says what.

    For example:

    python -m sync report build
    """
    context = context_of(ctx)
    with progress("Reading", None, as_json=context.as_json, counted=False) as bar:
        built = asyncio.run(
            _built(context, _folder(context, folder), lambda name, n: bar.say(f"{name}: {n}"))
        )
    context.tell(
        {"records": built.records, "months": built.months, "trouble": built.trouble},
        f"Read {built.records} records, wrote {built.months} months.",
    )
    if not built.is_whole:
        _told(built.trouble, context)
        raise typer.Exit(INCOMPLETE)


@app.command(cls=Command)
def status(ctx: typer.Context, *, folder: Folder = None) -> None:
    """How fresh the data set is, and what could not be read.

    Exit status: 0 nothing is missing, 1 something is.

    For example:

    python -m sync report status
    """
    context = context_of(ctx)
    state = State.of(_folder(context, folder))
    trouble = dict(state.trouble)
    if context.as_json:
        json_line({"built_at": state.built_at, "read_at": state.read_at, "trouble": trouble})
    else:
        line(_freshness(state))
        table(("source", "read to its end"), sorted(state.read_at.items()))
        _told(trouble, context)
    if trouble:
        raise typer.Exit(INCOMPLETE)


@app.command(cls=Command)
def show(
    ctx: typer.Context, figure: Figure, *, by: By = None, currency: Basis = DOCUMENT,
    since: First = None, until: Last = None, folder: Folder = None,
) -> None:  # fmt: skip
    """Show a figure. `--by document` opens it down to the documents that it is made of.

    For example:

    python -m sync report show net --by region --by month --currency group
    """
    context = context_of(ctx)
    root = _folder(context, folder)
    asked = _asked(context, figure, by, currency, (since, until))
    with opened(root / "spill") as duck:
        answer = answered(duck, root, asked)
        if context.as_json:
            for row in answer.as_dicts():
                json_line(row)
            return
        rows = [*answer.rows]
    table(_heads(answer), [[_shown(cell) for cell in row] for row in rows[:SHOWN]])
    if len(rows) > SHOWN:
        line(f"And {len(rows) - SHOWN} more; `report export` writes all.")
    state = State.of(root)
    line(_freshness(state))
    _told(dict(state.trouble), context)


@app.command(cls=Command)
def export(
    ctx: typer.Context,
    figure: Figure,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is written.")],
    *,
    form: Annotated[Form | None, typer.Option("--as", help="Default: by the name.")] = None,
    by: By = None, currency: Basis = DOCUMENT, since: First = None, until: Last = None,
    folder: Folder = None,
) -> None:  # fmt: skip
    """Write a figure into a file: a workbook, CSV or Parquet.

    For example:

    python -m sync report export margin margin.xlsx --by brand --currency books
    """
    context = context_of(ctx)
    root = _folder(context, folder)
    chosen = _form(form, file)
    asked = _asked(context, figure, by, currency, (since, until))
    with opened(root / "spill") as duck:
        answer = answered(duck, root, asked)
        try:
            count = _written(chosen, file, answer)
        except OSError as error:
            raise Problem(f"{file}: {error.strerror}", remedy="Name another file.") from None
    context.tell({"file": str(file), "rows": count}, f"Wrote {count} rows to {file}.")


def _written(form: Form, file: Path, answer: Answer) -> int:
    if form is Form.PARQUET:
        return answer.to_parquet(file)
    return (write_xlsx if form is Form.XLSX else write_csv)(file, answer)


def _form(form: Form | None, file: Path) -> Form:
    if form is not None:
        return form
    named = file.suffix.removeprefix(".").lower()
    if named not in {one.value for one in Form}:
        raise Problem(f"{file} does not say what to write", remedy="Add --as xlsx, csv or parquet.")
    return Form(named)


async def _built(context: CommandContext, folder: Path, tell: Any) -> Built:
    async with _reported(context) as (reported, clock):
        build_ = Build(folder, clock, shape_of(reported), terms_of(reported), tell)
        return await build_.run(sources_of(reported, clock.now()))


@asynccontextmanager
async def _reported(context: CommandContext) -> AsyncIterator[tuple[list[Reported], Clock]]:
    """All connections that report, opened."""
    names = [
        name for name, one in context.connections().connections.items() if one.reporting is not None
    ]
    if not names:
        raise Problem(
            "no connection reports",
            remedy="Write [connections.NAME.reporting] into connections.toml.",
        )
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(context.opened())
        pool, clock = services.systems_pool, services.edition_parts.clock
        yield [await Reported.of(await pool.open(name)) for name in names], clock


def _folder(context: CommandContext, named: Path | None) -> Path:
    return named or context.existing_home() / "reports"


def _asked(
    context: CommandContext,
    figure: str,
    by: list[str] | None,
    currency: str,
    days: tuple[datetime | None, datetime | None],
) -> Asked:
    today = datetime.now().astimezone().date()
    last = days[1].date() if days[1] is not None else today
    first = days[0].date() if days[0] is not None else last - timedelta(days=365)
    groups = [
        one.reporting.group_currency
        for one in context.connections().connections.values()
        if one.reporting is not None and one.reporting.group_currency
    ]
    return Asked(figure, by or ["month"], currency, (first, last), today, (groups or [""])[0])


def _heads(answer: Answer) -> list[str]:
    told = ("amount", "documents", "unconverted")
    return [f"{name}>" if name in told else name for name in answer.columns]


def _shown(cell: Any) -> Any:
    return plain(cell) if not isinstance(cell, str | int | date | None) else cell


def _freshness(state: State) -> str:
    oldest = min(state.read_at.values(), default="")
    if not state.built_at:
        return "Nothing was built yet. Run: python -m sync report build"
    return f"Built {state.built_at[:16]}; the oldest source was read {oldest[:16]}."


def _told(trouble: dict[str, str], context: CommandContext) -> None:
    if context.as_json:
        return
    for name, reason in sorted(trouble.items())[:SHOWN]:
        note(f"Missing: {name}: {reason}")
