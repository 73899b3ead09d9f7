"""`serve`: the whole product in one process on this machine: webhooks, polls, deliveries."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from sync.app.services import Services
from sync.app.settings import Edition
from sync.cli.command import context_of
from sync.cli.context import CommandContext, Problem
from sync.cli.output import json_line, line
from sync.core.errors import Never

KEY_SECRET = "function-key"  # noqa: S105 - a secret's name


def serve(
    ctx: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 127.0.0.1 is this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 7071,
    function_key: Annotated[
        str,
        typer.Option(
            metavar="KEY",
            help="What callers of protected routes must show; better kept out of process "
            "lists: in SYNC_HOST_KEY, or as "
            f"the secret {KEY_SECRET}.",
        ),
    ] = "",
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
    from sync.hosts.azure import build_app  # noqa: PLC0415 - the Functions library and the web server load slowly
    from sync.hosts.http import HostKeys  # noqa: PLC0415
    from sync.hosts.local import LocalHost, run_until_signalled  # noqa: PLC0415
    from sync.hosts.server import CannotListen  # noqa: PLC0415

    settings = context.settings()
    if settings.edition is Edition.AZURE:
        raise Problem(
            "in Azure the Functions host serves",
            remedy="Run func start there, or unset the Azure settings.",
        )
    async with context.opened(serves=True) as services:

        async def runtime() -> Services:
            return services

        given = settings.host_key.get_secret_value() if settings.host_key else ""
        key = function_key or given or await _stored_key(services)
        edition_parts = services.edition_parts
        local = LocalHost(
            build_app(runtime), edition_parts.queue, edition_parts.tables,
            edition_parts.clock,
            host=host, port=port, keys=HostKeys(function=key),
            refused_unread=services.edge.refused_unread,
        )  # fmt: skip
        try:
            await run_until_signalled(
                local, lambda url: _ready(context, settings.home, services, url, is_open=bool(key))
            )
        except CannotListen as error:
            raise Problem(
                str(error), remedy="For example: serve --port 0, which takes a free one."
            ) from None


async def _stored_key(services: Services) -> str:
    try:
        return await services.edition_parts.secrets.get(KEY_SECRET)
    except Never:
        return ""


def _ready(
    context: CommandContext, home: Path, services: Services, url: str, *, is_open: bool
) -> None:
    names = list(services.connections)
    if context.as_json:
        json_line(
            {
                "event": "ready",
                "url": url,
                "home": str(home),
                "connections": names,
                "has_key": is_open,
            }
        )
        return
    closed = (
        ""
        if is_open
        else f" No host key is set, so /api/health stays closed (secrets set {KEY_SECRET})."
    )
    line(f"Serving {', '.join(names)} at {url} from {home}. Ctrl+C stops.{closed}")
