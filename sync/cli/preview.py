"""`preview orders`: what would be posted, with the totals proof. Nothing is written to either system or to the home.

Exit status: 0 every order can be delivered (or is skipped for a reason), 1 some would be parked, 2 some input could not
be used; what could be used is previewed all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sync.adapters.system_clock import SystemClock
from sync.cli.command import Command, group, place_of
from sync.cli.order_files import Unusable, files_in, orders_of
from sync.cli.order_lookups import lookups_in, stored_lookups
from sync.cli.output import error_lines, json_line, progress
from sync.cli.place import Place, Problem
from sync.cli.preview_table import show
from sync.connections import Connection
from sync.preview import Lookups, example_connection, example_lookups, preview_order

app = group("preview", "What would be posted. Nothing is.")

DEFAULT = Path("connections.toml")


class Status(IntEnum):
    """Exit statuses; the worst one of all orders is the command's."""

    DELIVERABLE = 0
    PARKED = 1
    UNUSABLE = 2


@dataclass
class Preview:
    """One run of the command: how it shows orders, and the worst that came of one."""

    place: Place
    documents: bool
    status: Status = Status.DELIVERABLE

    def unusable(self, problem: Unusable) -> None:
        """Tell it on standard error; the others are previewed all the same."""
        error_lines(str(problem), problem.remedy, as_json=self.place.as_json)
        self.status = Status.UNUSABLE

    async def order(self, document: Mapping[str, Any], connection: Connection, lookups: Lookups) -> None:
        """Preview one order."""
        found = await preview_order(document, connection, lookups, SystemClock().now())
        if found.outcome == "park":
            self.status = max(self.status, Status.PARKED)
        if self.place.as_json:
            json_line(found.as_json())
        else:
            show(found, connection, documents=self.documents)


@app.callback()
def preview() -> None:
    """What would be posted. Nothing is."""


@app.command(cls=Command)
def orders(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="JSON files, directories of them, or - for standard input."),
    ] = None,
    ids: Annotated[str, typer.Option(metavar="A,B,C", help="Read these orders from Commerce, by increment id.")] = "",
    gross: Annotated[
        bool | None,
        typer.Option(
            "--prices-include-tax/--prices-exclude-tax",
            help="How the shop computes prices; for the built-in example connection only.",
        ),
    ] = None,
    documents: Annotated[
        bool, typer.Option("--documents", help="Show the whole requests, with names and addresses.")
    ] = False,
) -> None:
    """Show what each order would become in D365, and prove its totals to the cent.

    A file holds an order as REST answers it, a list of orders, a search answer, or a webhook's body. Without a
    connections.toml a built-in example connection is used, in which every SKU is its own item number.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview orders order.json

    python -m sync preview orders exports/ --json

    python -m sync preview orders --ids 000000042,000000043 --connection bikes-de
    """
    if bool(files) == bool(ids):
        raise Problem("name either files or --ids", remedy="For example: preview orders order.json")
    run = Preview(place_of(ctx), documents)
    asyncio.run(_from_commerce(ids, run) if ids else _from_files(files or [], gross, run))
    raise typer.Exit(run.status)


async def _from_files(paths: Sequence[str], gross: bool | None, run: Preview) -> None:
    names = list(files_in(paths, run.unusable))
    async with _rules(run.place, gross) as (connection, lookups):
        with progress("Files", len(names), as_json=run.place.as_json or len(names) < 2) as bar:
            for name in names:
                try:
                    found = orders_of(name)
                except Unusable as problem:
                    run.unusable(problem)
                    found = []
                for document in found:
                    await run.order(document, connection, lookups)
                bar.advance()


async def _from_commerce(ids: str, run: Preview) -> None:
    wanted = list(dict.fromkeys(one.strip() for one in ids.split(",") if one.strip()))
    name, connection = run.place.one(run.place.connections())
    async with run.place.opened() as services:
        desk = await services.desk(name)
        lookups = lookups_in(connection, desk.items, desk.accounts, desk.digest_of)
        found = await desk.commerce.orders_by_increment(one.partition("@")[0] for one in wanted)
        for one in wanted:
            increment, _, store = one.partition("@")
            same = [order for order in found if str(order.get("increment_id")) == increment]
            ours = [order for order in same if store in ("", str(order.get("store_id")))]
            for document in ours:
                await run.order(document, connection, lookups)
            if not ours:
                run.unusable(Unusable(one, "Commerce has no such order", "Check the number and the connection."))


@asynccontextmanager
async def _rules(place: Place, gross: bool | None) -> AsyncIterator[tuple[Connection, Lookups]]:
    """The configured connection with its mapping tables; the built-in example where nothing is configured."""
    path = place.settings().connections
    if path == DEFAULT and not path.exists() and not place.connection:
        yield _priced(example_connection(), gross), example_lookups()
        return
    name, connection = place.one(place.connections())
    if gross is not None:
        raise Problem(
            "--prices-include-tax and --prices-exclude-tax are for the built-in example connection",
            remedy=f"Set prices_include_tax of the store in {path}.",
        )
    async with stored_lookups(place, name, connection) as lookups:
        yield connection, lookups


def _priced(example: Connection, gross: bool | None) -> Connection:
    if gross is None:
        return example
    stores = {name: store.model_copy(update={"prices_include_tax": gross}) for name, store in example.stores.items()}
    return example.model_copy(update={"stores": stores})
