"""`alerts`: what stands, and whether those who are told would hear it."""

import asyncio
from typing import Annotated, Final

import typer

from sync.alerts.alert import Alert
from sync.alerts.alerting import Standing
from sync.alerts.senders import Notice
from sync.app.services import Services
from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_lines, line, table
from sync.core.errors import Later, Never
from sync.operating.problem import Problem

COLUMNS: Final = ("severity", "alert", "since (UTC)", "told (UTC)", "what to do")
TRIAL: Final = Alert(
    "test", "warning", "A test of the alerts", "Nothing is wrong.", "Nothing has to be done."
)

Test = Annotated[bool, typer.Option("--test", help="Send a test to everybody who is told.")]


def alerts(ctx: typer.Context, *, test: Test = False) -> None:
    """List what needs a person now. One alert stands for one cause; it ends by itself.

    Exit status 1 where an alert stands. --test sends a notice by each way that [alerts] of
    connections.toml names, and changes nothing.

    For example:

    python -m sync alerts --test
    """
    context = context_of(ctx)
    if test:
        asyncio.run(_tested(context))
        return
    standing = asyncio.run(_standing(context))
    if context.as_json:
        json_lines(as_row(one) for one in standing)
    elif standing:
        rows = [
            (one.alert.severity, one.alert.title, one.since, one.told_at or "", one.alert.remedy)
            for one in standing
        ]
        table(COLUMNS, rows, title=f"Alerts: {len(rows)}")
    else:
        line("No alert stands.")
    if standing:
        raise typer.Exit(1)


def as_row(one: Standing) -> dict[str, object]:
    """As `--json` prints it."""
    alert = one.alert
    return {
        "cause": alert.cause, "severity": alert.severity, "title": alert.title,
        "text": alert.text, "remedy": alert.remedy, "since": one.since, "told_at": one.told_at,
    }  # fmt: skip


async def _standing(context: CommandContext) -> list[Standing]:
    async with context.opened() as services:
        return await services.watch.alerting.standing()


async def _tested(context: CommandContext) -> None:
    async with context.opened() as services:
        for name in await _told(services):
            line(f"Sent by {name}.")


async def _told(services: Services) -> list[str]:
    senders = services.watch.alerting.senders
    if not senders:
        remedy = "Write [alerts] in connections.toml: webhook, mail, or both."
        raise Problem("nobody is told of alerts", remedy=remedy)
    for sender in senders:
        try:
            await sender.send(Notice(services.edition_parts.clock.now(), fired=(TRIAL,)))
        except (Later, Never) as error:
            remedy = error.remedy if isinstance(error, Never) else "See [alerts] and its secret."
            raise Problem(error.reason, remedy=remedy) from None
    return [sender.name for sender in senders]
