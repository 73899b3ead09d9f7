"""What all previews share: where documents and rules come from, how what is found is shown, and the
exit status.

Exit status: 0 everything can be delivered (or is skipped for a reason), 1 some would be parked, 2
some input could not be used; what could be used is previewed all the same.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any, Final

from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.checks.causes import Causes
from sync.checks.supposing import Supposing
from sync.cli.context import CommandContext
from sync.cli.order_files import Unusable
from sync.cli.output import error_lines, json_line, line
from sync.cli.preview_table import WORDS, show
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.engine.systems import Systems
from sync.mapping_tables.tables import AccountMappings, ItemMappings, email_digest
from sync.operating.problem import Problem
from sync.preview import example
from sync.preview.given import given_systems
from sync.preview.input_files import Inputs, Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview
from sync.preview.unasked import Lookups

DEFAULT: Final = Path("connections.toml")
FOR_EXAMPLE: Final = (
    "--prices-include-tax and --prices-exclude-tax are for the built-in example connection"
)


class Status(IntEnum):
    """Exit statuses; the worst one of all documents is the command's."""

    DELIVERABLE = 0
    PARKED = 1
    UNUSABLE = 2


@dataclass
class Run:
    """One run of a command: how it shows what it finds, and the worst that came of it. `gross`: how
    the shop of the built-in example computes prices."""

    context: CommandContext
    documents: bool
    gross: bool | None = None
    status: Status = Status.DELIVERABLE
    outcomes: Counter[str] = field(default_factory=Counter)
    supposing: Supposing | None = None

    def unusable(self, problem: Unusable) -> None:
        """Tell it on standard error; the others are previewed all the same."""
        error_lines(str(problem), problem.remedy, as_json=self.context.as_json)
        self.status = Status.UNUSABLE

    def show(self, found: Preview, what: str) -> None:
        """Print a preview. `what`: what it is of, for people."""
        if found.outcome == "park" or found.differs:
            self.status = max(self.status, Status.PARKED)
        if self.context.as_json:
            json_line(found.as_json())
        else:
            show(found, what, documents=self.documents)

    async def preview(self, kind: Kind, documents: Iterable[Any], systems: Systems) -> None:
        """Show what would be posted for each of these."""
        self.supposing = self.supposing or Supposing(Causes(systems.name))
        for document in documents:
            found = await preview(kind, document, systems)
            self.show(found, str(kind).capitalize())
            self.outcomes[found.outcome] += 1
            if not self.context.as_json:
                await self.supposing.collect(kind, document, found, systems)

    def sum_up(self) -> None:
        """Tell people what became of all, where there were several, and every cause that would park
        some of them, each once."""
        if self.context.as_json or self.supposing is None:
            return
        causes = [*self.supposing.causes.findings()]
        if self.outcomes.total() < 2 and len(causes) < 2:
            return
        said = ", ".join(f"{count} {WORDS[what]}" for what, count in self.outcomes.most_common())
        line(f"In all: {said}.")
        for cause in causes:
            line(f"- {cause.what}")
            line(f"  Cure: {cause.cure}")

    @asynccontextmanager
    async def given(self, inputs: Inputs) -> AsyncIterator[Systems]:
        """The configured connection with its mapping tables, as these documents show it; the
        built-in example where nothing is configured."""
        context, clock = self.context, SystemClock()
        path = context.settings().connections
        if path == DEFAULT and not path.exists() and not context.connection:
            connection = _priced(example.example_connection(), self.gross)
            lookups = example.example_lookups(clock)
            yield given_systems(example.NAME, connection, inputs, lookups, clock)
            return
        name, connection = context.one(context.connections())
        if self.gross is not None:
            raise Problem(FOR_EXAMPLE, remedy=f"Set prices_include_tax of the store in {path}.")
        async with stored_lookups(context, name, connection) as lookups:
            yield given_systems(name, connection, inputs, lookups, clock)


@asynccontextmanager
async def stored_lookups(
    context: CommandContext, name: str, connection: Connection
) -> AsyncIterator[Lookups]:
    """The mapping tables of the home directory; empty ones, in memory, where there is none. Without
    the key of the home no guest is known."""
    file, clock = context.settings().home / "tables.sqlite", SystemClock()
    tables = SqliteTables(file if file.exists() else ":memory:")
    digest_of = await _digest_of_emails(context)
    try:
        accounts = AccountMappings(tables, name, clock, home=connection.legal_entity)
        items = ItemMappings(tables, name, connection.items, clock)
        yield Lookups(items, accounts, digest_of)
    finally:
        tables.close()


async def _digest_of_emails(context: CommandContext) -> Callable[[str], str]:
    if not (context.settings().home / "vault.json").exists():
        return digest
    from sync.app.embedded import EMAIL_KEY  # noqa: PLC0415 - loads slowly

    key = (await context.vault().get(EMAIL_KEY)).encode()
    return partial(email_digest, key=key)


def _priced(example_: Connection, gross: bool | None) -> Connection:
    if gross is None:
        return example_
    stores = {
        name: store.model_copy(update={"prices_include_tax": gross})
        for name, store in example_.stores.items()
    }
    return example_.model_copy(update={"stores": stores})
