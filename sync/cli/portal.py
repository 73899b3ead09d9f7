"""`portal`: links to single documents for buyers who do not sign in."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from sync.app.services import Services
from sync.cli.command import Command, context_of, group
from sync.operating.problem import Problem
from sync.portal.portals import portal_app

app = group("portal", "What buyers see of their invoices.")


@app.callback()
def portal() -> None:
    """What buyers see of their invoices."""


@app.command(cls=Command)
def link(
    ctx: typer.Context,
    invoice: Annotated[str, typer.Argument(metavar="NUMBER", help="The invoice's number in D365.")],
    *,
    account: Annotated[str, typer.Option(metavar="ACCOUNT", help="The customer account.")],
    company: Annotated[
        str, typer.Option(metavar="ID", help="The legal entity. Default: the connection's.")
    ] = "",
    days: Annotated[int, typer.Option(min=1, max=90, help="How long the link opens it.")] = 7,
    url: Annotated[
        str, typer.Option(metavar="URL", help="Where the product is served.")
    ] = "http://127.0.0.1:7071",
) -> None:
    """Print a link that opens one invoice as PDF, for a mail to the buyer. It needs nobody to
    sign in, until it ends.

    For example:

    python -m sync portal link CIV-000708 --account US-001 --url https://sync.example.com
    """
    context = context_of(ctx)
    name, _ = context.one(context.connections())

    async def made() -> str:
        async with context.opened() as services:
            path = await _path(services, name, (company, account, invoice), timedelta(days=days))
            return f"{url.rstrip('/')}{path}"

    printed = asyncio.run(made())
    context.tell({"url": printed, "days": days}, f"Opens it for {days} days: {printed}")


async def _path(
    services: Services, connection: str, wanted: tuple[str, str, str], lasts: timedelta
) -> str:
    """Raises `Problem` where there is no portal or no such document of the account."""
    made = await portal_app(services, connection)
    if made is None:
        remedy = f"Add the section [connections.{connection}.portal] to connections.toml."
        raise Problem(f"connection {connection} has no portal", remedy=remedy)
    company, account, number = wanted
    company = company or services.connections[connection].legal_entity
    (found,) = await made.reader.accounts([(company, account)])
    numbered = [one for one in found.documents if one.number.casefold() == number.casefold()]
    if not numbered:
        remedy = "Check the number, the account and the legal entity; see portal.months."
        raise Problem(f"account {account} has no document {number}", remedy=remedy)
    until = services.edition_parts.clock.now() + lasts
    text = made.link(company, account, made.reader.id_of(numbered[0]), until)
    return f"/api/portal/{connection}/link/{text}"
