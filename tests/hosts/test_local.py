import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import azure.functions as func
import httpx
import pytest

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.core.message_queue import Outgoing
from sync.hosts.azure import build_app
from sync.hosts.http import HostKeys
from sync.hosts.local import LocalHost, run_until_signalled
from sync.hosts.server import CannotListen
from tests.hosts.toys import Notebook, Said
from tests.virtual_time import LoopClock, virtually

CLOCK = SystemClock()


class Embedded:
    """The embedded edition's queue and tables, and a host on them."""

    def __init__(self) -> None:
        self.queue = SqliteQueue(":memory:", CLOCK, timedelta(minutes=1))
        self.tables = SqliteTables(":memory:")
        self.stop = asyncio.Event()
        self.ready = asyncio.Event()
        self.url = ""

    def announce(self, url: str) -> None:
        self.url = url
        self.ready.set()

    def host(
        self, app: func.FunctionApp, *, port: int = 0, grace: timedelta = timedelta(seconds=30)
    ) -> LocalHost:
        keys = HostKeys(function="function-key")
        return LocalHost(
            app, self.queue, self.tables, CLOCK, port=port, keys=keys, body_limit=1000, grace=grace
        )

    @asynccontextmanager
    async def running(
        self, app: func.FunctionApp, grace: timedelta = timedelta(seconds=30)
    ) -> AsyncIterator[None]:
        """The host inside the block, stopped gracefully at its end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.host(app, grace=grace).run(self.stop, self.announce))
            await self.ready.wait()
            yield
            self.stop.set()


@pytest.fixture
def embedded() -> Iterator[Embedded]:
    edition = Embedded()
    yield edition
    edition.queue.close()
    edition.tables.close()


def answering(entered: asyncio.Event, leave: asyncio.Event) -> func.FunctionApp:
    """An app whose HTTP function and queue function say when they have been entered and wait to
    leave."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.function_name("ask")
    @app.route("ask", methods=["GET"])
    async def ask(req: func.HttpRequest) -> func.HttpResponse:
        entered.set()
        await leave.wait()
        return func.HttpResponse("answered")

    @app.function_name("deliver_orders")
    @app.service_bus_queue_trigger(
        arg_name="message", queue_name="orders", connection="SERVICE_BUS"
    )
    async def deliver(message: func.ServiceBusMessage) -> None:
        entered.set()
        await leave.wait()

    return app


async def test_a_webhook_goes_over_the_wire_byte_for_byte_and_its_message_comes_off_the_queue(
    embedded: Embedded,
) -> None:
    class RecordedEngine(Notebook):
        async def accept_webhook(
            self, connection: str, flow: str, headers: Mapping[str, str], body: bytes
        ) -> Said:
            await embedded.queue.send([Outgoing("documents", body, "m1")])
            return await super().accept_webhook(connection, flow, headers, body)

        async def take(
            self,
            queue: str,
            body: bytes,
            message_id: str,
            deliveries: int,
            *,
            trace_parent: str = "",
        ) -> None:
            await super().take(queue, body, message_id, deliveries, trace_parent=trace_parent)
            delivered.set()

    delivered, recorded_engine, body = asyncio.Event(), RecordedEngine(), bytes(range(256))
    async with (
        embedded.running(build_app(recorded_engine.open)),
        httpx.AsyncClient() as http,
    ):
        answer = await http.post(f"{embedded.url}/api/webhooks/eu/orders", content=body)
        assert (answer.status_code, answer.content) == (200, b'{"op":"success"}')
        assert "server" not in answer.headers
        await delivered.wait()
    assert recorded_engine.calls[-1] == ("take", "documents", body, "m1", 1)
    depth = await embedded.queue.depth("documents")
    assert (depth.due, depth.locked, depth.dead) == (0, 0, 0)


async def test_over_the_wire_keys_are_asked_for_and_long_bodies_refused(embedded: Embedded) -> None:
    async with embedded.running(build_app(Notebook().open)), httpx.AsyncClient() as http:
        assert (await http.get(f"{embedded.url}/api/health")).status_code == 401
        key = {"x-functions-key": "function-key"}
        assert (await http.get(f"{embedded.url}/api/health", headers=key)).status_code == 200
        answer = await http.post(f"{embedded.url}/api/webhooks/eu/orders", content=b"x" * 1001)
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")


