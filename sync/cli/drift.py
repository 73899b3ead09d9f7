"""`drift`: where the shop shows something else than F&O says now."""

import asyncio
import sys
from typing import Annotated, Any

import typer

from sync.cli.asking import PATIENCE, Asking, Patience, in_words, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, note, table
from sync.cli.publishing import Published, publication
from sync.engine.drift import Drift
from sync.engine.drift import drift as differences
from sync.engine.publication import EVERYTHING

DIFFERS = 1
"""Exit status: something differs."""
COLUMNS = ("sku", "scope", "field", "commerce", "dynamics", "mirror", "owner", "action")


def drift(
    ctx: typer.Context,
    flow: Published,
    *,
    skus: Annotated[
        list[str] | None, typer.Option("--sku", metavar="SKU", help="Only this one; repeatable.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Publish what differs, after showing it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --repair: do not ask.")] = False,
    wait: Patience = PATIENCE,
) -> None:
    """Compare what Commerce shows with what F&O says now, field by field.

    `mirror` tells what we know of the row: `confirmed` means that Commerce did show F&O's state and
    something else has written there since; `outdated` that the next run sends it anyway.

    Exit status: 0 nothing differs, 1 something does.

    For example:

    python -m sync drift stock --json

    python -m sync drift stock --repair
    """
    context = context_of(ctx)
    found = asyncio.run(_drift(context, flow, skus or []))
    _report(context, found)
    if found and repair and (yes or _agreed(context, found)):
        asyncio.run(_repaired(context, flow, sorted({one.key for one in found}), wait))
    elif found and repair:
        note("Nothing was repaired. Add --yes to repair it.")
    if found:
        raise typer.Exit(DIFFERS)


async def _drift(context: CommandContext, flow: str, skus: list[str]) -> list[Drift]:
    async with context.systems() as (services, systems):
        found = differences(publication(flow), systems, services.ledger, skus)
        return [one async for one in found]


async def _repaired(context: CommandContext, flow: str, keys: list[str], wait: int) -> None:
    """What differs counts as unknown, so that the next run sends it, as it is then."""
    async with context.systems(changes=True) as (services, systems):
        mirror, partition = services.ledger.mirror, f"{systems.name}|{flow}"
        await mirror.doubt(partition, keys)
        asking = Asking(services, "replay")
        await asking.ask(systems.name, flow, [EVERYTHING])
        outcomes = await report_outcomes(context, asking, wait)
    note(f"Enqueued: a run over {flow}.{in_words(outcomes)}")


def _agreed(context: CommandContext, found: list[Drift]) -> bool:
    if context.as_json or not sys.stdin.isatty():
        return False
    return typer.confirm(f"Publish {len({one.key for one in found})} rows again?", err=True)


def _rows(found: list[Drift]) -> list[dict[str, Any]]:
    return [
        {
            "sku": one.key, "scope": one.scope, "field": one.field, "commerce": one.shown,
            "dynamics": one.wanted, "mirror": one.mirror, "owner": "dynamics", "since": None,
            "action": "repair" if one.mirror == "confirmed" else "publish",
        }
        for one in found
    ]  # fmt: skip


def _report(context: CommandContext, found: list[Drift]) -> None:
    if context.as_json:
        for row in _rows(found):
            json_line(row)
        return
    table(COLUMNS, [tuple(row[name] for name in COLUMNS) for row in _rows(found)])
    line(f"Differences: {len(found)}.")
