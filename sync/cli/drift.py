"""`drift`: where the shop shows something else than F&O says now."""

import asyncio
import sys
from typing import Annotated

import typer

from sync.cli.asking import PATIENCE, Patience, report_outcomes
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, note, table
from sync.operating.asking import in_words
from sync.operating.publications import (
    BY_NAME,
    KEPT,
    SENT,
    Deviation,
    differences,
    keys_of,
    published_by,
    repaired,
)

DIFFERS = 1
"""Exit status: something differs."""
COLUMNS = (
    "sku", "scope", "field", "commerce", "dynamics", "mirror", "changed_in", "since", "action",
)  # fmt: skip


def drift(
    ctx: typer.Context,
    flow: Annotated[
        str, typer.Argument(metavar="[FLOW]", help=f"{', '.join(BY_NAME)}; without it, all.")
    ] = "",
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

    `changed_in`: where the field was changed since Commerce confirmed it. `mirror`: `confirmed`,
    something else has written in Commerce `since`; `outdated`, the next run sends it anyway.
    `action` is by `drift` in the flow's settings: --repair sends `repair` and `publish`, leaves
    `report` alone, and lets Commerce keep `adopt`.

    Exit status: 0 nothing differs, 1 something does.

    For example:

    python -m sync drift --json

    python -m sync drift stock --repair
    """
    context = context_of(ctx)
    found = asyncio.run(_drift(context, flow, skus or []))
    _report(context, found)
    if found and repair and (yes or _agreed(context, found)):
        asyncio.run(_repaired(context, found, wait))
    elif found and repair:
        note("Nothing was repaired. Add --yes to repair it.")
    if found:
        raise typer.Exit(DIFFERS)


async def _drift(context: CommandContext, flow: str, skus: list[str]) -> list[Deviation]:
    async with context.systems() as (services, systems):
        flows = [flow] if flow else published_by(systems.settings, of_skus=bool(skus))
        return [one for name in flows for one in await differences(services, systems, name, skus)]


async def _repaired(context: CommandContext, found: list[Deviation], wait: int) -> None:
    async with context.systems(changes=True) as (services, systems):
        asking = await repaired(services, systems, found)
        outcomes = await report_outcomes(context, asking, wait)
    flows = ", ".join(dict.fromkeys(one.flow for one in found if one.action in SENT))
    note(f"Enqueued: a run over {flows or 'nothing'}.{in_words(outcomes)}")


def _agreed(context: CommandContext, found: list[Deviation]) -> bool:
    if context.as_json or not sys.stdin.isatty():
        return False
    sent, adopted = len(keys_of(found, SENT)), len(keys_of(found, KEPT))
    return typer.confirm(f"Publish {sent} rows again, and adopt {adopted}?", err=True)


def _report(context: CommandContext, found: list[Deviation]) -> None:
    rows = [one.as_json() for one in found]
    if context.as_json:
        for row in rows:
            json_line(row)
        return
    table(COLUMNS, [tuple(row[name] for name in COLUMNS) for row in rows])
    line(f"Differences: {len(found)}.")
