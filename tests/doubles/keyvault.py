"""Key Vault's rules for reading secrets, over HTTPS on 127.0.0.1, under the vault's own host name.

Rules: Microsoft, Get Secret (REST, 7.x) and general/rest-error-codes.md. Who shows no token of the
directory for the vault's resource is challenged; who has not the role is forbidden; names are
compared without case.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult
from azure.core.pipeline.transport import AioHttpTransport

from tests.doubles.certificates import Certificates, made
from tests.doubles.identities import Directory

RESOURCE = "https://vault.azure.net"
CHALLENGE = (
    'Bearer authorization="https://login.microsoftonline.com/contoso", resource="{resource}"'
)
NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")


CREATED = 1772438400
"""2026-03-02 08:00 UTC, in seconds, as the service tells times."""


@dataclass
class KeyVault:
    """One vault. The fields are dials."""

    host: str
    directory: Directory
    readers: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    resource: str = RESOURCE
    firewall: bool = False
    status: int = 200
    retry_after: str = ""
    drops: int = 0
    gate: asyncio.Event | None = None
    questions: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.questions += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.drops > 0:
            self.drops -= 1
            assert request.transport is not None
            request.transport.abort()
        if self.status != 200:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return _refused(
                self.status,
                "Throttled" if self.status == 429 else "InternalServerError",
                headers=headers,
            )
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        identity = self.directory.knows(token, self.resource)
        if identity is None:
            headers = {"WWW-Authenticate": CHALLENGE.format(resource=self.resource)}
            return _refused(401, "Unauthorized", headers=headers)
        return self._reported(request, identity)

    def _reported(self, request: web.Request, identity: str) -> web.Response:
        found = re.fullmatch(r"/secrets/([^/]+)/?", request.path)
        is_known_version = re.fullmatch(
            r"7\.\d|20\d\d-\d\d-\d\d", request.query.get("api-version", "")
        )
        if (
            request.method != "GET"
            or found is None
            or not NAME.fullmatch(found[1])
            or not is_known_version
        ):
            return _refused(400, "BadParameter")
        name = found[1].lower()
        if inner := self._forbids(identity, name):
            return _refused(403, "Forbidden", inner)
        if name not in self.secrets:
            return _refused(404, "SecretNotFound")
        id_ = f"https://{self.host}/secrets/{name}/1"
        ends = {"exp": self.ends[name]} if name in self.ends else {}
        attributes = {"enabled": True, "created": CREATED, "updated": CREATED, **ends}
        return web.json_response({"value": self.secrets[name], "id": id_, "attributes": attributes})

    def _forbids(self, identity: str, name: str) -> str:
        if self.firewall:
            return "ForbiddenByFirewall"
        if identity not in self.readers:
            return "ForbiddenByRbac"
        return "SecretDisabled" if name in self.disabled else ""


def _refused(
    status: int, code: str, inner: str = "", headers: dict[str, str] | None = None
) -> web.Response:
    error: dict[str, Any] = {
        "code": code,
        "message": f"{code}. Caller: appid=secret-looking-detail",
    }
    if inner:
        error["innererror"] = {"code": inner}
    return web.json_response(
        {"error": error}, status=status, headers={"x-ms-request-id": "request-1", **(headers or {})}
    )


@dataclass
class Serving:
    """A vault that can be asked: how a client in this process gets there."""

    vault: KeyVault
    certificates: Certificates
    port: int

    def transport(self, *, trusts: bool = True) -> AioHttpTransport:
        """Everything goes to this vault, whatever its host is called; TLS and the host's name are
        verified."""
        session = ClientSession(connector=TCPConnector(resolver=_Here(self.port)))
        verify = {"connection_verify": str(self.certificates.authority)} if trusts else {}
        return AioHttpTransport(session=session, **verify)


@asynccontextmanager
async def serving(vault: KeyVault, place: Path) -> AsyncIterator[Serving]:
    """The vault behind a port of its own, inside the block."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vault.answer)
    certificates = made(place, [vault.host])
    runner = web.AppRunner(app)
    await runner.setup()
    systems = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.server_context())
    await systems.start()
    port = int(runner.addresses[0][1])
    try:
        yield Serving(vault, certificates, port)
    finally:
        await runner.cleanup()


class _Here(AbstractResolver):
    """Every name is 127.0.0.1, and every port is `port`."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self,
        host: str,
        port: int = 0,  # noqa: ARG002 - the resolver's interface
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        numeric = socket.AI_NUMERICHOST
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=family,
                proto=0,
                flags=numeric,
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""
