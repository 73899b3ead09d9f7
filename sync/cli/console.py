"""`console`: let a person into the web console."""

import asyncio
from typing import Annotated
from urllib.parse import quote

import typer

from sync.app.console_sign_ins import TOKEN_LASTS, Role, SignIns
from sync.app.services import Services
from sync.app.settings import CONSOLE, ConsoleSignIn
from sync.cli.command import context_of
from sync.cli.options import By
from sync.cli.pausing import user_name
from sync.operating.problem import Problem

SIGN_IN = "/api/console/sign-in?token="
RoleOption = Annotated[
    Role, typer.Option(help="A viewer sees what names nobody, and changes nothing.")
]
Url = Annotated[str, typer.Option(metavar="URL", help="Where the product is served.")]


def console(
    ctx: typer.Context,
    *,
    role: RoleOption = Role.OPERATOR,
    url: Url = "http://127.0.0.1:7071",
    by: By = "",
) -> None:
    """Print a link that signs a person in to the web console, once, within ten minutes.

    Works beside a running `serve`. The name is written to the log of who did what.

    For example:

    python -m sync console

    python -m sync console --role viewer --by ann --url https://sync.example.com
    """
    context = context_of(ctx)

    async def issued() -> str:
        async with context.opened(changes=True) as services:
            return link_of(url, await token_for(services, by or user_name(), role))

    link, minutes = asyncio.run(issued()), TOKEN_LASTS.total_seconds() / 60
    said = f"Open within {minutes:.0f} minutes, once: {link}"
    context.tell({"url": link, "role": str(role), "minutes": int(minutes)}, said)


async def token_for(services: Services, name: str, role: Role) -> str:
    """A new one-time token. Raises `Problem` where no token lets anybody in."""
    parts = services.edition_parts
    if parts.console is not ConsoleSignIn.TOKEN:
        raise Problem(
            f"no token signs people in to the console here: {CONSOLE} is {parts.console}",
            remedy=f"Set {CONSOLE} to token, or sign in by the platform where it is entra.",
        )
    return await SignIns(parts.tables, parts.clock).token(name, role)


def link_of(url: str, token: str) -> str:
    """Where a person signs in with it."""
    return f"{url.rstrip('/')}{SIGN_IN}{quote(token)}"
