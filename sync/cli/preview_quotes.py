"""`preview quotes`: what would become of a quote. Nothing is written."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.flows.quotes.quote_records import QUOTES
from sync.operating.problem import Problem
from sync.preview.previews import Preview
from sync.preview.quotes import preview_quote, preview_template

Ids = Annotated[
    list[str] | None,
    typer.Option("--quote", metavar="ID", help="Id of a negotiable quote; repeatable."),
]
Templates = Annotated[
    list[str] | None,
    typer.Option("--template", metavar="ID", help="Id of a quote template; repeatable."),
]
Whole = Annotated[bool, typer.Option("--documents", help="Show the whole requests.")]


def quotes(
    ctx: typer.Context, *, ids: Ids = None, templates: Templates = None, documents: Whole = False
) -> None:
    """Show the quotation that a quote would be in D365, and the answer that its buyer would see.
    Both systems are asked.

    Exit status: 0 all can be delivered, 1 some would wait for a person.

    For example:

    python -m sync preview quotes --quote 42

    python -m sync preview quotes --quote 42 --json
    """
    if not (ids or templates):
        raise Problem("no quote is named", remedy="For example: --quote 42")
    run = Run(context_of(ctx), documents)
    for found in asyncio.run(_previewed(run.context, ids or (), templates or ())):
        run.show(found, "Quote")
    raise typer.Exit(run.status)


async def _previewed(
    context: CommandContext, ids: Sequence[str], templates: Sequence[str]
) -> list[Preview]:
    found: list[Preview] = []
    async with context.systems() as (services, systems):
        if QUOTES not in systems.settings.flows:
            raise Problem("quotes is not on", remedy='Add "quotes" to flows in connections.toml.')
        for one in ids:
            found += await preview_quote(one, systems, services.ledger, services.documents)
        for one in templates:
            found += await preview_template(one, systems, services.ledger, services.documents)
    return found
