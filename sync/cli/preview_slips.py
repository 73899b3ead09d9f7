"""`preview shipments`, `captures`, `status` and `cancellations`: what would be shown of an order's
slips, of its invoices, of how F&O gets on with it, and of what F&O cancelled. Nothing is."""

from functools import partial
from typing import Final

import typer

from sync.cli.preview_numbers import Numbered, Whole, show_numbers
from sync.cli.preview_records import Orders
from sync.flows.fulfilment.cancellations import CANCELLATIONS
from sync.flows.fulfilment.order_totals import CAPTURES
from sync.flows.fulfilment.shipments import SHIPMENTS
from sync.flows.fulfilment.status import STATUS
from sync.preview.slips import preview_slips

NOUNS: Final = {
    SHIPMENTS: "Slip", CAPTURES: "Invoice", STATUS: "Progress", CANCELLATIONS: "Sales order",
}  # fmt: skip


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
    noun = NOUNS[flow]
    named = {"Slip": "packing slip"}.get(noun, noun.lower())
    of = Numbered(
        flow, noun, partial(preview_slips, flow=flow),
        "--order 000000042",
        f"F&O shows no {named} of order {{number}}, or it was not posted by us",
        "Look at `trail {number}`.",
    )  # fmt: skip
    show_numbers(ctx, (of, orders), documents=whole)
