"""The routes of the real flows on the local host, without its socket."""

from typing import Any, Final

from starlette.types import ASGIApp

from sync.core.errors import Later
from sync.hosts.azure import build_app
from sync.hosts.http import HostKeys, http_app
from sync.hosts.registered import HttpFunction, registered
from tests.intake_http.harness import Harness

KEY: Final = "function-key"
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a body: more than the edge takes."""


def hosted(harness: Harness) -> ASGIApp:
    """The app as `serve` hosts it; it cannot open while the vault is away."""

    async def opened() -> Any:
        if harness.secrets.is_away:
            raise Later("the vault does not answer")
        return harness.services

    functions = [each for each in registered(build_app(opened)) if isinstance(each, HttpFunction)]
    return http_app(
        functions,
        HostKeys(function=KEY),
        body_limit=LARGEST,
        refused_unread=harness.services.edge.refused_unread,
    )
