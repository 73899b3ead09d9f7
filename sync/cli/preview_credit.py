"""`preview credit`: how an account stands, why, and what the shop would show. Nothing is sent."""

import asyncio
from typing import Annotated, Any

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.output import json_line, line, table
from sync.operating.credit import account_of, decided, require_flowing

PARKS = 1
"""Exit status: some company would be parked."""


def credit(
    ctx: typer.Context,
    *,
    account: Annotated[
        str, typer.Option("--account", metavar="ACCOUNT", help="Customer account in F&O.")
    ],
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Also what checkouts were told in a week.")
    ] = False,
) -> None:
    """Show what credit an account has left, why, and what its companies would show. Both systems
    are asked; nothing is sent.

    Exit status: 0 all can be shown, 1 some company would be parked.

    For example:

    python -m sync preview credit --account US-001

    python -m sync preview credit --account US-001 --json
    """
    context = context_of(ctx)
    found = asyncio.run(_found(context, account, with_decisions=decisions))
    if context.as_json:
        json_line(found)
    else:
        _show(found)
    if any(one["parked"] for one in found["companies"]):
        raise typer.Exit(PARKS)


async def _found(context: CommandContext, account: str, *, with_decisions: bool) -> dict[str, Any]:
    async with context.systems() as (services, systems):
        require_flowing(systems)
        found = await account_of(services, systems, account)
        if with_decisions:
            found["decisions"] = await decided(services, systems.name, found["account"])
        return found


def _show(found: dict[str, Any]) -> None:
    left = found["available"]
    line(f"Account {found['account']}: {_amount(left)} {found['currency']} left.")
    for reason in found["why"]:
        line(f"  {reason}")
    rows = [
        (
            one["company"], one["currency"], one["debt"], one["pending"] or "", one["limit"],
            (one["wanted"] or {}).get("limit", ""), _left(one),
        )
        for one in found["companies"]
    ]  # fmt: skip
    names = ("company", "currency", "debt>", "pending>", "limit now>", "limit then>", "left>")
    table(names, rows)
    for one in found["companies"]:
        if one["parked"]:
            line(f"{one['company']} would be parked: {one['parked']['reason']}")
            line(one["parked"]["remedy"])
    for one in found.get("decisions", ()):
        outcome = "allowed" if one["is_allowed"] else "refused"
        line(f"{one['at']} {one['about']} {one['subject']}: {outcome}, {one['reason']}")


def _left(one: dict[str, Any]) -> str:
    wanted = one["wanted"] or {}
    return "no limit" if wanted.get("may_exceed") else _amount(wanted.get("available"))


def _amount(amount: str | None) -> str:
    return "no limit," if amount is None else amount
