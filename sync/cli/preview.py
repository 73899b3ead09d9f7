"""`preview`: what would be posted, with the totals proof. Nothing is written to either system or to
the home."""

import asyncio
from typing import Annotated, NoReturn

import typer

from sync.cli.command import Command, context_of, group
from sync.cli.options import listed
from sync.cli.preview_activity import activity
from sync.cli.preview_credit import credit
from sync.cli.preview_documents import preview_files, preview_ids, story_files, story_ids
from sync.cli.preview_numbers import Whole
from sync.cli.preview_records import accounts, cases, mails, quotes, returns
from sync.cli.preview_rows import catalogue, demand, prices, products, stock
from sync.cli.preview_slips import cancellations, captures, shipments, status
from sync.cli.previewing import Run
from sync.operating.problem import Problem
from sync.preview.input_files import Kind

app = group("preview", "What would be posted. Nothing is.")

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...", help="JSON files, directories of them, or - for standard input."
    ),
]
Gross = Annotated[
    bool | None,
    typer.Option(
        "--prices-include-tax/--prices-exclude-tax",
        help="How the shop computes prices; for the built-in example connection only.",
    ),
]


READ = "Read these from Commerce: increment ids; ids of customers and companies."
Ids = Annotated[str, typer.Option(metavar="A,B,C", help=READ)]

for one in (
    stock, prices, shipments, cancellations, accounts, returns, mails, cases, quotes, activity,
    captures, status, products, credit, demand, catalogue,
):  # fmt: skip
    app.command(cls=Command)(one)


@app.callback()
def preview() -> None:
    """What would be posted. Nothing is."""


@app.command(cls=Command)
def orders(
    ctx: typer.Context, files: Files = None, ids: Ids = "", gross: Gross = None,
    documents: Whole = False,
) -> None:  # fmt: skip
    """Show what each order would become in D365, and prove its totals to the cent.

    A file holds an order as REST answers it, a list of orders, a search answer, or a webhook's
    body. Without a connections.toml a built-in example connection is used, in which every SKU is
    its own item number.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview orders order.json

    python -m sync preview orders exports/ --json

    python -m sync preview orders --ids 000000042,000000043 --connection bikes-de
    """
    run = Run(context_of(ctx), documents, gross)
    _finish(run, files, ids, Kind.ORDER, "preview orders order.json")


@app.command(cls=Command)
def invoices(
    ctx: typer.Context, files: Files = None, ids: Ids = "", gross: Gross = None,
    documents: Whole = False,
) -> None:  # fmt: skip
    """Show what each invoice would become in D365 by the connection's recipe, and prove its total
    to the cent.

    A file holds an invoice as REST answers it, a list, a search answer, or an order together with
    its `invoices`. An invoice is booked with its order: where it is not in the same file, name the
    order's file as well.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview invoices invoice.json order.json

    python -m sync preview invoices --ids 000000007 --connection bikes-de
    """
    run = Run(context_of(ctx), documents, gross)
    _finish(run, files, ids, Kind.INVOICE, "preview invoices invoice.json order.json")


@app.command(cls=Command)
def creditmemos(
    ctx: typer.Context, files: Files = None, ids: Ids = "", gross: Gross = None,
    documents: Whole = False,
) -> None:  # fmt: skip
    """Show what each credit memo would become in D365 by the connection's recipe, and prove its
    total to the cent.

    Files are as for `preview invoices`.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview creditmemos creditmemo.json order.json
    """
    run = Run(context_of(ctx), documents, gross)
    _finish(run, files, ids, Kind.CREDITMEMO, "preview creditmemos creditmemo.json order.json")


@app.command(cls=Command)
def story(
    ctx: typer.Context, files: Files = None, ids: Ids = "", gross: Gross = None,
    documents: Whole = False,
) -> None:  # fmt: skip
    """Show an order with its invoices and credit memos in order of time, and what they come to in
    the end.

    The last object has the key "net": invoices less credit memos, on both sides. An edited order
    and the one it replaces are one story.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview story order.json invoices.json creditmemos.json

    python -m sync preview story --ids 000000042 --connection bikes-de
    """
    run = Run(context_of(ctx), documents, gross)
    _finish(run, files, ids, None, "preview story order.json invoices.json")


@app.command(cls=Command)
def customers(
    ctx: typer.Context, files: Files = None, ids: Ids = "", documents: Whole = False
) -> None:
    """Show the account that each customer would get in D365, with its addresses.

    A file holds a customer as REST answers it, a list, or a search answer. For files D365 is not
    asked: a customer who would be recognised there is shown with a new account.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview customers customer.json
    """
    run = Run(context_of(ctx), documents)
    _finish(run, files, ids, Kind.CUSTOMER, "preview customers customer.json")


@app.command(cls=Command)
def companies(
    ctx: typer.Context, files: Files = None, ids: Ids = "", documents: Whole = False
) -> None:
    """Show the account that each B2B company would get in D365.

    A file holds a company as REST answers it, a list, or a search answer.

    Exit status: 0 all deliverable, 1 some would be parked, 2 some input could not be used.

    For example:

    python -m sync preview companies company.json
    """
    run = Run(context_of(ctx), documents)
    _finish(run, files, ids, Kind.COMPANY, "preview companies company.json")


def _finish(
    run: Run, files: list[str] | None, ids: str, kind: Kind | None, example: str
) -> NoReturn:
    """Preview documents of a kind, or stories where there is none, and end with the status."""
    if bool(files) == bool(ids):
        raise Problem("name either files or --ids", remedy=f"For example: {example}")
    if files:
        work = preview_files(kind, files, run) if kind else story_files(files, run)
    else:
        work = preview_ids(kind, listed(ids), run) if kind else story_ids(listed(ids), run)
    asyncio.run(work)
    run.sum_up()
    raise typer.Exit(run.status)
