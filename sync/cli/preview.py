"""`preview`: what would be posted, with the totals proof. Nothing is written to either system or to
the home."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from sync.adapters.system_clock import SystemClock
from sync.cli import preview_accounts, preview_documents
from sync.cli.command import Command, context_of, group
from sync.cli.order_files import Unusable, files_in, orders_of
from sync.cli.order_lookups import lookups_in
from sync.cli.output import progress
from sync.cli.previewing import (
    Files,
    Gross,
    Run,
    ShowDocuments,
    require_one_source,
    rules,
    wanted_ids,
)
from sync.config.connections import Connection
from sync.preview.orders import Lookups, preview_order

app = group("preview", "What would be posted. Nothing is.")


@app.callback()
def preview() -> None:
    """What would be posted. Nothing is."""


@app.command(cls=Command)
def orders(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[
        str, typer.Option(metavar="A,B,C", help="Read these orders from Commerce, by increment id.")
    ] = "",
    gross: Gross = None,
    documents: ShowDocuments = False,
) -> None:
    """Show what each order would become in D365, and prove its totals to the cent.

    A file holds an order as REST answers it, a list of orders, a search answer, or a webhook's
    body. Without a connections.toml a built-in example connection is used, in which every SKU is
    its own item number.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview orders order.json

    python -m sync preview orders exports/ --json

    python -m sync preview orders --ids 000000042,000000043 --connection bikes-de
    """
    require_one_source(files, ids, "preview orders order.json")
    run = Run(context_of(ctx), documents)
    asyncio.run(_from_commerce(ids, run) if ids else _from_files(files or [], gross, run))
    raise typer.Exit(run.status)


app.command(cls=Command)(preview_documents.invoices)
app.command(cls=Command)(preview_documents.creditmemos)
app.command(cls=Command)(preview_documents.story)
app.command(cls=Command)(preview_accounts.customers)
app.command(cls=Command)(preview_accounts.companies)


async def _from_files(paths: Sequence[str], gross: bool | None, run: Run) -> None:
    names = list(files_in(paths, run.unusable))
    async with rules(run.context, gross) as (connection, lookups):
        with progress("Files", len(names), as_json=run.context.as_json or len(names) < 2) as bar:
            for name in names:
                try:
                    found = orders_of(name)
                except Unusable as problem:
                    run.unusable(problem)
                    found = []
                for document in found:
                    await _show(document, connection, lookups, run)
                bar.advance()


async def _from_commerce(ids: str, run: Run) -> None:
    wanted = wanted_ids(ids)
    name, connection = run.context.one(run.context.connections())
    async with run.context.opened() as services:
        systems = await services.systems_pool.open(name)
        lookups = lookups_in(connection, systems.items, systems.accounts, systems.digest_of)
        found = await systems.commerce.orders_by_increment(one.partition("@")[0] for one in wanted)
        for one in wanted:
            increment, _, store = one.partition("@")
            same = [order for order in found if str(order.get("increment_id")) == increment]
            ours = [order for order in same if store in ("", str(order.get("store_id")))]
            for document in ours:
                await _show(document, connection, lookups, run)
            if not ours:
                run.unusable(
                    Unusable(
                        one, "Commerce has no such order", "Check the number and the connection."
                    )
                )


async def _show(
    document: Mapping[str, Any], connection: Connection, lookups: Lookups, run: Run
) -> None:
    run.show(await preview_order(document, connection, lookups, SystemClock().now()), "Order")
