"""`preview shipments`, `preview cancellations`: what Commerce would be shown of an order's packing
slips, and of what F&O cancelled of it. Nothing is."""

import asyncio
from typing import Annotated, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.flows.fulfilment.cancellations import CANCELLATIONS
from sync.flows.fulfilment.shipments import SHIPMENTS
from sync.operating.problem import Problem
from sync.preview.previews import Preview
from sync.preview.slips import preview_cancellations, preview_slips

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
    _show(ctx, SHIPMENTS, orders, is_whole=documents)


def cancellations(ctx: typer.Context, *, orders: Orders = None, documents: Whole = False) -> None:
    """Show what would become in Commerce of the pieces that F&O cancelled of an order, and what is
    left for a person. Both systems are asked.

    Exit status: 0 all can be ended, 1 some would wait for a person.

    For example:

    python -m sync preview cancellations --order 000000042

    python -m sync preview cancellations --order 000000042 --json
    """
    _show(ctx, CANCELLATIONS, orders, is_whole=documents)


FLOWS: Final = {
    SHIPMENTS: (preview_slips, "Slip", "has no packing slip, or was not posted by us"),
    CANCELLATIONS: (preview_cancellations, "Sales order", "was not posted by us"),
}
"""Flow -> its preview, what one is called, and why an order has none."""


def _show(ctx: typer.Context, flow: str, orders: list[str] | None, *, is_whole: bool) -> None:
    if not orders:
        raise Problem("no order is named", remedy="For example: --order 000000042")
    run = Run(context_of(ctx), is_whole)
    for found in asyncio.run(_previewed(run.context, flow, orders)):
        run.show(found, FLOWS[flow][1])
    raise typer.Exit(run.status)


async def _previewed(context: CommandContext, flow: str, orders: list[str]) -> list[Preview]:
    found: list[Preview] = []
    preview, _, none = FLOWS[flow]
    async with context.systems() as (services, systems):
        if flow not in systems.settings.flows:
            remedy = f'Add "{flow}" to flows in connections.toml.'
            raise Problem(f"{flow} is not on", remedy=remedy)
        for number in orders:
            of_order = await preview(number, systems, services.ledger, services.documents)
            if not of_order:
                raise Problem(f"order {number} {none}", remedy=f"Look at `trail {number}`.")
            found += of_order
    return found
