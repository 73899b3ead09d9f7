"""`parked`: everything that waits for a person, with the reason and what to do."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.options import OneFlow
from sync.cli.output import json_lines, line, table
from sync.core.message_queue import DeadLetter
from sync.engine.claim import Claim
from sync.engine.message import Message
from sync.engine.refused_keys import RefusedKey
from sync.operating.parked import as_row, key_row, letter_row
from sync.operating.records import Ledgers, checked

Reason = Annotated[
    str, typer.Option(metavar="TEXT", help="Only those whose reason holds this text.")
]


def parked(ctx: typer.Context, flow: OneFlow = "", reason: Reason = "") -> None:
    """List parked records, messages that were set aside after too many deliveries, and keys that
    were refused.

    Mend the cause, then `replay`. A record whose sums differ in both systems is delivered, and is
    listed until they agree or somebody decides on them with `resolve`.

    For example:

    python -m sync parked

    python -m sync parked --flow orders --json
    """
    context = context_of(ctx)
    claims, letters, keys = asyncio.run(_found(ctx, flow, reason))
    if context.as_json:
        json_lines(as_row(claim) for claim in claims)
        json_lines(letter_row(*pair) for pair in letters)
        json_lines(key_row(key) for key in keys)
        return
    if not claims and not letters and not keys:
        line("Nothing is parked.")
    show(claims, letters)
    columns = ("connection", "flow", "key", "origin", "reason", "remedy", "at")
    cells = [tuple(key_row(key)[name] for name in columns) for key in keys]
    table(columns, cells, title=f"Keys refused: {len(keys)}")


def show(claims: list[Claim], letters: list[tuple[DeadLetter, Message | None]]) -> None:
    """Both lists as tables."""
    columns = ("connection", "flow", "key", "reason", "what to do")
    rows = [(c.connection, c.flow, c.key, c.reason, c.remedy) for c in claims]
    table(columns, rows, title=f"Parked: {len(claims)}")
    cells = [
        tuple(letter_row(*pair)[name] for name in ("connection", "flow", "key", "reason", "remedy"))
        for pair in letters
    ]
    table(columns, cells, title=f"Messages set aside: {len(letters)}")


async def _found(
    ctx: typer.Context, flow: str, reason: str
) -> tuple[list[Claim], list[tuple[DeadLetter, Message | None]], list[RefusedKey]]:
    context = context_of(ctx)
    async with context.opened() as services:
        ledgers: Ledgers = checked(services, context.connection, flow)
        keys = [
            key
            async for key in services.refused_keys.all()
            if context.connection in ("", key.connection)
            and flow in ("", key.flow)
            and reason.lower() in key.reason
        ]
        return await ledgers.parked(reason), await ledgers.dead_letters(reason), keys
