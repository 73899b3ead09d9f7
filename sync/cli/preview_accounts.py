"""`preview customers` and `preview companies`: the accounts they would get."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import typer

from sync.cli.command import place_of
from sync.cli.order_files import Unusable, files_in
from sync.cli.order_lookups import lookups_in
from sync.cli.paper_files import papers_of
from sync.cli.previewing import Documents, Files, Run, require_one_source, rules, wanted_ids
from sync.connections import Connection
from sync.preview.accounts import preview_company, preview_customer
from sync.preview.orders import Lookups, Preview
from sync.preview.papers import Kind

PREVIEWS: Final[Mapping[Kind, Callable[[Any, Connection, Lookups], Awaitable[Preview]]]] = {
    Kind.CUSTOMER: preview_customer,
    Kind.COMPANY: preview_company,
}


def customers(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[str, typer.Option(metavar="A,B,C", help="Read these customers from Commerce, by id.")] = "",
    documents: Documents = False,
) -> None:
    """Show the account that each customer would get in D365, with its addresses.

    A file holds a customer as REST answers it, a list, or a search answer. D365 is not asked: a customer who would be
    recognised there is shown with a new account.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview customers customer.json
    """
    require_one_source(files, ids, "preview customers customer.json")
    run = Run(place_of(ctx), documents)
    asyncio.run(_accounts(Kind.CUSTOMER, files or [], ids, run))
    raise typer.Exit(run.status)


def companies(
    ctx: typer.Context,
    files: Files = None,
    ids: Annotated[str, typer.Option(metavar="A,B,C", help="Read these companies from Commerce, by id.")] = "",
    documents: Documents = False,
) -> None:
    """Show the account that each B2B company would get in D365.

    A file holds a company as REST answers it, a list, or a search answer.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview companies company.json
    """
    require_one_source(files, ids, "preview companies company.json")
    run = Run(place_of(ctx), documents)
    asyncio.run(_accounts(Kind.COMPANY, files or [], ids, run))
    raise typer.Exit(run.status)


async def _accounts(kind: Kind, files: Sequence[str], ids: str, run: Run) -> None:
    if ids:
        await _from_commerce(kind, wanted_ids(ids), run)
        return
    found = papers_of(files_in(files, run.unusable), (kind,), run.unusable)
    async with rules(run.place, None) as (connection, lookups):
        for _, papers in found:
            for document in papers.of(kind):
                run.show(await PREVIEWS[kind](document, connection, lookups), str(kind).capitalize())


async def _from_commerce(kind: Kind, wanted: Sequence[str], run: Run) -> None:
    name, connection = run.place.one(run.place.connections())
    async with run.place.opened() as services:
        desk = await services.desks.open(name)
        asked = lookups_in(connection, desk.items, desk.accounts, desk.digest_of)
        lookups = replace(asked, websites=await desk.websites.ours())
        read = desk.customers.get if kind is Kind.CUSTOMER else desk.companies.get
        for one in wanted:
            document = await read(int(one)) if one.isascii() and one.isdigit() else None
            if document is None:
                run.unusable(Unusable(one, f"Commerce has no such {kind}", "Check the id and the connection."))
            else:
                run.show(await PREVIEWS[kind](document, connection, lookups), str(kind).capitalize())
