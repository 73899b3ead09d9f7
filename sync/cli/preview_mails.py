"""`preview mails`: the mail about a posted document. Nothing is sent."""

from typing import Annotated, Final

import typer

from sync.cli.preview_numbers import Numbered, show_numbers
from sync.cli.preview_returns import Whole
from sync.flows.mails.mails import MAILS
from sync.preview.returns import preview_mail

Invoices = Annotated[
    list[str] | None,
    typer.Option("--invoice", metavar="NUMBER", help="Number of a posted document; repeatable."),
]
MAIL: Final = Numbered(
    MAILS, "Mail", preview_mail,
    "no invoice is named", "--invoice CIV-000708",
    "F&O has posted no document {number}, or there is no portal",
    "Look at it in D365: Accounts receivable > Inquiries and reports > Invoices.",
)  # fmt: skip


def mails(ctx: typer.Context, *, invoices: Invoices = None, documents: Whole = False) -> None:
    """Show the mail that tells a buyer of a posted invoice or credit note. What tells of a return
    is shown by `preview returns`.

    Exit status: 0 all can be sent, 1 some would wait for a person.

    For example:

    python -m sync preview mails --invoice CIV-000708 --documents
    """
    show_numbers(ctx, MAIL, invoices, documents=documents)
