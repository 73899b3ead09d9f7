"""What strangers may hold of the local host: over real sockets, on a loop whose time is virtual."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import azure.functions as func
import pytest

from sync.hosts.connection import LARGEST_HEAD, Limits
from sync.hosts.http import HostKeys, http_app
from sync.hosts.registered import HttpFunction, registered
from sync.hosts.server import KEPT_ALIVE, listen, serve
from sync.intake_http.answers import MOST_LINES, RefusalLines
from tests.virtual_time import LoopClock, virtually

LIMITS = Limits(connections=3, head=timedelta(seconds=15), body=timedelta(seconds=30))
HEAD = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
WHOLE = HEAD + b"body"
SLOW = timedelta(seconds=0.7)
"""No multiple of it is one of the limits."""


def app(leave: asyncio.Event) -> func.FunctionApp:
    """`echo` answers at once, `wait` when it may leave."""
    functions = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @functions.function_name("echo")
    @functions.route("echo", methods=["POST"])
    async def echo(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.get_body())

    @functions.function_name("wait")
    @functions.route("wait", methods=["GET"])
    async def wait(req: func.HttpRequest) -> func.HttpResponse:
        await leave.wait()
        return func.HttpResponse("answered")

    return functions


class Caller:
    """One connection to the host."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def says(self, text: bytes) -> None:
        self._writer.write(text)
        await self._writer.drain()

    async def drips(self, text: bytes) -> bytes:
        """A byte now and then, until the host answers: with which status."""
        answered = asyncio.create_task(self.status())
        for byte in text:
            self._writer.write(bytes([byte]))
            await asyncio.wait({answered}, timeout=SLOW.total_seconds())
            if answered.done():
                break
        return await answered

    async def status(self) -> bytes:
        """Of the next answer, whose body is `body` or nothing; nothing where the host closed."""
        line = await self._reader.readline()
        while (await self._reader.readline()).strip():
            pass
        return line[9:12]

    async def is_closed(self) -> bool:
        """Once it is; what was still said is read."""
        with suppress(ConnectionResetError):
            await self._reader.read()
        return True

    async def leaves(self) -> None:
        self._writer.close()
        await asyncio.wait({asyncio.ensure_future(self._writer.wait_closed())})


class Host:
    """A running host, and the callers that it has."""

    def __init__(self, port: int, leave: asyncio.Event) -> None:
        self._port, self.leave, self.callers = port, leave, list[Caller]()

    async def called(self) -> Caller:
        caller = Caller(*await asyncio.open_connection("127.0.0.1", self._port))
        self.callers.append(caller)
        return caller


@asynccontextmanager
async def running(limits: Limits) -> AsyncIterator[Host]:
    stop, ready, leave = asyncio.Event(), asyncio.Event(), asyncio.Event()
    functions = [each for each in registered(app(leave)) if isinstance(each, HttpFunction)]
    with listen("127.0.0.1", 0) as listener:
        host = Host(listener.getsockname()[1], leave)
        async with asyncio.TaskGroup() as group:
            group.create_task(
                serve(
                    http_app(functions, HostKeys()),
                    listener,
                    stop,
                    ready.set,
                    grace=timedelta(seconds=1),
                    limits=limits,
                )
            )
            await ready.wait()
            yield host
            leave.set()
            for caller in host.callers:
                await caller.leaves()
            stop.set()


def played(story: Callable[[Host], Awaitable[None]]) -> Callable[[], None]:
    """A test that is a story with a host, in virtual time."""

    async def whole() -> None:
        async with running(LIMITS) as host:
            await story(host)

    return lambda: virtually(whole())


def now() -> float:
    return asyncio.get_running_loop().time()


@played
async def test_a_head_that_does_not_arrive_in_time_is_told_so_however_steadily_it_drips(
    host: Host,
) -> None:
    caller, began = await host.called(), now()
    assert await caller.drips(b"POST /api/echo HTTP/1.1\r\nX-" + b"a" * 1000) == b"408"
    assert now() - began == pytest.approx(LIMITS.head.total_seconds(), abs=0.1)


@played
async def test_a_connection_that_says_nothing_is_closed(host: Host) -> None:
    caller, began = await host.called(), now()
    assert await caller.status() == b""
    assert now() - began == pytest.approx(LIMITS.head.total_seconds(), abs=0.1)


