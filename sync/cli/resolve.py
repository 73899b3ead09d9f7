"""`resolve`: store a person's decision on a record whose sums differ in both systems."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.options import By
from sync.cli.pausing import user_name
from sync.engine.claim import Claim
from sync.operating.deciding import accepted, resolved
from sync.operating.problem import Problem
from sync.operating.records import checked

Flow = Annotated[str, typer.Argument(metavar="FLOW", help="For example: orders.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="As `parked` and `trail` show it.")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="What was decided; the trail keeps it.")]


Sums = Annotated[
    str, typer.Option(metavar="TEXT", help="The sums of a difference, as `reconcile` names them.")
]


def resolve(
    ctx: typer.Context, *, flow: Flow, key: Key, why: Why, sums: Sums = "", by: By = ""
) -> None:
    """Store that the sums of a delivered record may stay as they are, though both systems differ.

    It leaves the list of the parked. Nothing is written to either system. The decision is on the
    sums that `parked` shows: where they change, it is listed again. To look at both systems again
    instead, `replay` it. With --sums the decision is on a difference of `reconcile`, which then
    leaves it out.

    For example:

    python -m sync resolve orders 000000042@1 --why "charged by invoice 4711"
    """
    context = context_of(ctx)
    if not why.strip():
        raise Problem("--why is empty", remedy="Write down what was decided.")
    who = {"why": why.strip(), "by": by or user_name()}
    claim = asyncio.run(_resolved(context, flow, key, sums, **who))
    place = {"connection": claim.connection, "flow": claim.flow, "key": claim.key}
    stays = sums or claim.differs
    sentence = f"Resolved: {claim.flow} {claim.key} stays at {stays}."
    context.tell({**place, "resolved": stays}, sentence)


async def _resolved(
    context: CommandContext, flow: str, key: str, sums: str, *, why: str, by: str
) -> Claim:
    async with context.opened(changes=True) as services:
        ledgers = checked(services, context.connection, flow)
        if sums:
            return await accepted(ledgers, flow, key, sums, why=why, by=by)
        return await resolved(ledgers, flow, key, why=why, by=by)
