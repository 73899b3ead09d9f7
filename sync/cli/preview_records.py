"""`preview accounts`, `returns`, `cases`, `quotes` and `mails`: what would become of records that
people name by their numbers. Nothing is written."""

from functools import partial
from typing import Annotated, Final

import typer

from sync.cli.preview_numbers import Numbered, Numbers, Whole, show_numbers
from sync.flows.customers.accounts import ACCOUNTS
from sync.flows.mails.mails import MAILS
from sync.flows.quotes.quote_records import QUOTES
from sync.flows.returns.rma_records import CASES, RETURNS
from sync.preview.accounts import preview_account
from sync.preview.quotes import preview_quote, preview_template
from sync.preview.returns import preview_case, preview_mail, preview_return

ACCOUNT: Final = Numbered(
    ACCOUNTS, "Account", preview_account, "--account US-001",
    "{company} has no account {number}", "Look it up under All customers in F&O.",
)  # fmt: skip
RETURN: Final = Numbered(
    RETURNS, "Return", preview_return, "--rma 000000003",
    "the shop has no RMA {number} in a store of this connection",
    "Look at it in Commerce: Sales > Returns.",
)  # fmt: skip
OF_RETURN: Final = Numbered(
    CASES, "Case", partial(preview_case, kind="return"), RETURN.example, RETURN.unknown,
    RETURN.remedy,
)  # fmt: skip
OF_ORDER: Final = Numbered(
    CASES, "Case", partial(preview_case, kind="order"), "--order 000000042",
    "the shop has no order {number} in a store of this connection",
    "Look at it in Commerce under Sales.",
)  # fmt: skip
QUOTE: Final = Numbered(
    QUOTES, "Quote", preview_quote, "--quote 42", "there is no quote {number}",
    "Look at it in Commerce: Sales > Quotes.",
)  # fmt: skip
TEMPLATE: Final = Numbered(
    QUOTES, "Quote", preview_template, "--template 42", "there is no quote template {number}",
    "Look at it in Commerce: Sales > Quote Templates.",
)  # fmt: skip
MAIL: Final = Numbered(
    MAILS, "Mail", preview_mail, "--invoice CIV-000708",
    "F&O has posted no document {number}, or there is no portal",
    "Look at it in D365: Accounts receivable > Inquiries and reports > Invoices.",
)  # fmt: skip

Accounts = Annotated[
    Numbers,
    typer.Option("--account", metavar="NUMBER", help="Customer account of F&O; repeatable."),
]
Rmas = Annotated[
    Numbers, typer.Option("--rma", metavar="NUMBER", help="Increment id of an RMA; repeatable.")
]
Orders = Annotated[
    Numbers,
    typer.Option("--order", metavar="NUMBER", help="Increment id of an order; repeatable."),
]
Quotes = Annotated[
    Numbers,
    typer.Option("--quote", metavar="ID", help="Id of a negotiable quote; repeatable."),
]
Templates = Annotated[
    Numbers, typer.Option("--template", metavar="ID", help="Id of a quote template; repeatable.")
]
Invoices = Annotated[
    Numbers,
    typer.Option("--invoice", metavar="NUMBER", help="Number of a posted document; repeatable."),
]


def accounts(ctx: typer.Context, *, accounts: Accounts = None, documents: Whole = False) -> None:
    """Show the company and the users that an account of F&O would be in Commerce, and what they
    lack already. Both systems are asked.

    Exit status: 0 all can be sent, 1 some would wait for a person.

    For example:

    python -m sync preview accounts --account US-001

    python -m sync preview accounts --account US-001 --json
    """
    show_numbers(ctx, (ACCOUNT, accounts), documents=documents)


def returns(ctx: typer.Context, *, rmas: Rmas = None, documents: Whole = False) -> None:
    """Show the return order that an RMA would be in D365, what Commerce would show of it, and the
    refund of each credit note. Both systems are asked.

    Exit status: 0 all can be delivered, 1 some would wait for a person.

    For example:

    python -m sync preview returns --rma 000000003

    python -m sync preview returns --rma 000000003 --json
    """
    show_numbers(ctx, (RETURN, rmas), documents=documents)


def cases(
    ctx: typer.Context, *, rmas: Rmas = None, orders: Orders = None, documents: Whole = False
) -> None:
    """Show the case that an RMA or a complaint would be in Dataverse, and what the shop would be
    told of its status. All systems are asked.

    Exit status: 0 all can be delivered, 1 some would wait for a person.

    For example:

    python -m sync preview cases --rma 000000003

    python -m sync preview cases --order 000000042 --documents
    """
    show_numbers(ctx, (OF_RETURN, rmas), (OF_ORDER, orders), documents=documents)


def quotes(
    ctx: typer.Context, *, ids: Quotes = None, templates: Templates = None, documents: Whole = False
) -> None:
    """Show the quotation that a quote would be in D365, and the answer that its buyer would see.
    Both systems are asked.

    Exit status: 0 all can be delivered, 1 some would wait for a person.

    For example:

    python -m sync preview quotes --quote 42

    python -m sync preview quotes --quote 42 --json
    """
    show_numbers(ctx, (QUOTE, ids), (TEMPLATE, templates), documents=documents)


def mails(ctx: typer.Context, *, invoices: Invoices = None, documents: Whole = False) -> None:
    """Show the mail that tells a buyer of a posted invoice or credit note. What tells of a return
    is shown by `preview returns`.

    Exit status: 0 all can be sent, 1 some would wait for a person.

    For example:

    python -m sync preview mails --invoice CIV-000708 --documents
    """
    show_numbers(ctx, (MAIL, invoices), documents=documents)
