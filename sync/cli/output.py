"""What commands print: tables for people on standard output, JSON lines for programs, everything
else on standard error.

Text that came from outside is shown without control characters and never read as markup.
"""

import json
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from sync.core.encoding import to_json
from sync.core.logs import without_codes

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PIPED = 200
"""Width of tables that go into a file or a pipe."""


def console(*, stderr: bool = False) -> Console:
    """Where people read. Asked for at each use: tests and pipes replace the streams."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        markup=False,
        highlight=False,
        emoji=False,
        width=None if stream.isatty() else PIPED,
    )


def json_line(document: Any) -> None:
    """One document on one line, amounts with exactly their digits. What a terminal would obey, or
    nobody sees, is written as JSON's escape: programs read the same text."""
    typer.echo(_escaped(to_json(document).decode()))


def json_lines(documents: Iterable[Any]) -> None:
    """Each document on a line of its own."""
    for document in documents:
        json_line(document)


def show_all(
    found: Sequence["DataclassInstance"], columns: Sequence[str], *, as_json: bool, below: str = ""
) -> None:
    """Each of these on a JSON line, or all in a table with what stands `below` it."""
    if as_json:
        json_lines(asdict(one) for one in found)
        return
    table(columns, [tuple(asdict(one).values()) for one in found])
    if below:
        line(below)


def _escaped(text: str) -> str:
    """JSON with the characters escaped that `without_codes` would not show."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if without_codes(one) == one else json.dumps(one)[1:-1] for one in text)


def line(text: str = "") -> None:
    """A line for people on standard output."""
    console().print(plain(text), soft_wrap=True)


def note(text: str) -> None:
    """A line for people on standard error, where it spoils no pipe."""
    console(stderr=True).print(plain(text), soft_wrap=True)


def error_lines(message: str, remedy: str, *, as_json: bool) -> None:
    """What went wrong and what to do, on standard error."""
    if as_json:
        typer.echo(_escaped(to_json({"error": message, "remedy": remedy}).decode()), err=True)
        return
    note(f"Error: {message}")
    if remedy:
        note(f"What to do: {remedy}")


def pretty(document: Any, indent: int = 2) -> None:
    """A document for people: one field per line, as deep as it goes."""
    for text in _indented(document, indent):
        line(text)


def _indented(document: Any, indent: int) -> Iterator[str]:
    margin, deep = " " * indent, Mapping | list | tuple
    if not isinstance(document, deep):
        yield f"{margin}{document}"
        return
    entries = document.items() if isinstance(document, Mapping) else enumerate(document, start=1)
    for name, value in entries:
        if isinstance(value, deep) and value:
            yield f"{margin}{name}:"
            yield from _indented(value, indent + 2)
        else:
            shown = "" if value is None else str(value).replace("\n", "\\n")
            yield f"{margin}{name}: {shown}"


def plain(value: Any) -> str:
    """A value as a cell: no control or format characters, nothing for None; times to the second,
    in UTC."""
    if isinstance(value, datetime):
        value = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    text = without_codes("" if value is None else str(value))
    return text.replace("\r", "\ufffd").replace("\t", "\ufffd")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
    """A table for people. Columns whose name ends in `>` are aligned right. Nothing where there are
    no rows."""
    shown = Table(title=plain(title) or None, title_justify="left", title_style="bold")
    for column in columns:
        shown.add_column(
            column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold"
        )
    for row in rows:
        shown.add_row(*(plain(cell) for cell in row))
    if shown.row_count:
        console().print(shown)


class Bar:
    """A progress bar that may not be there."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def advance(self, by: float = 1) -> None:
        """So much more has been done."""
        self._bar.advance(self._task, by)

    def say(self, words: str) -> None:
        """What is being done now."""
        self._bar.update(self._task, description=plain(words))

    def reach(self, done: float) -> None:
        """So much has been done in all."""
        self._bar.update(self._task, completed=done)


@contextmanager
def progress(
    what: str, total: float | None, *, as_json: bool, counted: bool = True
) -> Generator[Bar, None, None]:
    """A bar on standard error; nothing where that is no terminal, and nothing with `--json`."""
    errors = console(stderr=True)
    columns = [TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()]
    if counted:
        columns.insert(2, MofNCompleteColumn())
    with Progress(
        *columns, console=errors, transient=True, disable=as_json or not errors.is_terminal
    ) as bar:
        yield Bar(bar, bar.add_task(what, total=total))