async def test_a_body_announced_as_too_long_is_refused_before_it_is_sent(
    embedded: Embedded,
) -> None:
    async with embedded.running(build_app(Notebook().open)):
        port = int(embedded.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /api/webhooks/eu/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_it_listens_on_this_machine_alone_and_tells_its_real_port(embedded: Embedded) -> None:
    async with embedded.running(build_app(Notebook().open)):
        assert embedded.url.startswith("http://127.0.0.1:")
        assert not embedded.url.endswith(":0")


async def test_a_taken_port_is_told_with_a_cure(embedded: Embedded) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1 port {port}.*choose another port"):
            await embedded.host(build_app(Notebook().open), port=port).run(
                embedded.stop, embedded.announce
            )


async def test_a_stop_takes_no_more_requests_and_lets_the_running_one_finish(
    embedded: Embedded,
) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()
    async with httpx.AsyncClient() as http, embedded.running(answering(entered, leave)):
        asking = asyncio.create_task(http.get(f"{embedded.url}/api/ask"))
        await entered.wait()
        embedded.stop.set()
        await refused(embedded.url)
        leave.set()
        assert (await asking).text == "answered"


async def refused(url: str) -> None:
    """Until nobody listens at `url`."""
    port = int(url.rpartition(":")[2])
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        writer.close()
        await asyncio.sleep(0.01)


async def test_what_does_not_finish_in_time_is_cancelled_and_its_message_given_back(
    embedded: Embedded,
) -> None:
    entered = asyncio.Event()
    await embedded.queue.send([Outgoing("orders", b"{}", "m1")])
    async with embedded.running(answering(entered, asyncio.Event()), grace=timedelta(seconds=0.05)):
        await entered.wait()
    depth = await embedded.queue.depth("orders")
    assert (depth.due, depth.locked) == (1, 0)


async def test_cancelled_the_host_ends_at_once_with_requests_and_messages_under_way(
    embedded: Embedded,
) -> None:
    asked = asyncio.Event()
    host = embedded.host(answering(asked, asyncio.Event()))
    running = asyncio.create_task(host.run(embedded.stop, embedded.announce))
    await embedded.ready.wait()
    async with httpx.AsyncClient() as http:
        asking = asyncio.create_task(http.get(f"{embedded.url}/api/ask"))
        await asked.wait()
        running.cancel()
        await asyncio.wait({running, asking})
    assert running.cancelled()
    await refused(embedded.url)


async def test_cancelled_before_it_has_begun_it_leaves_no_socket_behind(embedded: Embedded) -> None:
    for turns in range(5):
        running = asyncio.create_task(
            embedded.host(build_app(Notebook().open)).run(embedded.stop, embedded.announce)
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()


async def test_a_signal_stops_gracefully(embedded: Embedded) -> None:
    before = signal.getsignal(signal.SIGTERM)
    host = embedded.host(build_app(Notebook().open))
    running = asyncio.create_task(run_until_signalled(host, embedded.announce))
    await embedded.ready.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert signal.getsignal(signal.SIGTERM) is before


async def test_a_second_signal_ends_it_at_once(embedded: Embedded) -> None:
    entered = asyncio.Event()
    await embedded.queue.send([Outgoing("orders", b"{}", "m1")])
    host = embedded.host(answering(entered, asyncio.Event()))
    running = asyncio.create_task(run_until_signalled(host, embedded.announce))
    await embedded.ready.wait()
    await entered.wait()
    os.kill(os.getpid(), signal.SIGINT)
    await refused(embedded.url)
    assert not running.done()
    os.kill(os.getpid(), signal.SIGINT)
    await running
    assert (await embedded.queue.depth("orders")).due == 1


async def test_cancelled_from_outside_it_is_cancelled(embedded: Embedded) -> None:
    host = embedded.host(build_app(Notebook().open))
    running = asyncio.create_task(run_until_signalled(host, embedded.announce))
    await embedded.ready.wait()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()


def test_queues_and_timers_run_without_http_in_virtual_time() -> None:
    clock, notes = LoopClock(), Notebook()
    queue, tables = SqliteQueue(":memory:", clock, timedelta(minutes=1)), SqliteTables(":memory:")

    async def story() -> None:
        stop = asyncio.Event()
        host = LocalHost(build_app(notes.open), queue, tables, clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(host.work(stop))
            await queue.send([Outgoing("documents", b"{}", "m1", clock.now() + timedelta(hours=1))])
            await asyncio.sleep(2 * 3600)
            stop.set()

    virtually(story())
    queue.close()
    tables.close()
    assert notes.calls.count(("tick",)) == 120
    assert notes.calls.count(("take", "documents", b"{}", "m1", 1)) == 1


async def test_an_app_without_queues_and_timers_runs_until_its_stop(embedded: Embedded) -> None:
    async with embedded.running(build_app(Notebook().open)):
        pass
