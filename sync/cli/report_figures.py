"""`report show` and `report export`: a figure for people, and as a file."""

from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import line, table
from sync.cli.reported import MOST, By, Folder, folder_of, freshness, row_line, shown, tell_missing
from sync.operating.problem import Problem
from sync.reporting.duck import opened
from sync.reporting.exporting import write_csv, write_xlsx
from sync.reporting.figures import BASES, BY_NAME, DOCUMENT, Answer, Asked, answered, first_day
from sync.reporting.forecast.writing import AMOUNTS
from sync.reporting.state import State

Figure = Annotated[str, typer.Argument(metavar="FIGURE", help=f"One of {', '.join(BY_NAME)}.")]
Basis = Annotated[
    str, typer.Option("--currency", metavar="|".join(BASES), help="Whose currency amounts are in.")
]
First = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=["%Y-%m-%d"], help="First day. Default: a year back; `open`: any."
    ),
]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day. Default: today.")
]


class Form(StrEnum):
    """What a figure is written as."""

    XLSX = "xlsx"
    CSV = "csv"
    PARQUET = "parquet"


def show(
    ctx: typer.Context, figure: Figure, *, by: By = None, currency: Basis = DOCUMENT,
    since: First = None, until: Last = None, folder: Folder = None,
) -> None:  # fmt: skip
    """Show a figure. `--by document` opens it down to the documents that it is made of.

    For example:

    python -m sync report show net --by region --by month --currency group
    """
    context = context_of(ctx)
    root = folder_of(context, folder)
    asked = _asked(context, figure, by, currency, (since, until))
    with opened(root / "spill") as duck:
        answer = answered(duck, root, asked)
        tell_answer(answer, root, context, "`report export` writes all")


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
    root = folder_of(context, folder)
    chosen = form_of(form, file)
    asked = _asked(context, figure, by, currency, (since, until))
    with opened(root / "spill") as duck:
        answer = answered(duck, root, asked)
        write_answer(answer, chosen, file, context)


def tell_answer(answer: Answer, root: Path, context: CommandContext, rest: str) -> None:
    """As a table, with how fresh it is; every row on a line with `--json`. `rest`: where those are
    that people are not shown."""
    if context.as_json:
        for row in answer.as_dicts():
            row_line(row)
        return
    rows = [*answer.rows]
    table(_heads(answer), [[shown(cell) for cell in row] for row in rows[:MOST]])
    if len(rows) > MOST:
        line(f"And {len(rows) - MOST} more; {rest}.")
    state = State.of(root)
    line(freshness(state))
    tell_missing(dict(state.trouble), context)


def write_answer(answer: Answer, form: Form, file: Path, context: CommandContext) -> None:
    """Into a file. Raises `Problem` where that cannot be written."""
    try:
        count = _written(form, file, answer)
    except OSError as error:
        raise Problem(f"{file}: {error.strerror}", remedy="Name another file.") from None
    context.tell({"file": str(file), "rows": count}, f"Wrote {count} rows to {file}.")


def _written(form: Form, file: Path, answer: Answer) -> int:
    if form is Form.PARQUET:
        return answer.to_parquet(file)
    return (write_xlsx if form is Form.XLSX else write_csv)(file, answer)


def form_of(form: Form | None, file: Path) -> Form:
    """What is asked for, or what the name says. Raises `Problem` where it says nothing."""
    if form is not None:
        return form
    named = file.suffix.removeprefix(".").lower()
    if named not in {one.value for one in Form}:
        raise Problem(f"{file} does not say what to write", remedy="Add --as xlsx, csv or parquet.")
    return Form(named)


def _asked(
    context: CommandContext,
    figure: str,
    by: list[str] | None,
    currency: str,
    days: tuple[datetime | None, datetime | None],
) -> Asked:
    today = datetime.now().astimezone().date()
    last = days[1].date() if days[1] is not None else today
    first = days[0].date() if days[0] is not None else first_day(figure, last - timedelta(days=365))
    groups = [
        one.reporting.group_currency
        for one in context.connections().connections.values()
        if one.reporting is not None and one.reporting.group_currency
    ]
    return Asked(figure, by or ["month"], currency, (first, last), today, (groups or [""])[0])


def _heads(answer: Answer) -> list[str]:
    told = ("amount", "documents", "unconverted", *AMOUNTS)
    return [f"{name}>" if name in told else name for name in answer.columns]
