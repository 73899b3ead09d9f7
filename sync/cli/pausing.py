"""`pause`, `resume` and `paused`: let a flow, a connection or everything stand still for a while.

Nothing is lost meanwhile: notifications are stored, and polls go on later where they stopped.
"""

import asyncio
import getpass
from typing import Annotated, Any, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.options import By, OneFlow
from sync.cli.output import json_line, json_lines, line, table
from sync.engine.flow_pauses import LATEST, FlowPause
from sync.operating.problem import Problem
from sync.operating.records import require_known

COLUMNS: Final = ("connection", "flow", "by", "since (UTC)", "why")
ALL: Final = "(all)"

Why = Annotated[str, typer.Option(metavar="TEXT", help="Shown to everybody who asks.")]
AllOption = Annotated[bool, typer.Option("--all", help="Every flow of every connection.")]


def pause(
    ctx: typer.Context, *, why: Why, flow: OneFlow = "", everything: AllOption = False, by: By = ""
) -> None:
    """Let a flow stand still, in one connection or all; or a connection; or everything.

    From now on no delivery of it begins and no poll runs, also none that another flow needs first.
    Hooks and events are still stored. It holds until `resume`.

    For example:

    python -m sync pause --flow invoices --why "month end closing"

    python -m sync pause --connection bikes-de --why "F&O is updated"
    """
    context = context_of(ctx)
    _require_named(context, flow, everything=everything)
    standing, is_new = asyncio.run(_paused(context, flow, by or user_name(), why))
    if context.as_json:
        json_line({**as_row(standing), "is_new": is_new})
    elif is_new:
        line(f"Paused: {in_words(standing.connection, standing.flow)}. It goes on after `resume`.")
    else:
        since = f"{standing.at:%Y-%m-%d %H:%M} UTC"
        line(f"Paused already, by {standing.by} since {since}: {standing.why}")


def resume(
    ctx: typer.Context, *, flow: OneFlow = "", everything: AllOption = False, by: By = ""
) -> None:
    """Let go on what `pause` stopped. Name the same flow and connection, or --all.

    For example:

    python -m sync resume --flow invoices
    """
    context = context_of(ctx)
    _require_named(context, flow, everything=everything)
    ended, still = asyncio.run(_resumed(context, flow, by or user_name()))
    if ended is None:
        known = "; ".join(in_words(one.connection, one.flow) for one in still)
        remedy = f"These do: {known}." if known else "Nothing is paused."
        raise Problem(f"no pause of {in_words(context.connection, flow)} stands", remedy=remedy)
    what, minutes = in_words(ended.connection, ended.flow), LATEST.total_seconds() / 60
    context.tell(
        {**as_row(ended), "still_paused": [as_row(one) for one in still]},
        f"Resumed: {what}. What waits is delivered within {minutes:.0f} minutes.",
    )
    if not context.as_json:
        _show(still)


def paused(ctx: typer.Context) -> None:
    """List what is paused: by whom, since when and why.

    For example:

    python -m sync paused --json
    """
    context = context_of(ctx)
    standing = asyncio.run(_standing(context))
    if context.as_json:
        json_lines(as_row(one) for one in standing)
    elif standing:
        _show(standing)
    else:
        line("Nothing is paused.")


def as_row(pause: FlowPause) -> dict[str, Any]:
    """A pause as JSON; an empty connection or flow means every one."""
    return {
        "connection": pause.connection, "flow": pause.flow, "by": pause.by, "at": pause.at,
        "why": pause.why,
    }  # fmt: skip


def in_words(connection: str, flow: str) -> str:
    """What a pause stops."""
    return f"{flow or 'all flows'} of {connection or 'all connections'}"


def _show(pauses: tuple[FlowPause, ...]) -> None:
    rows = [(p.connection or ALL, p.flow or ALL, p.by, p.at, p.why) for p in pauses]
    table(COLUMNS, rows, title=f"Paused: {len(rows)}")


def _require_named(context: CommandContext, flow: str, *, everything: bool) -> None:
    if everything == bool(flow or context.connection):
        raise Problem(
            "name a flow, a connection or both; or --all", remedy="For example: --flow invoices"
        )


async def _paused(context: CommandContext, flow: str, by: str, why: str) -> tuple[FlowPause, bool]:
    async with context.opened(changes=True) as services:
        require_known(services, context.connection, flow)
        return await services.flow_pauses.pause(context.connection, flow, by=by, why=why)


async def _resumed(
    context: CommandContext, flow: str, by: str
) -> tuple[FlowPause | None, tuple[FlowPause, ...]]:
    async with context.opened(changes=True) as services:
        ended = await services.flow_pauses.resume(context.connection, flow, by=by)
        return ended, await services.flow_pauses.standing()


async def _standing(context: CommandContext) -> tuple[FlowPause, ...]:
    async with context.opened() as services:
        return await services.flow_pauses.standing()


def user_name() -> str:
    """Who runs the command, as the system knows them; a container may know nobody."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
