"""`events`: the D365 business events that came in, known or not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from sync.app.services import Services
from sync.cli.command import context_of
from sync.cli.output import json_line, line, table
from sync.core.ports import Row
from sync.intake_http.business_events import NOBODY, TABLE

MOST = 50
"""Events shown unless more are asked for."""
Unknown = Annotated[
    bool, typer.Option("--unknown", help="Only those that no flow of the connection knows.")
]
Most = Annotated[
    int, typer.Option(metavar="N", min=1, help="Show at most so many, the newest first.")
]


def events(ctx: typer.Context, unknown: Unknown = False, most: Most = MOST) -> None:
    """List the business events of D365 that came in: when, which, of what legal entity, and the
    flow that took them.

    Without a flow nothing was done: no flow of the connection knows the event, or it is of another
    legal entity. Events of legal entities that no connection has are shown under the connection
    "-".

    For example:

    python -m sync events

    python -m sync events --unknown --json
    """
    context = context_of(ctx)
    found = asyncio.run(_found(ctx, unknown=unknown))
    shown = sorted(found, key=lambda row: str(row.values.get("taken_at")), reverse=True)[:most]
    if context.as_json:
        for row in shown:
            json_line(as_row(row))
        return
    if not shown:
        line("No business events.")
    columns = ("connection", "taken at", "event", "legal entity", "flow", "id")
    names = ("connection", "taken_at", "event", "company", "flow", "id")
    title = f"Business events: {len(found)}" + (f", the newest {most}" if len(found) > most else "")
    table(columns, [tuple(as_row(row)[name] for name in names) for row in shown], title=title)


def as_row(row: Row) -> dict[str, Any]:
    """An event as JSON."""
    cells = row.values
    return {
        "connection": row.partition, "id": row.key, "event": cells.get("event"),
        "company": cells.get("company"),
        "at": cells.get("at"), "taken_at": cells.get("taken_at"),
        "control_number": cells.get("control"),
        "flow": cells.get("flow", ""),
    }  # fmt: skip


async def _found(ctx: typer.Context, *, unknown: bool) -> list[Row]:
    context = context_of(ctx)
    async with context.opened() as services:
        names = [context.connection] if context.connection else [*services.connections, NOBODY]
        return [
            row
            async for row in _events(services, names)
            if not (unknown and row.values.get("flow"))
        ]


async def _events(services: Services, names: list[str]) -> AsyncIterator[Row]:
    for name in names:
        async for row in services.edition_parts.tables.query(TABLE, name):
            yield row
