"""`skip`: store a person's decision that a parked record is not delivered."""

import asyncio

import typer

from sync.cli.command import context_of
from sync.cli.options import By
from sync.cli.pausing import user_name
from sync.cli.resolve import Flow, Key, Why
from sync.operating.deciding import skipped
from sync.operating.problem import Problem
from sync.operating.records import checked


def skip(ctx: typer.Context, *, flow: Flow, key: Key, why: Why, by: By = "") -> None:
    """Store that a parked record is not delivered: it leaves the list of the parked.

    Nothing is written to either system. Where a write of it was under way, look in D365 first. What
    is told of the record later, and `replay`, have it looked at again.

    For example:

    python -m sync skip orders 000000042@1 --why "test order of the shop's builder"
    """
    context = context_of(ctx)
    if not why.strip():
        raise Problem("--why is empty", remedy="Write down what was decided.")

    async def decide() -> None:
        async with context.opened(changes=True) as services:
            ledgers = checked(services, context.connection, flow)
            claim = await skipped(ledgers, flow, key, why=why.strip(), by=by or user_name())
            place = {"connection": claim.connection, "flow": claim.flow, "key": claim.key}
            context.tell({**place, "skipped": True}, f"Skipped: {claim.flow} {claim.key}.")

    asyncio.run(decide())
