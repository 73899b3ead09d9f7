"""What the commands of `report` share: the data set's folder, and how fresh it is."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sync.cli.context import CommandContext
from sync.cli.output import json_line, note
from sync.reporting.exporting import plain
from sync.reporting.state import State

MOST: Final = 200
"""Rows that people are shown."""
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="The data set. Default: reports in the home."),
]
By = Annotated[
    list[str] | None,
    typer.Option("--by", metavar="WHAT", help="What it is told by; repeatable."),
]


def folder_of(context: CommandContext, named: Path | None) -> Path:
    """Where the data set lies."""
    return named or context.existing_home() / "reports"


def shown(cell: Any) -> Any:
    """A cell for people."""
    return plain(cell) if not isinstance(cell, str | int | date | None) else cell


def row_line(row: Mapping[str, Any]) -> None:
    """A row for programs, on a line."""
    days = {name: one.isoformat() for name, one in row.items() if isinstance(one, date)}
    json_line({**row, **days})


def freshness(state: State) -> str:
    """How fresh it is, in a sentence."""
    oldest = min(state.read_at.values(), default="")
    if not state.built_at:
        return "Nothing was built yet. Run: python -m sync report build"
    return f"Built {state.built_at[:16]}; the oldest source was read {oldest[:16]}."


def tell_missing(trouble: dict[str, str], context: CommandContext) -> None:
    """What could not be read."""
    if context.as_json:
        return
    for name, reason in sorted(trouble.items())[:MOST]:
        note(f"Missing: {name}: {reason}")
