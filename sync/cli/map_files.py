"""What the mapping commands share: options, CSV files, and which of several ways finds a match."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sync.cli.context import CommandContext
from sync.mapping_tables.table import Comparison
from sync.operating.problem import Problem

STDIO = "-"

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A CSV file; - for standard input or output.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only report what would change.")]
Yes = Annotated[
    bool, typer.Option("--yes", help="Store the sure matches that have no mapping yet.")
]


def read_file(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises `Problem`."""
    try:
        return sys.stdin.buffer.read() if name == STDIO else Path(name).read_bytes()
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Problem(
            f"{name} cannot be read: {why}", remedy="Name a CSV file that you may read."
        ) from None


def write_file(name: str, raw: bytes) -> None:
    """Write a file over an older one, or to standard output for `-`. Raises `Problem`."""
    if name == STDIO:
        typer.echo(raw, nl=False)
        return
    try:
        Path(name).write_bytes(raw)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Problem(f"{name} cannot be written: {why}", remedy="Name another file.") from None


def first_of(**ways: str | None) -> tuple[str, str]:
    """The first of these that was found, and its way; empty where none was."""
    return next(((found, way) for way, found in ways.items() if found), ("", ""))


def report_import(context: CommandContext, compared: Comparison[Any], *, is_dry: bool) -> None:
    """What an import did, or would do."""
    counts, done = compared.counts(), "would be" if is_dry else "are"
    context.tell(
        {**counts, "stored": not is_dry},
        f"{counts['new']} {done} new, {counts['changed']} {done} changed, {counts['same']} are"
        " there already.",
    )
