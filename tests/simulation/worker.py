"""One process of the product: the real host over the real services, until it dies."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import Context
from typing import Any, Final

import httpx

from sync.app.edition_parts import EditionParts
from sync.app.services import Services
from sync.core.ports import Clock
from sync.hosts.azure import build_app
from sync.hosts.local import LocalHost
from tests.process import Process, begin
from tests.simulation.environment import FUNCTION_TIMEOUT
from tests.simulation.pausing import TAKEN_AT
from tests.simulation.told import Told
from tests.systems import SystemsUnderTest

AGAIN: Final = 20.0
"""Seconds until a notification that nobody took is sent again."""


class Hosted:
    """Services as one host runs them. `most`: seconds after which the host ends the process whose
    function still runs; None where it ends the function alone."""

    def __init__(
        self, services: Services, process: Process, clock: Clock, *, most: float | None
    ) -> None:
        self._services, self._process, self._most = services, process, most
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)

    async def take(self, queue: str, body: bytes, *rest: Any, **named: Any) -> None:
        """As `Services` does, for so long."""
        TAKEN_AT.set(self._clock.now())
        ending = (
            asyncio.get_running_loop().call_later(self._most, self._process.end_now)
            if self._most is not None
            else None
        )
        try:
            await self._services.take(queue, body, *rest, **named)
        finally:
            if ending is not None:
                ending.cancel()


class Worker:
    """Hosts, hooks and all. `died` is called once, when the life is over."""

    def __init__(
        self,
        name: str,
        systems: SystemsUnderTest,
        edition_parts: EditionParts,
        process: Process,
        services: Services,
    ) -> None:
        self.name = name
        self.process = process
        self._edition_parts = edition_parts
        self._systems = systems
        self.services = services
        most = None if edition_parts.is_alone else FUNCTION_TIMEOUT
        self._hosted: Any = Hosted(self.services, process, systems.clock, most=most)
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
        return self._hosted  # type: ignore[no-any-return]

    def _ended(self, work: "asyncio.Task[None]") -> None:
        """A host never ends by itself: whatever ended it is told to whoever waits."""
        error = None if work.cancelled() else work.exception()
        if error is not None and not self.over.done():
            self.over.set_exception(error)

    def die(self) -> None:
        """To be called when the life is over."""
        if not self.over.done():
            self.over.set_result(None)

    async def take(
        self, connection: str, flow: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """A webhook comes in. Raises what a shop sees when the process dies before it has
        answered."""
        return await self._answered(self.services.accept_webhook(connection, flow, headers, body))

    async def take_parcel(
        self, connection: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """The same of a carrier."""
        return await self._answered(self.services.accept_tracking(connection, headers, body))

    async def _answered(self, answering: Coroutine[Any, Any, Any]) -> tuple[int, bytes]:
        if self.process.is_over:
            answering.close()
            raise httpx.ConnectError("nobody listens")
        taking = begin(answering, self.process)
        await asyncio.wait({taking, self.over}, return_when=asyncio.FIRST_COMPLETED)
        if not taking.done():
            raise httpx.ReadError("the process died")
        answer = taking.result()
        return answer.status, answer.body


def webhook_app(
    workers: Callable[[], list[Worker]],
    told: Told,
    *,
    until_taken: bool = False,
) -> Any:
    """An ASGI application at `/<connection>/<flow>` that hands each webhook to one of the workers
    that live; `until_taken`: again and again, as Adobe sends its events. `told` gets each that was
    taken, with the time at which it arrived: its record may be read before the shop has our answer.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        connection, _, flow = scope["path"].strip("/").partition("/")
        arrived = told.clock.now()

        async def taken() -> tuple[int, bytes]:
            nonlocal arrived
            arrived = told.clock.now()
            alive = workers()
            if not alive:
                raise httpx.ConnectError("nobody listens")
            return await alive[0].take(connection, flow, headers, body)

        status, answer = await (again_and_again(taken) if until_taken else taken())
        if status < 300:
            told.note_taken(connection, flow, body, arrived)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    return app


async def again_and_again(taken: Callable[[], Awaitable[tuple[int, bytes]]]) -> tuple[int, bytes]:
    """The first answer that is no trouble of ours."""
    while True:
        try:
            status, answer = await taken()
            if status < 500:
                return status, answer
        except httpx.HTTPError:
            pass
        await asyncio.sleep(AGAIN)
