"""`preview returns`: what would become of an RMA. Nothing is written."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.flows.returns.rma_records import RETURNS
from sync.operating.problem import Problem
from sync.preview.previews import Preview
from sync.preview.returns import preview_return

Rmas = Annotated[
    list[str] | None,
    typer.Option("--rma", metavar="NUMBER", help="Increment id of an RMA; repeatable."),
]
Whole = Annotated[bool, typer.Option("--documents", help="Show the whole requests.")]


def returns(ctx: typer.Context, *, rmas: Rmas = None, documents: Whole = False) -> None:
    """Show the return order that an RMA would be in D365, what Commerce would show of it, and the
    refund of each credit note. Both systems are asked.

    Exit status: 0 all can be delivered, 1 some would wait for a person.

    For example:

    python -m sync preview returns --rma 000000003

    python -m sync preview returns --rma 000000003 --json
    """
    if not rmas:
        raise Problem("no RMA is named", remedy="For example: --rma 000000003")
    run = Run(context_of(ctx), documents)
    for found in asyncio.run(_previewed(run.context, rmas)):
        run.show(found, "Return")
    raise typer.Exit(run.status)


async def _previewed(context: CommandContext, rmas: list[str]) -> list[Preview]:
    found: list[Preview] = []
    async with context.systems() as (services, systems):
        if RETURNS not in systems.settings.flows:
            raise Problem("returns is not on", remedy='Add "returns" to flows in connections.toml.')
        for number in rmas:
            of_rma = await preview_return(number, systems, services.ledger, services.documents)
            if not of_rma:
                what = f"the shop has no RMA {number} in a store of this connection"
                raise Problem(what, remedy="Look at it in Commerce: Sales > Returns.")
            found += of_rma
    return found
