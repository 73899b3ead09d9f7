"""Who hears alerts: a web server, and a mail server that keeps the rules of RFC 5321 it needs."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Receiver:
    """What has been taken so far; `status` answers the next post, `port` is where it listens."""

    status: int = 200
    taken: list[Any] = field(default_factory=list)
    port: int = 0

    async def take(self, request: Request) -> Response:
        if self.status == 200:
            self.taken.append(json.loads(await request.body()))
        return Response(status_code=self.status)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hook", self.take, methods=["POST"])])

    async def mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session: each line is a command (RFC 5321, 4.1.1); a message ends with a dot."""
        writer.write(b"220 mail.example\r\n")
        while line := (await reader.readline()).decode().strip().upper():
            if line == "DATA":
                writer.write(b"354 go on\r\n")
                self.taken.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            if line == "QUIT":
                break
            writer.write(b"250 fine\r\n")
        writer.write(b"221 bye\r\n")
        writer.close()


@asynccontextmanager
async def web() -> AsyncIterator[Receiver]:
    """A web server that takes posts at `/hook`."""
    receiver, listener = Receiver(), socket.socket()
    listener.bind(("127.0.0.1", 0))
    receiver.port = listener.getsockname()[1]
    config = uvicorn.Config(receiver.app, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield receiver
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def mail() -> AsyncIterator[Receiver]:
    """A mail server."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.mail, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
