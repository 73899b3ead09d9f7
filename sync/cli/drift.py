"""`drift`: where the shop shows something else than F&O says now."""

import asyncio
import sys
from typing import Annotated

import typer

from sync.cli.asking import PATIENCE, Patience, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, note, table
from sync.cli.publishing import Published
from sync.engine.drift import Drift
from sync.operating.asking import in_words
from sync.operating.publications import differences, drift_rows, repaired

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
        return await differences(services, systems, flow, skus)


async def _repaired(context: CommandContext, flow: str, keys: list[str], wait: int) -> None:
    async with context.systems(changes=True) as (services, systems):
        asking = await repaired(services, systems.name, flow, keys)
        outcomes = await report_outcomes(context, asking, wait)
    note(f"Enqueued: a run over {flow}.{in_words(outcomes)}")


def _agreed(context: CommandContext, found: list[Drift]) -> bool:
    if context.as_json or not sys.stdin.isatty():
        return False
    return typer.confirm(f"Publish {len({one.key for one in found})} rows again?", err=True)


def _report(context: CommandContext, found: list[Drift]) -> None:
    if context.as_json:
        for row in drift_rows(found):
            json_line(row)
        return
    table(COLUMNS, [tuple(row[name] for name in COLUMNS) for row in drift_rows(found)])
    line(f"Differences: {len(found)}.")
