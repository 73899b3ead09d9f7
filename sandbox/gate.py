"""The dials before an ASGI application, for both doubles.

A request arrives once its body is complete and half of its latency has passed. From then on its
work is a task of the double's own: a client that gives up cancels its waiting, never the work.
`/sandbox/...` paths pass untouched.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.capacity import Capacity, Hot
from sandbox.dials import Arrival, Dials, Kind

AFTER = frozenset({Kind.ERROR_AFTER, Kind.LOST})


@dataclass
class GateAnswer:
    """What the application sent, kept until it is known whether the client gets to see it."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        """Keep one message."""
        self.messages.append(message)


def plainly(status: int, retry_after: int | None = None) -> Response:
    """What a gateway says in front of either system: HTML for an error, a sentence for a
    throttle."""
    if retry_after is not None:
        return JSONResponse(
            {"message": "Too many requests."}, 429, {"Retry-After": str(retry_after)}
        )
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return Response(page, status, media_type="text/html")


class Gate:
    """ASGI middleware: latency, then a fault or the application, then the answer or none.

    `refusal(status, retry_after)` makes the answers to faults; systems differ in their words.
    `capacity`: how much work the system can do; None: any.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        dials: Dials,
        refusal: Callable[[int, int | None], Response] = plainly,
        capacity: Capacity | None = None,
    ) -> None:
        self._app = app
        self._dials = dials
        self._refusal = refusal
        self._capacity = capacity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises `LostAnswer` in process where a server would close the
        connection."""
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        arrival = Arrival(
            scope["method"], scope["path"], scope["query_string"].decode("latin-1"), body
        )
        on_the_way = self._dials.latency() / 2
        if on_the_way:
            await asyncio.sleep(on_the_way)
        answer = await asyncio.shield(self._dials.start(self._served(scope, arrival)))
        if on_the_way:
            await asyncio.sleep(on_the_way)
        if answer is not None:
            for message in answer.messages:
                await send(message)
        elif (
            "spec_version" in scope["asgi"]
        ):  # a real server; the transport in process does not say one
            await _hang_up(send)
        else:
            raise LostAnswer("the connection closed before an answer came")

    async def _served(self, scope: Scope, arrival: Arrival) -> GateAnswer | None:
        """The answer, or None when the client is not to see one."""
        counts = self._dials.counts
        counts["arrived"] += 1
        pause = self._dials.quiet()
        fault = self._dials.draw(arrival) if pause is None else None
        if fault is not None and fault.kind is Kind.THROTTLE:
            pause = self._dials.throttle(fault)
        if pause is not None:
            counts[Kind.THROTTLE] += 1
            return await _answered(self._refusal(429, pause), scope)
        if fault is None:
            return await self._worked_on(scope, arrival)
        counts[fault.kind] += 1
        if fault.kind is Kind.DELAYED:
            self._dials.start(self._later(scope, arrival, self._dials.delay(fault)))
        elif fault.kind in AFTER:
            await self._applied(scope, arrival)
        if fault.kind in {Kind.ERROR_BEFORE, Kind.ERROR_AFTER}:
            return await _answered(self._refusal(fault.status, None), scope)
        return None

    async def _worked_on(self, scope: Scope, arrival: Arrival) -> GateAnswer:
        """Applied once a worker has done it; refused where the system is hot."""
        if self._capacity is None:
            return await self._applied(scope, arrival)
        try:
            async with self._capacity.working_on(arrival):
                return await self._applied(scope, arrival)
        except Hot as hot:
            self._dials.counts[Kind.THROTTLE] += 1
            return await _answered(self._refusal(429, hot.seconds), scope)

    async def _later(self, scope: Scope, arrival: Arrival, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._applied(scope, arrival)

    async def _applied(self, scope: Scope, arrival: Arrival) -> GateAnswer:
        answer = GateAnswer()
        await self._app(scope, _replay(arrival.body), answer.send)
        return answer


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when the client left before it was complete: such a request never
    arrived."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _answered(response: Response, scope: Scope) -> GateAnswer:
    answer = GateAnswer()
    await response(scope, _replay(b""), answer.send)
    return answer


async def _hang_up(send: Send) -> None:
    """Promise a body and return without it: every ASGI server then closes the connection."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]}
    )


def dials_endpoint(dials: Dials) -> Callable[[Request], Any]:
    """`GET` shows the dials, `PUT` sets those given (see `Dials.turn`). For a route at
    `/sandbox/dials`."""

    async def endpoint(request: Request) -> Response:
        if request.method == "PUT":
            try:
                wanted = json.loads(await request.body())
                dials.turn(wanted if isinstance(wanted, dict) else {"": wanted})
            except ValueError as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(dials.as_json())

    return endpoint


class LostAnswer(httpx.ReadError):
    """The connection closed without an answer; whether the request took effect is for the client to
    find out.

    In process it is raised to the caller as the transport error that it is; a real server closes
    the connection.
    """
