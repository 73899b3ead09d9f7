"""`serve`: the whole product in one process on this machine: webhooks, polls, deliveries."""

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.app.console_sign_ins import Role
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn, Edition
from sync.cli.command import context_of
from sync.cli.console import link_of, token_for
from sync.cli.context import CommandContext
from sync.cli.pausing import user_name
from sync.core.errors import Never
from sync.operating.problem import Problem

if TYPE_CHECKING:
    from sync.hosts.local import LocalHost

KEY_SECRET = "function-key"  # noqa: S105 - a secret's name
CLOSED = (
    f" No host key is set, so /api/health stays closed: secrets set {KEY_SECRET}, and serve again."
)
CONSOLE_AT = "\nConsole, for you and once, within ten minutes: {}"

Host = Annotated[str, typer.Option(help="Address to listen on; 127.0.0.1 is this machine alone.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")]
FunctionKey = Annotated[
    str,
    typer.Option(
        metavar="KEY",
        help="What callers of protected routes must show; better kept out of process lists: in"
        f" SYNC_HOST_KEY, or as the secret {KEY_SECRET}.",
    ),
]


def serve(
    ctx: typer.Context, host: Host = "127.0.0.1", port: Port = 7071, function_key: FunctionKey = ""
) -> None:
    """Take webhooks, poll both systems and deliver, until Ctrl+C or SIGTERM.

    One process serves a home directory at a time. It may be killed at any moment: what was not
    finished is taken up again. Prints one line when it is ready.

    For example:

    python -m sync serve

    python -m sync serve --port 8080 --json
    """
    asyncio.run(_serve(context_of(ctx), host, port, function_key))


async def _serve(context: CommandContext, host: str, port: int, function_key: str) -> None:
    from sync.hosts.local import run_until_signalled  # noqa: PLC0415 - loads slowly
    from sync.hosts.server import CannotListen  # noqa: PLC0415 - likewise

    settings = context.settings()
    if settings.edition is Edition.AZURE:
        remedy = "Run func start there, or unset the Azure settings."
        raise Problem("in Azure the Functions host serves", remedy=remedy)
    async with context.opened(serves=True) as services:
        given = settings.host_key.get_secret_value() if settings.host_key else ""
        key = function_key or given or await _stored_key(services)
        token = await _token(services)
        ready = partial(_ready, context, settings.home, services, is_open=bool(key), token=token)
        try:
            await run_until_signalled(_host(services, host, port, key), ready)
        except CannotListen as error:
            remedy = "For example: serve --port 0, which takes a free one."
            raise Problem(str(error), remedy=remedy) from None


def _host(services: Services, host: str, port: int, key: str) -> "LocalHost":
    from sync.hosts.azure import build_app  # noqa: PLC0415 - the Functions library loads slowly
    from sync.hosts.http import HostKeys  # noqa: PLC0415 - and so does the web server
    from sync.hosts.local import LocalHost  # noqa: PLC0415 - likewise

    async def runtime() -> Services:
        return services

    parts = services.edition_parts
    return LocalHost(
        build_app(runtime), parts.queue, parts.tables, parts.clock, host=host, port=port,
        keys=HostKeys(function=key), refused_unread=services.edge.refused_unread,
    )  # fmt: skip


async def _stored_key(services: Services) -> str:
    """Empty where none is stored: functions that need a key are closed then."""
    try:
        return await services.edition_parts.secrets.get(KEY_SECRET)
    except Never:
        return ""


async def _token(services: Services) -> str:
    """Who starts it may look at the console; empty where no token lets anybody in."""
    if services.edition_parts.console is not ConsoleSignIn.TOKEN:
        return ""
    return await token_for(services, user_name(), Role.OPERATOR)


def _ready(
    context: CommandContext, home: Path, services: Services, url: str, *, is_open: bool, token: str
) -> None:
    names, link = list(services.connections), link_of(url, token) if token else ""
    context.tell(
        {
            "event": "ready", "url": url, "home": str(home), "connections": names,
            "has_key": is_open, "console": link,
        },
        f"Serving {', '.join(names)} at {url} from {home}. Ctrl+C stops."
        f"{'' if is_open else CLOSED}{CONSOLE_AT.format(link) if link else ''}",
    )  # fmt: skip
