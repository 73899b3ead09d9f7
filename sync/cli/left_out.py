"""`left-out`: the accounts in D365 that go without an address which could not be mapped."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.output import json_lines, line, table
from sync.engine.claim import Claim
from sync.operating.parked import as_row
from sync.operating.records import checked

AccountFlow = Annotated[
    str, typer.Option("--flow", metavar="FLOW", help="Only this flow: customers or companies.")
]


def left_out(ctx: typer.Context, flow: AccountFlow = "") -> None:
    """List the accounts that were delivered without an address: which address, why, and what to do.

    No order waits for them; an order brings its own addresses. Add what is missing to
    connections.toml, then `replay --left-out`.

    For example:

    python -m sync left-out

    python -m sync left-out --connection bikes-de --json
    """
    context = context_of(ctx)
    claims = asyncio.run(_found(ctx, flow))
    if context.as_json:
        json_lines({**as_row(claim), "kind": "left_out"} for claim in claims)
    elif not claims:
        line("No account goes without an address.")
    else:
        columns = ("connection", "flow", "key", "account", "reason", "what to do")
        rows = [(c.connection, c.flow, c.key, c.number, c.reason, c.remedy) for c in claims]
        table(columns, rows, title=f"Accounts that go without an address: {len(claims)}")


async def _found(ctx: typer.Context, flow: str) -> list[Claim]:
    context = context_of(ctx)
    async with context.opened() as services:
        return await checked(services, context.connection, flow).left_out()
