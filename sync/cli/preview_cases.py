"""`preview cases`: the case that an RMA or a complaint would be. Nothing is written."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.preview_returns import Rmas, Whole
from sync.cli.previewing import Run
from sync.flows.returns.rma_records import CASES
from sync.mapping.cases import Kind
from sync.operating.problem import Problem
from sync.preview.previews import Preview
from sync.preview.returns import preview_case

Orders = Annotated[
    list[str] | None,
    typer.Option("--order", metavar="NUMBER", help="Increment id of an order; repeatable."),
]


def cases(
    ctx: typer.Context, *, rmas: Rmas = None, orders: Orders = None, documents: Whole = False
) -> None:
    """Show the case that an RMA or a complaint would be in Dataverse, and what the shop would be
    told of its status. All systems are asked.

    Exit status: 0 all can be delivered, 1 some would wait for a person.

    For example:

    python -m sync preview cases --rma 000000003

    python -m sync preview cases --order 000000042 --documents
    """
    asked: list[tuple[str, Kind]] = [(one, "return") for one in rmas or ()]
    asked += [(one, "order") for one in orders or ()]
    if not asked:
        raise Problem("nothing is named", remedy="For example: --rma 000000003")
    run = Run(context_of(ctx), documents)
    for found in asyncio.run(_previewed(run.context, asked)):
        run.show(found, "Case")
    raise typer.Exit(run.status)


async def _previewed(context: CommandContext, asked: list[tuple[str, Kind]]) -> list[Preview]:
    found: list[Preview] = []
    async with context.systems() as (services, systems):
        if CASES not in systems.settings.flows:
            raise Problem("cases is not on", remedy='Add "cases" to flows in connections.toml.')
        for number, kind in asked:
            of_one = await preview_case(number, kind, systems, services.ledger, services.documents)
            if not of_one:
                what = f"the shop has no {kind} {number} in a store of this connection"
                raise Problem(what, remedy="Look at it in Commerce under Sales.")
            found += of_one
    return found
