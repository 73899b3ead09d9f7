"""`preview shipments`: what would be shipped of an order's packing slips. Nothing is."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.flows.fulfilment.shipments import SHIPMENTS
from sync.operating.problem import Problem
from sync.preview.previews import Preview
from sync.preview.slips import preview_slips

Orders = Annotated[
    list[str] | None,
    typer.Option("--order", metavar="NUMBER", help="Increment id of an order; repeatable."),
]
Whole = Annotated[bool, typer.Option("--documents", help="Show the whole requests.")]


def shipments(ctx: typer.Context, *, orders: Orders = None, documents: Whole = False) -> None:
    """Show the shipment that each packing slip of an order would be in Commerce, and what its
    shipments lack already. Both systems are asked.

    Exit status: 0 all can be shown, 1 some would wait for a person.

    For example:

    python -m sync preview shipments --order 000000042

    python -m sync preview shipments --order 000000042 --json
    """
    if not orders:
        raise Problem("no order is named", remedy="For example: --order 000000042")
    run = Run(context_of(ctx), documents)
    for found in asyncio.run(_previewed(run.context, orders)):
        run.show(found, "Slip")
    raise typer.Exit(run.status)


async def _previewed(context: CommandContext, orders: list[str]) -> list[Preview]:
    found: list[Preview] = []
    async with context.systems() as (services, systems):
        if SHIPMENTS not in systems.settings.flows:
            remedy = 'Add "shipments" to flows in connections.toml.'
            raise Problem("shipments is not on", remedy=remedy)
        for number in orders:
            of_order = await preview_slips(number, systems, services.ledger, services.documents)
            if not of_order:
                what = f"order {number} has no packing slip, or was not posted by us"
                raise Problem(what, remedy=f"Look at `trail {number}`.")
            found += of_order
    return found
