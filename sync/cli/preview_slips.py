"""`preview shipments`, `captures`, `status` and `cancellations`: what would be shown of an order's
slips, of its invoices, of how F&O gets on with it, and of what F&O cancelled. Nothing is."""

import asyncio
from typing import Annotated, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.flows.fulfilment.cancellations import CANCELLATIONS
from sync.flows.fulfilment.captures import CAPTURES
from sync.flows.fulfilment.shipments import SHIPMENTS
from sync.flows.fulfilment.status import STATUS
from sync.operating.problem import Problem
from sync.preview.previews import Preview
from sync.preview.slips import preview_slips

Orders = Annotated[
    list[str] | None,
    typer.Option("--order", metavar="NUMBER", help="Increment id of an order; repeatable."),
]
NOUNS: Final = {
    SHIPMENTS: "Slip", CAPTURES: "Invoice", STATUS: "Progress", CANCELLATIONS: "Sales order",
}  # fmt: skip
Whole = Annotated[bool, typer.Option("--documents", help="Show the whole requests.")]


def shipments(ctx: typer.Context, *, orders: Orders = None, documents: Whole = False) -> None:
    """Show the shipment that each packing slip of an order would be in Commerce, and what its
    shipments lack already. Both systems are asked.

    Exit status: 0 all can be shown, 1 some would wait for a person.

    For example:

    python -m sync preview shipments --order 000000042

    python -m sync preview shipments --order 000000042 --json
    """
    _show(ctx, SHIPMENTS, orders, whole=documents)


def captures(ctx: typer.Context, *, orders: Orders = None, documents: Whole = False) -> None:
    """Show the invoice that each posted invoice of an order would be in Commerce, and whether money
    would be captured. Both systems are asked.

    Exit status: 0 all can be shown, 1 some would wait for a person.

    For example:

    python -m sync preview captures --order 000000042

    python -m sync preview captures --order 000000042 --json
    """
    _show(ctx, CAPTURES, orders, whole=documents)


def cancellations(ctx: typer.Context, *, orders: Orders = None, documents: Whole = False) -> None:
    """Show what would become in Commerce of the pieces that F&O cancelled of an order, and what is
    left for a person. Both systems are asked.

    Exit status: 0 all can be ended, 1 some would wait for a person.

    For example:

    python -m sync preview cancellations --order 000000042

    python -m sync preview cancellations --order 000000042 --json
    """
    _show(ctx, CANCELLATIONS, orders, whole=documents)


def status(ctx: typer.Context, *, orders: Orders = None, documents: Whole = False) -> None:
    """Show what Commerce would be told of how F&O gets on with an order. Both systems are asked.

    Exit status: 0 all can be told, 1 some would wait for a person.

    For example:

    python -m sync preview status --order 000000042

    python -m sync preview status --order 000000042 --json
    """
    _show(ctx, STATUS, orders, whole=documents)


def _show(ctx: typer.Context, flow: str, orders: list[str] | None, *, whole: bool) -> None:
    if not orders:
        raise Problem("no order is named", remedy="For example: --order 000000042")
    run = Run(context_of(ctx), whole)
    for found in asyncio.run(_previewed(run.context, flow, orders)):
        run.show(found, NOUNS[flow])
    raise typer.Exit(run.status)


async def _previewed(context: CommandContext, flow: str, orders: list[str]) -> list[Preview]:
    found: list[Preview] = []
    async with context.systems() as (services, systems):
        if flow not in systems.settings.flows:
            raise Problem(f"{flow} is not on", remedy=f'Add "{flow}" to flows in connections.toml.')
        for number in orders:
            of_order = await preview_slips(
                number, systems, services.ledger, services.documents, flow
            )
            if not of_order:
                noun = {"Slip": "packing slip"}.get(NOUNS[flow], NOUNS[flow].lower())
                what = f"F&O shows no {noun} of order {number}, or it was not posted by us"
                raise Problem(what, remedy=f"Look at `trail {number}`.")
            found += of_order
    return found
