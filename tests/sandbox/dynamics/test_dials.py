import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from sandbox.dials import Arrival, Dials, Kind
from sandbox.dynamics import DynamicsState, dynamics_app
from sandbox.gate import Gate, LostAnswer
from tests.virtual_time import virtually

BODY = {
    "dataAreaId": "usmf",
    "OrderingCustomerAccountNumber": "US-001",
    "CustomersOrderReference": "7",
}
Story = Callable[[DynamicsState, Dials, httpx.AsyncClient], Awaitable[None]]


@asynccontextmanager
async def environment(dials: Dials) -> AsyncIterator[tuple[DynamicsState, httpx.AsyncClient]]:
    state = DynamicsState.seeded()
    transport = httpx.ASGITransport(dynamics_app(state, dials))
    token = {"Authorization": "Bearer sandbox"}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://fo.example", headers=token
    ) as client:
        yield state, client


def simulate(dials: Dials | None = None) -> Callable[[Story], Callable[[], None]]:
    """A test that is a story in virtual time."""

    def decorate(story: Story) -> Callable[[], None]:
        async def whole() -> None:
            chosen = dials or Dials()
            async with environment(chosen) as (state, client):
                await story(state, chosen, client)
                await chosen.settle()

        return lambda: virtually(whole())

    return decorate


