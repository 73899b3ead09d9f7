"""`preview returns`: what would become of an RMA. Nothing is written."""

from typing import Annotated, Final

import typer

from sync.cli.preview_numbers import Numbered, show_numbers
from sync.flows.returns.rma_records import RETURNS
from sync.preview.returns import preview_return

Rmas = Annotated[
    list[str] | None,
    typer.Option("--rma", metavar="NUMBER", help="Increment id of an RMA; repeatable."),
]
RETURN: Final = Numbered(
    RETURNS, "Return", preview_return,
    "no RMA is named", "--rma 000000003",
    "the shop has no RMA {number} in a store of this connection",
    "Look at it in Commerce: Sales > Returns.",
)  # fmt: skip
Whole = Annotated[bool, typer.Option("--documents", help="Show the whole requests.")]


def returns(ctx: typer.Context, *, rmas: Rmas = None, documents: Whole = False) -> None:
    """Show the return order that an RMA would be in D365, what Commerce would show of it, and the
    refund of each credit note. Both systems are asked.

    Exit status: 0 all can be delivered, 1 some would wait for a person.

    For example:

    python -m sync preview returns --rma 000000003

    python -m sync preview returns --rma 000000003 --json
    """
    show_numbers(ctx, RETURN, rmas, documents=documents)
