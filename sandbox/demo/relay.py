"""Relays between the product and a service of this machine: closed, the service is away."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

HOST: Final = "127.0.0.1"
PLACE: Final = re.compile(r"127\.0\.0\.1:(\d+)")
CHUNK: Final = 65536


class Relays:
    """All relays together. `settings`: those given, with the relays in place of the services."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self._ports: dict[str, str] = {}
        self._is_open = True
        self._writers: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def of(cls, settings: Mapping[str, str]) -> "AsyncIterator[Relays]":
        """For the length of the block: one for each address that the settings name."""
        relays, servers = cls(), list[asyncio.Server]()
        for port in {port for text in settings.values() for port in PLACE.findall(text)}:
            servers.append(await relays._listening(port))
            relays._ports[port] = str(servers[-1].sockets[0].getsockname()[1])
        relays.settings = {name: relays._relayed(text) for name, text in settings.items()}
        try:
            yield relays
        finally:
            relays.close()
            for server in servers:
                server.close()

    def close(self) -> None:
        """The services are away: what is open breaks, and nobody gets in."""
        self._is_open = False
        for writer in tuple(self._writers):
            writer.transport.abort()

    def open(self) -> None:
        """They are back."""
        self._is_open = True

    def _relayed(self, text: str) -> str:
        return PLACE.sub(lambda found: f"{HOST}:{self._ports[found[1]]}", text)

    async def _listening(self, port: str) -> asyncio.Server:
        async def relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if not self._is_open:
                writer.transport.abort()
                return
            inside, outside = await asyncio.open_connection(HOST, int(port))
            self._writers |= {writer, outside}
            try:
                await asyncio.gather(_copied(reader, outside), _copied(inside, writer))
            finally:
                self._writers -= {writer, outside}

        return await asyncio.start_server(relayed, HOST, 0)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either side has gone; then the other goes as well."""
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
