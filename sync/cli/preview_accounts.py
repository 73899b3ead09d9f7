"""`preview accounts`: what an account of F&O would be in Commerce. Nothing is sent."""

import asyncio
from typing import Annotated

import typer

from sync.cli.command import context_of
from sync.cli.context import CommandContext
from sync.cli.previewing import Run
from sync.flows.customers.accounts import ACCOUNTS
from sync.operating.problem import Problem
from sync.preview.accounts import preview_account
from sync.preview.previews import Preview

Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="NUMBER", help="Customer account of F&O; repeatable."),
]
Whole = Annotated[
    bool, typer.Option("--documents", help="Show the whole requests, with names and addresses.")
]


def accounts(ctx: typer.Context, *, accounts: Accounts = None, documents: Whole = False) -> None:
    """Show the company and the users that an account of F&O would be in Commerce, and what they
    lack already. Both systems are asked.

    Exit status: 0 all can be sent, 1 some would wait for a person.

    For example:

    python -m sync preview accounts --account US-001

    python -m sync preview accounts --account US-001 --json
    """
    if not accounts:
        raise Problem("no account is named", remedy="For example: --account US-001")
    run = Run(context_of(ctx), documents)
    for found in asyncio.run(_previewed(run.context, accounts)):
        run.show(found, "Account")
    raise typer.Exit(run.status)


async def _previewed(context: CommandContext, numbers: list[str]) -> list[Preview]:
    found: list[Preview] = []
    async with context.systems() as (services, systems):
        if ACCOUNTS not in systems.settings.flows:
            remedy = 'Add "accounts" to flows in connections.toml.'
            raise Problem("accounts is not on", remedy=remedy)
        for number in numbers:
            shown = await preview_account(number, systems, services.ledger, services.documents)
            if not shown:
                what = f"{systems.settings.legal_entity} has no account {number}"
                raise Problem(what, remedy="Look it up under All customers in F&O.")
            found += shown
    return found
