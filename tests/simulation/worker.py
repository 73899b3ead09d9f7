"""One process of the product: the real host over the real services, until it dies."""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any

import httpx

from sync.app.edition_parts import EditionParts
from sync.app.services import Services
from sync.core.ports import Clock
from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.hosts.local import LocalHost
from tests.process import Process, begin
from tests.systems import CONNECTION, SystemsUnderTest


class Worker:
    """Hosts, hooks and all. `died` is called once, when the life is over."""

    def __init__(
        self,
        name: str,
        systems: SystemsUnderTest,
        edition_parts: EditionParts,
        process: Process,
        make: Callable[..., Services] = Services,
    ) -> None:
        self.name = name
        self.process = process
        self._edition_parts = edition_parts
        self._systems = systems
        self._flows = tuple(flow for flow in FLOWS if flow.name in systems.connection.flows)
        self.services = make(systems.connections, self._flows, edition_parts)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._work = begin(self._run(), process)
        self._work.add_done_callback(self._ended, context=Context())

    async def _run(self) -> None:
        if self._edition_parts.is_alone:
            await self._systems.queue.release_locks()
        host = LocalHost(
            build_app(self._ready),
            self._edition_parts.queue,
            self._edition_parts.tables,
            self._clock,
        )
        await host.work(asyncio.Event())

    @property
    def _clock(self) -> Clock:
        return self._edition_parts.clock

    async def _ready(self) -> Services:
        return self.services

    def _ended(self, work: "asyncio.Task[None]") -> None:
        """A host never ends by itself: whatever ended it is told to whoever waits."""
        error = None if work.cancelled() else work.exception()
        if error is not None and not self.over.done():
            self.over.set_exception(error)

    def die(self) -> None:
        """To be called when the life is over."""
        if not self.over.done():
            self.over.set_result(None)

    async def take(self, headers: Mapping[str, str], flow: str, body: bytes) -> tuple[int, bytes]:
        """A webhook comes in. Raises what a shop sees when the process dies before it has
        answered."""
        if self.process.is_over:
            raise httpx.ConnectError("nobody listens")
        taking = begin(self.services.accept_webhook(CONNECTION, flow, headers, body), self.process)
        await asyncio.wait({taking, self.over}, return_when=asyncio.FIRST_COMPLETED)
        if not taking.done():
            raise httpx.ReadError("the process died")
        answer = taking.result()
        return answer.status, answer.body


def webhook_app(workers: Callable[[], list[Worker]]) -> Any:
    """An ASGI application at `/<flow>` that hands each webhook to one of the workers that live."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        alive = workers()
        if not alive:
            raise httpx.ConnectError("nobody listens")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, answer = await alive[0].take(headers, scope["path"].strip("/"), body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    return app