@played
async def test_a_body_that_does_not_arrive_in_time_is_told_so(host: Host) -> None:
    caller, began = await host.called(), now()
    await caller.says(HEAD.replace(b"4", b"900"))
    assert await caller.drips(b"a" * 1000) == b"408"
    assert now() - began == pytest.approx(LIMITS.body.total_seconds(), abs=0.1)


@played
async def test_a_body_that_nobody_reads_has_no_more_time(host: Host) -> None:
    caller, began = await host.called(), now()
    await caller.says(HEAD.replace(b"echo", b"nobody").replace(b"4", b"900"))
    assert await caller.status() == b"404"
    assert await caller.drips(b"a" * 1000) == b""
    assert now() - began == pytest.approx(LIMITS.body.total_seconds(), abs=0.1)


@played
async def test_a_kept_connection_may_idle_and_its_next_request_has_its_own_time(host: Host) -> None:
    caller = await host.called()
    for _ in range(2):
        await caller.says(WHOLE)
        assert await caller.status() == b"200"
        assert await caller._reader.readexactly(4) == b"body"
        await asyncio.sleep(KEPT_ALIVE - 1)
    began = now()
    assert await caller.drips(HEAD[:-1]) == b"408"
    assert now() - began == pytest.approx(LIMITS.head.total_seconds(), abs=0.1)


@played
async def test_an_answer_may_take_longer_than_a_request(host: Host) -> None:
    caller = await host.called()
    await caller.says(b"GET /api/wait HTTP/1.1\r\nHost: a\r\n\r\n")
    await asyncio.sleep(2 * LIMITS.body.total_seconds())
    host.leave.set()
    assert await caller.status() == b"200"


@played
async def test_a_head_that_grows_without_end_is_refused_before_it_ends(host: Host) -> None:
    caller = await host.called()
    for _ in range(2):
        await caller.says(b"GET /api/wait HTTP/1.1\r\nX-A: " + b"a" * (LARGEST_HEAD - 100))
        await asyncio.sleep(SLOW.total_seconds())
    assert await caller.status() == b"400"


def test_who_holds_all_connections_keeps_nobody_out_who_sends_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(host: Host) -> None:
        held = []
        for said in (HEAD, b"POST", b""):
            held.append(await host.called())
            await held[-1].says(said)
            await asyncio.sleep(SLOW.total_seconds())
        for _ in range(2 * MOST_LINES):
            good = await host.called()
            await good.says(WHOLE)
            assert await good.status() == b"200"
        assert all([await each.is_closed() for each in held])

    async def with_lines() -> None:
        lines = RefusalLines(LoopClock())
        async with running(Limits(lines, connections=LIMITS.connections)) as host:
            await story(host)

    with caplog.at_level(logging.WARNING, logger="sync"):
        virtually(with_lines())
    assert caplog.messages == ["host.connections_full most=3"] * MOST_LINES


@played
async def test_what_is_being_answered_makes_room_for_nobody(host: Host) -> None:
    asking = []
    for _ in range(LIMITS.connections):
        asking.append(await host.called())
        await asking[-1].says(b"GET /api/wait HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(SLOW.total_seconds())
    assert await (await host.called()).is_closed()
    host.leave.set()
    assert [await each.status() for each in asking] == [b"200"] * len(asking)


def test_what_is_no_http_is_refused_without_a_line(caplog: pytest.LogCaptureFixture) -> None:
    async def story(host: Host) -> None:
        for said in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            caller = await host.called()
            await caller.says(said)
            assert await caller.status() in (b"400", b"404")

    played(story)()
    assert not caplog.records


@pytest.mark.parametrize("path", [b"echo", b"nobody"])
@pytest.mark.parametrize("pause", [0.0, SLOW.total_seconds()])
def test_a_body_that_turns_out_to_be_none_ends_the_connection_without_a_line(
    path: bytes, pause: float, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(host: Host) -> None:
        caller = await host.called()
        await caller.says(
            HEAD.replace(b"echo", path).replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        )
        await asyncio.sleep(pause)
        await caller.says(b"no chunk\r\n\r\n")
        assert await caller.status() in (b"400", b"404")
        assert await caller.is_closed()

    played(story)()
    assert not caplog.records
