"""`resolve`: store a person's decision on a record whose sums differ in both systems."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext, Problem
from sync.cli.options import By
from sync.cli.pausing import user_name
from sync.cli.records import Ledgers, checked, is_called
from sync.engine.claim import Claim, State
from sync.engine.resolving import resolve as decide

Flow = Annotated[str, typer.Argument(metavar="FLOW", help="For example: orders.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="As `parked` and `trail` show it.")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="What was decided; the trail keeps it.")]


def resolve(ctx: typer.Context, *, flow: Flow, key: Key, why: Why, by: By = "") -> None:
    """Store that the sums of a delivered record may stay as they are, though both systems differ.

    It leaves the list of the parked. Nothing is written to either system. The decision is on the
    sums that `parked` shows: where they change, it is listed again. To look at both systems again
    instead, `replay` it.

    For example:

    python -m sync resolve orders 000000042@1 --why "charged by invoice 4711"
    """
    context = context_of(ctx)
    if not why.strip():
        raise Problem("--why is empty", remedy="Write down what was decided.")
    claim = asyncio.run(_resolved(context, flow, key, why=why.strip(), by=by or user_name()))
    place = {"connection": claim.connection, "flow": claim.flow, "key": claim.key}
    sentence = f"Resolved: {claim.flow} {claim.key} stays at {claim.differs}."
    context.tell({**place, "resolved": claim.differs}, sentence)


async def _resolved(context: CommandContext, flow: str, key: str, *, why: str, by: str) -> Claim:
    async with context.opened(changes=True) as services:
        claim = await _the_one(checked(context, services, flow), flow, key)
        clock = services.edition_parts.clock
        if not await decide(services.ledger, clock, claim, why=why, by=by):
            what = f"the sums of {flow} {claim.key} have just changed; nothing was decided"
            raise Problem(what, remedy="Look at `parked` again.")
    return claim


async def _the_one(ledgers: Ledgers, flow: str, key: str) -> Claim:
    """The record of that key or number whose sums differ. Raises `Problem`."""
    found = [claim for claim in await ledgers.find(key) if is_called(claim.key, key)]
    asking = [claim for claim in found if claim.is_different]
    if len(asking) == 1:
        return asking[0]
    if asking:
        keys = ", ".join(f"{one.key} ({one.connection})" for one in asking)
        raise Problem(f"{key} may be: {keys}", remedy="Name the full key, and --connection.")
    if any(claim.state is State.PARKED for claim in found):
        what = f"{flow} {key} is not delivered: there is nothing to decide on"
        raise Problem(what, remedy="`parked` shows what to do; then `replay` it.")
    what = f"no sums of {flow} {key} wait for a decision"
    raise Problem(what, remedy="`parked` lists what does.")
