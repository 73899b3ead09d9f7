"""What all previews share: the rules they follow, how what is found is shown, and the exit status.

Exit status: 0 everything can be delivered (or is skipped for a reason), 1 some would be parked, 2
some input could not be used; what could be used is previewed all the same.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from sync.cli.context import CommandContext, Problem
from sync.cli.order_files import Unusable
from sync.cli.order_lookups import stored_lookups
from sync.cli.output import error_lines, json_line
from sync.cli.preview_table import show
from sync.config.connections import Connection
from sync.preview.orders import Lookups, Preview, example_connection, example_lookups

DEFAULT: Final = Path("connections.toml")

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...", help="JSON files, directories of them, or - for standard input."
    ),
]
Gross = Annotated[
    bool | None,
    typer.Option(
        "--prices-include-tax/--prices-exclude-tax",
        help="How the shop computes prices; for the built-in example connection only.",
    ),
]
ShowDocuments = Annotated[
    bool, typer.Option("--documents", help="Show the whole requests, with names and addresses.")
]


class Status(IntEnum):
    """Exit statuses; the worst one of all documents is the command's."""

    DELIVERABLE = 0
    PARKED = 1
    UNUSABLE = 2


@dataclass
class Run:
    """One run of a command: how it shows what it finds, and the worst that came of it."""

    context: CommandContext
    documents: bool
    status: Status = Status.DELIVERABLE

    def unusable(self, problem: Unusable) -> None:
        """Tell it on standard error; the others are previewed all the same."""
        error_lines(str(problem), problem.remedy, as_json=self.context.as_json)
        self.status = Status.UNUSABLE

    def show(self, found: Preview, what: str) -> None:
        """Print a preview. `what`: what it is of, for people."""
        if found.outcome == "park":
            self.status = max(self.status, Status.PARKED)
        if self.context.as_json:
            json_line(found.as_json())
        else:
            show(found, what, documents=self.documents)


def require_one_source(files: list[str] | None, ids: str, example: str) -> None:
    """Raise `Problem` unless either files or ids are named."""
    if bool(files) == bool(ids):
        raise Problem("name either files or --ids", remedy=f"For example: {example}")


def wanted_ids(ids: str) -> list[str]:
    """The ids of `--ids A,B,C`, each once."""
    return list(dict.fromkeys(one.strip() for one in ids.split(",") if one.strip()))


@asynccontextmanager
async def rules(
    context: CommandContext, gross: bool | None
) -> AsyncIterator[tuple[Connection, Lookups]]:
    """The configured connection with its mapping tables; the built-in example where nothing is
    configured."""
    path = context.settings().connections
    if path == DEFAULT and not path.exists() and not context.connection:
        yield _priced(example_connection(), gross), example_lookups()
        return
    name, connection = context.one(context.connections())
    if gross is not None:
        raise Problem(
            "--prices-include-tax and --prices-exclude-tax are for the built-in example connection",
            remedy=f"Set prices_include_tax of the store in {path}.",
        )
    async with stored_lookups(context, name, connection) as lookups:
        yield connection, lookups


def _priced(example: Connection, gross: bool | None) -> Connection:
    if gross is None:
        return example
    stores = {
        name: store.model_copy(update={"prices_include_tax": gross})
        for name, store in example.stores.items()
    }
    return example.model_copy(update={"stores": stores})