async def posted(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/data/SalesOrderHeadersV4", json=BODY)


@simulate()
async def test_a_lost_answer_is_a_transport_error_after_the_commit(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    dials.next(Kind.LOST, writes=True)
    assert (await client.get("/data/Currencies")).status_code == 200
    with pytest.raises(LostAnswer) as lost:
        await posted(client)
    assert isinstance(lost.value, httpx.TransportError)
    assert len(state.orders_for("7")) == 1
    assert (await posted(client)).status_code == 201


@simulate()
async def test_a_dropped_request_changes_nothing(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    dials.next(Kind.DROPPED)
    with pytest.raises(LostAnswer):
        await posted(client)
    assert state.orders_for("7") == []


@simulate()
async def test_a_delayed_write_lands_after_its_answer_was_lost(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    dials.next(Kind.DELAYED, seconds=30)
    with pytest.raises(LostAnswer):
        await posted(client)
    await asyncio.sleep(29)
    assert state.orders_for("7") == []
    await asyncio.sleep(2)
    assert len(state.orders_for("7")) == 1
    dials.next(Kind.DELAYED)
    with pytest.raises(LostAnswer):
        await posted(client)
    await dials.settle()
    assert len(state.orders_for("7")) == 2


@simulate()
async def test_errors_come_before_or_after_the_commit(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    dials.next(Kind.ERROR_BEFORE, status=502)
    gateway = await posted(client)
    assert (gateway.status_code, gateway.headers["content-type"]) == (
        502,
        "text/html; charset=utf-8",
    )
    assert state.orders_for("7") == []
    dials.next(Kind.ERROR_AFTER, status=500)
    crashed = await posted(client)
    assert (crashed.status_code, crashed.json()["error"]["code"]) == (500, "")
    assert len(state.orders_for("7")) == 1


@simulate()
async def test_a_throttle_is_for_everybody_and_ends(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    dials.next(Kind.THROTTLE, seconds=7)
    first = await posted(client)
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert "high resource utilization" in first.text
    assert (await client.get("/data/Currencies")).headers["retry-after"] == "7"
    await asyncio.sleep(7)
    assert (await posted(client)).status_code == 201
    assert dials.counts == {"arrived": 3, "throttle": 2}


@simulate(Dials(retry_after=5, retry_after_most=30))
async def test_a_throttle_that_is_ignored_grows_up_to_a_limit(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    dials.next(Kind.THROTTLE)
    waits = [int((await posted(client)).headers["retry-after"])]
    for _ in range(3):
        await asyncio.sleep(2)
        waits.append(int((await posted(client)).headers["retry-after"]))
    assert waits == [5, 10, 20, 30]
    await asyncio.sleep(30)
    dials.next(Kind.THROTTLE)
    assert (await posted(client)).headers["retry-after"] == "5"


@simulate()
async def test_a_burst_throttles_as_many_requests_as_it_says(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    dials.next(Kind.THROTTLE, times=3, seconds=1)
    seen = []
    for _ in range(4):
        seen.append((await posted(client)).status_code)
        await asyncio.sleep(1)
    assert seen == [429, 429, 429, 201]


@simulate(Dials(latency_low=10, latency_high=10))
async def test_a_client_that_gives_up_does_not_stop_what_has_arrived(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    for patience, orders in ((2, 0), (7, 1)):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(posted(client), patience)
        await dials.settle()
        assert len(state.orders_for("7")) == orders


def test_the_same_seed_gives_the_same_faults() -> None:
    def outcomes(seed: int) -> list[str]:
        seen: list[str] = []

        async def story(state: DynamicsState, dials: Dials, client: httpx.AsyncClient) -> None:
            for _ in range(60):
                try:
                    seen.append(str((await posted(client)).status_code))
                except LostAnswer:
                    seen.append("lost")
                await asyncio.sleep(400)

        rates = {f"{kind}_rate": 0.1 for kind in Kind}
        simulate(Dials(random=Random(seed), latency_high=2, **rates))(story)()  # type: ignore[arg-type]
        return seen

    assert outcomes(1) == outcomes(1) != outcomes(2)
    assert {"201", "429", "lost"} <= set(outcomes(1))


def test_conditions_choose_the_request_that_fails() -> None:
    dials = Dials()
    dials.next(
        Kind.LOST, method="PATCH", path="SalesOrder", where=lambda arrival: b"URL" in arrival.body
    )
    batch = b"--b\r\n\r\nPOST /data/X HTTP/1.1\r\n"
    assert Arrival("POST", "/data/$batch", "", batch).writes
    assert not Arrival("POST", "/data/$batch", "", batch.replace(b"POST", b"GET")).writes
    for arrival in (
        Arrival("POST", "/data/SalesOrderLinesV3", "", b"URL"),
        Arrival("PATCH", "/data/CustomersV3", "", b"URL"),
        Arrival("PATCH", "/data/SalesOrderLinesV3", "", b""),
    ):
        assert dials.draw(arrival) is None
    fault = dials.draw(Arrival("PATCH", "/data/SalesOrderLinesV3", "", b"URL"))
    assert fault is not None
    assert (fault.kind, dials.plan) == (Kind.LOST, [])


def test_reads_are_never_delayed_by_chance() -> None:
    dials = Dials(delayed_rate=1)
    assert dials.draw(Arrival("GET", "/data/X", "", b"")) is None
    assert dials.draw(Arrival("POST", "/data/X", "", b"")) is not None


@simulate()
async def test_dials_are_turned_over_http_and_do_not_throttle_themselves(
    state: DynamicsState, dials: Dials, client: httpx.AsyncClient
) -> None:
    plan = [{"kind": "throttle", "times": 2, "writes": True, "seconds": 9}]
    shown = (
        await client.put("/sandbox/dials", json={"lost_rate": 0.5, "plan": plan, "seed": 3})
    ).json()
    assert (shown["lost_rate"], shown["plan"][0]["seconds"], shown["counts"]) == (0.5, 9, {})
    assert (await posted(client)).headers["retry-after"] == "9"
    assert (await client.get("/sandbox/dials")).json()["plan"][0]["times"] == 1
    for wrong in (
        {"lost": 1},
        {"lost_rate": "1"},
        {"lost_rate": -1},
        {"plan": [{"kind": "x"}]},
        {"plan": [1]},
        [1],
    ):
        refused = await client.put("/sandbox/dials", json=wrong)
        assert refused.status_code == 400
        assert refused.json()["error"]
    assert (await client.put("/sandbox/dials", json={"lost_rate": 0.25})).json()["plan"] != []
    assert dials.lost_rate == 0.25
    assert (await client.put("/sandbox/dials", json={"plan": []})).json()["plan"] == []


async def test_a_fault_of_the_double_itself_is_told() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    dials = Dials()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Gate(broken, dials=dials)), base_url="http://x"
    ) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/")
        with pytest.raises(ZeroDivisionError):
            await dials.settle()


async def test_a_gate_without_words_of_its_own_refuses_plainly() -> None:
    dials = Dials(retry_after=3)
    dials.next(Kind.THROTTLE)
    app = Starlette(routes=[Route("/", lambda _: Response("here"))])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Gate(app, dials=dials)), base_url="http://x"
    ) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (
        429,
        "3",
        {"message": "Too many requests."},
    )


async def test_a_request_that_never_became_complete_never_arrived() -> None:
    dials, answers = Dials(), []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "asgi": {"version": "3.0"},
    }
    await Gate(Starlette(), dials=dials)(scope, receive, send)
    assert (answers, dials.counts) == ([], {})


async def test_a_server_closes_the_connection_where_an_answer_is_lost() -> None:
    state, dials = DynamicsState.seeded(), Dials()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(dynamics_app(state, dials), log_level="critical", lifespan="off")
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient(
        base_url=base, headers={"Authorization": "Bearer sandbox"}
    ) as client:
        assert (await client.get("/data/Currencies('USD')")).status_code == 200
        dials.next(Kind.LOST, writes=True)
        with pytest.raises(httpx.TransportError):
            await posted(client)
        assert (await client.get("/sandbox/orders")).json()[0]["CustomersOrderReference"] == "7"
    server.should_exit = True
    await serving
