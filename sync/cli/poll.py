"""`poll`: look for changes now instead of at the next turn of the schedule."""

import asyncio
from typing import Any

import typer

from sync.app.services import Services
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.options import OneFlow
from sync.cli.output import json_lines, progress, table
from sync.core.ports import Row
from sync.engine.watermarks import WATERMARKS, Watermark
from sync.operating.records import flow_called

NOT_ALL = 1
"""Exit status: some connection could not be polled."""


def poll(ctx: typer.Context, flow: OneFlow = "") -> None:
    """Ask Commerce once what changed since the last poll, and enqueue it. A running `serve`
    delivers it.

    Exit status: 0 polled, 1 some connection is paused or could not be asked; the log line before it
    says why.

    For example:

    python -m sync poll

    python -m sync poll --flow orders --connection bikes-de
    """
    context = context_of(ctx)
    rows = asyncio.run(_polled(context, flow))
    if context.as_json:
        json_lines(rows)
    else:
        cells = [
            (r["connection"], r["flow"], r["found"] if r["polled"] else "not polled", r["until"])
            for r in rows
        ]
        table(("connection", "flow", "enqueued>", "looked until (UTC)"), cells)
    if not all(row["polled"] for row in rows):
        raise typer.Exit(NOT_ALL)


async def _polled(context: CommandContext, flow: str) -> list[dict[str, Any]]:
    async with context.opened(changes=True) as services:
        flows = [flow_called(services, flow)] if flow else list(services.flows.values())
        names = [context.connection] if context.connection else list(services.connections)
        pairs = [
            (n, f.name) for f in flows for n in names if f.name in services.connections[n].flows
        ]
        rows = []
        with progress("Polls", len(pairs), as_json=context.as_json) as bar:
            for name, flow_name in pairs:
                rows.append(await _one(services, name, flow_name))
                bar.advance()
        return rows


async def _one(services: Services, name: str, flow: str) -> dict[str, Any]:
    """One poll, in as many runs as its window takes. The poll logs what stops it; that the
    watermark was not written again is how we know."""
    found, polled, mark = 0, False, await _mark(services, name, flow)
    while not polled or Watermark.of(mark).is_behind:
        before = mark
        found += await services.polling.poll(flow, name)
        mark = await _mark(services, name, flow)
        if mark is None or (before is not None and before.etag == mark.etag):
            break
        polled = True
    return {
        "connection": name, "flow": flow, "polled": polled, "found": found,
        "until": Watermark.of(mark).at,
    }  # fmt: skip


async def _mark(services: Services, name: str, flow: str) -> Row | None:
    return await services.edition_parts.tables.get(WATERMARKS, name, flow)
