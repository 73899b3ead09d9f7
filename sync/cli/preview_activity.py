"""`preview activity`: what an account does in the shop, and which tasks would follow."""

import asyncio
from typing import Annotated, Any

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, table
from sync.operating.buying import previewed

Account = Annotated[
    str,
    typer.Option("--account", metavar="ACCOUNT", help='Account of F&O, or "customer|17".'),
]


def activity(ctx: typer.Context, *, account: Account) -> None:
    """Show the figures of an account, its score with the parts that add up, and the rules that hold
    now. The shop is asked; nothing is sent and nothing is kept.

    For example:

    python -m sync preview activity --account US-001

    python -m sync preview activity --account "company|5" --json
    """
    context = context_of(ctx)
    found = asyncio.run(_found(context, account))
    if context.as_json:
        json_line(found)
    else:
        show(found)


async def _found(context: CommandContext, account: str) -> dict[str, Any]:
    async with context.systems() as (services, systems):
        return await previewed(services, systems, account)


def show(found: dict[str, Any]) -> None:
    """As people read it."""
    line(f"Account {found['number'] or found['account']} ({found['account']})")
    if found["unfit"]:
        line(f"Neither figures nor tasks: {found['unfit']}.")
    figures = found["figures"]
    named = [(name.replace("_", " "), _text(value)) for name, value in figures.items()]
    table(("figure", "value"), [one for one in named if one[0] != "months"])
    table(("month", "amount>"), [(month, f"{amount:.2f}") for month, amount in figures["months"]])
    told = ", ".join(f"{name} {points}" for name, points in found["score"].items())
    line(f"Score {sum(found['score'].values())} of 100: {told or 'nothing yet'}.")
    for reason in found["reasons"]:
        line(f"{reason['rule']}: {reason['title']}. {reason['words']}")
    for task in found["open"]:
        line(f"Open since {task['since']:%Y-%m-%d}: {task['title']} ({task['rule']}).")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{amount:.2f} {currency}" for currency, amount in value.items())
    if isinstance(value, list):
        parts = (" x ".join(map(str, one)) if isinstance(one, list) else str(one) for one in value)
        return ", ".join(parts)
    return "" if value is None else str(value)
