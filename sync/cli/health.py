"""`health`: whether queue and tables answer, what stands still, and what waits."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, table
from sync.core.encoding import from_json
from sync.operating.problem import Problem

SYSTEMS: Final = ("system", "state", "since (UTC)", "asked again (UTC)", "why")
PAUSED: Final = ("connection", "flow", "by", "since (UTC)", "why")
WAITING: Final = ("queue", "due", "scheduled", "under way", "dead letters", "oldest (UTC)")


def health(ctx: typer.Context) -> None:
    """Show what stands still and what waits: the same that the route /api/health says.

    A system stands still when it asked for a pause, or when it gives nobody an answer. Then nothing
    is lost, and everything goes on by itself.

    For example:

    python -m sync health --json
    """
    context = context_of(ctx)
    found = asyncio.run(_found(context))
    if context.as_json:
        json_line(found)
        return
    _show("Systems that are not called", SYSTEMS, [_system(one) for one in found["systems"]])
    _show("Paused flows", PAUSED, [_paused(one) for one in found["paused"]])
    _show("Waiting", WAITING, [_waiting(name, one) for name, one in found["queues"].items()])
    parked = [(flow, count) for flow, count in found["parked"].items() if count]
    _show("Parked, by flow", ("flow", "records"), parked)
    if not found["systems"]:
        line("Both systems of every connection may be called.")
    for what in found["attention"]:
        line(f"Needs attention: {what}")


async def _found(context: CommandContext) -> dict[str, Any]:
    async with context.opened() as services:
        answer = await services.health()
    found: dict[str, Any] = from_json(answer.body)
    if answer.status != HTTPStatus.OK:
        raise Problem(
            f"queue or tables do not answer: {found['error']}",
            remedy="Look into the log: it has the cause. `check` shows whether they are reachable.",
        )
    return found


def _system(one: Mapping[str, Any]) -> Sequence[Any]:
    state = "gives no answer" if one["is_away"] else "asked for a pause"
    return one["system"], state, _moment(one["since"]), _moment(one["until"]), one["reason"]


def _paused(one: Mapping[str, Any]) -> Sequence[Any]:
    what = one["connection"] or "(all)", one["flow"] or "(all)"
    return *what, one["by"], _moment(one["at"]), one["why"]


def _waiting(name: str, one: Mapping[str, Any]) -> Sequence[Any]:
    return name, one["due"], one["scheduled"], one["locked"], one["dead"], _moment(one["oldest"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        table(columns, rows, title=f"{title}: {len(rows)}")
