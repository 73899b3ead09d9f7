"""`preview customers` and `preview companies`: the accounts they would get."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import typer

from sync.cli.command import context_of
from sync.cli.input_files import inputs_of
from sync.cli.order_files import Unusable, files_in
from sync.cli.order_lookups import lookups_in
from sync.cli.previewing import Files, Run, ShowDocuments, require_one_source, rules, wanted_ids
from sync.config.connections import Connection
from sync.preview.accounts import preview_company, preview_customer
from sync.preview.input_files import Kind
from sync.preview.orders import Lookups, Preview

PREVIEWS: Final[Mapping[Kind, Callable[[Any, Connection, Lookups], Awaitable[Preview]]]] = {
    Kind.CUSTOMER: preview_customer,
    Kind.COMPANY: preview_company,
}


def customers(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[
        str, typer.Option(metavar="A,B,C", help="Read these customers from Commerce, by id.")
    ] = "",
    documents: ShowDocuments = False,
) -> None:
    """Show the account that each customer would get in D365, with its addresses.

    A file holds a customer as REST answers it, a list, or a search answer. D365 is not asked: a
    customer who would be recognised there is shown with a new account.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview customers customer.json
    """
    require_one_source(files, ids, "preview customers customer.json")
    run = Run(context_of(ctx), documents)
    asyncio.run(_accounts(Kind.CUSTOMER, files or [], ids, run))
    raise typer.Exit(run.status)


def companies(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[
        str, typer.Option(metavar="A,B,C", help="Read these companies from Commerce, by id.")
    ] = "",
    documents: ShowDocuments = False,
) -> None:
    """Show the account that each B2B company would get in D365.

    A file holds a company as REST answers it, a list, or a search answer.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview companies company.json
    """
    require_one_source(files, ids, "preview companies company.json")
    run = Run(context_of(ctx), documents)
    asyncio.run(_accounts(Kind.COMPANY, files or [], ids, run))
    raise typer.Exit(run.status)


async def _accounts(kind: Kind, files: Sequence[str], ids: str, run: Run) -> None:
    if ids:
        await _from_commerce(kind, wanted_ids(ids), run)
        return
    found = inputs_of(files_in(files, run.unusable), (kind,), run.unusable)
    async with rules(run.context, None) as (connection, lookups):
        for _, inputs in found:
            for document in inputs.of(kind):
                run.show(
                    await PREVIEWS[kind](document, connection, lookups), str(kind).capitalize()
                )


async def _from_commerce(kind: Kind, wanted: Sequence[str], run: Run) -> None:
    name, connection = run.context.one(run.context.connections())
    async with run.context.opened() as services:
        systems = await services.systems_pool.open(name)
        asked = lookups_in(connection, systems.items, systems.accounts, systems.digest_of)
        lookups = replace(asked, websites=await systems.websites.ours())
        read = systems.customers.get if kind is Kind.CUSTOMER else systems.companies.get
        for one in wanted:
            document = await read(int(one)) if one.isascii() and one.isdigit() else None
            if document is None:
                run.unusable(
                    Unusable(
                        one, f"Commerce has no such {kind}", "Check the id and the connection."
                    )
                )
            else:
                run.show(
                    await PREVIEWS[kind](document, connection, lookups), str(kind).capitalize()
                )
