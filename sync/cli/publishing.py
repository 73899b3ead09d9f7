"""`publish`, `touch`, `approve`: what a person asks of the flows that keep many rows equal."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from sync.app.services import Services
from sync.cli.asking import PATIENCE, Patience, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, note, table
from sync.cli.preview_rows import changed_rows, show_rows
from sync.engine.publication import EVERYTHING
from sync.operating.asking import Asked, Asking, Outcome
from sync.operating.problem import Problem
from sync.operating.publications import BY_NAME, OF_CATALOGUE, publication

Published = Annotated[str, typer.Argument(metavar="FLOW", help=f"{', '.join(BY_NAME)}.")]


def publish(
    ctx: typer.Context,
    flow: Published,
    *,
    skus: Annotated[
        list[str] | None, typer.Option("--sku", metavar="SKU", help="Only this one; repeatable.")
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="What differs from what was shown last (default).")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Send every row again, changed or not.")
    ] = False,
    wait: Patience = PATIENCE,
) -> None:
    """Publish now instead of at the next turn of the schedule. A running `serve` does it.

    For example:

    python -m sync publish stock

    python -m sync publish stock --sku SHIRT-RED-M

    python -m sync publish stock --all
    """
    if [bool(skus), changed, every].count(True) > 1:
        raise Problem("name one of --sku, --changed and --all", remedy="For example: --all")
    origin = "replay" if skus or every else "publish"
    keys = skus or [EVERYTHING]
    asyncio.run(_asked(context_of(ctx), flow, keys, origin, wait, is_doubted=every))


def touch(
    ctx: typer.Context,
    skus: Annotated[list[str], typer.Argument(metavar="SKU...", help="As Commerce has them.")],
    wait: Patience = PATIENCE,
) -> None:
    """Say that something of these products may have changed: every flow that publishes them looks
    at once.

    For example:

    python -m sync touch SHIRT-RED-M
    """
    context = context_of(ctx)
    settings = context.connections().connections
    flows = {flow for name in settings for flow in settings[name].flows} & OF_CATALOGUE
    if not flows:
        remedy = f"Add one to flows in connections.toml: {', '.join(BY_NAME)}."
        raise Problem("no flow publishes products", remedy=remedy)
    for flow in sorted(flows):
        asyncio.run(_asked(context, flow, skus, "touch", wait))


def approve(
    ctx: typer.Context,
    flow: Published,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not list and ask first.")] = False,
    wait: Patience = PATIENCE,
) -> None:
    """Let a run go ahead that was stopped because too much would change. It lists what would
    change, and asks.

    For example:

    python -m sync approve stock
    """
    context = context_of(ctx)
    if yes or asyncio.run(_agreed(context, flow)):
        asyncio.run(_asked(context, flow, [EVERYTHING], "replay", wait))
    else:
        note("Nothing was approved. Add --yes to approve it.")


async def _agreed(context: CommandContext, name: str) -> bool:
    async with context.systems() as (services, systems):
        found = await changed_rows(publication(name), systems, services.ledger)
    show_rows(context, found)
    if context.as_json or not sys.stdin.isatty():
        return False
    return typer.confirm(f"Publish these {len(found)}?", err=True)


async def _asked(
    context: CommandContext, name: str, keys: list[str], origin: str, wait: int, *,
    is_doubted: bool = False,
) -> None:  # fmt: skip
    publication(name)
    async with context.opened(changes=True) as services:
        connection = _connection(context, services, name)
        if is_doubted:
            mirror, partition = services.ledger.mirror, f"{connection}|{name}"
            await mirror.doubt(partition, await mirror.whole(partition))
        asking = Asking(services, origin)
        await asking.ask(connection, name, keys)
        _report(context, await report_outcomes(context, asking, wait))


def _connection(context: CommandContext, services: Services, flow: str) -> str:
    """The one that is meant. Raises `Problem` where the flow is not on, or several have it."""
    names = [name for name, one in services.connections.items() if flow in one.flows]
    wanted = [name for name in names if context.connection in ("", name)]
    if not wanted:
        raise Problem(f"{flow} is not on", remedy=f'Add "{flow}" to flows in connections.toml.')
    if len(wanted) > 1:
        raise Problem(
            f"several connections publish {flow}",
            remedy=f"Name one with --connection: {', '.join(wanted)}.",
        )
    return wanted[0]


def _report(context: CommandContext, outcomes: Mapping[Asked, Outcome]) -> None:
    rows = [
        {
            "connection": asked.connection, "flow": asked.flow, "key": asked.key,
            "outcome": came.outcome, "number": came.number, "reason": came.reason,
            "remedy": came.remedy,
        }
        for asked, came in outcomes.items()
    ]  # fmt: skip
    if context.as_json:
        for row in rows:
            json_line(row)
        return
    table([*(rows[0] if rows else {})], [tuple(row.values()) for row in rows])
    line(f"Enqueued: {len(rows)}.")
