"""`preview accounts`: what an account of F&O would be in Commerce. Nothing is sent."""

from typing import Annotated, Final

import typer

from sync.cli.preview_numbers import Numbered, show_numbers
from sync.flows.customers.accounts import ACCOUNTS
from sync.preview.accounts import preview_account

Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="NUMBER", help="Customer account of F&O; repeatable."),
]
ACCOUNT: Final = Numbered(
    ACCOUNTS, "Account", preview_account,
    "no account is named", "--account US-001",
    "{company} has no account {number}", "Look it up under All customers in F&O.",
)  # fmt: skip
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
    show_numbers(ctx, ACCOUNT, accounts, documents=documents)
