import json
import logging
from collections.abc import AsyncIterator, Mapping, MutableMapping
from typing import Any

import azure.functions as func
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from sync.hosts.connection import LARGEST_HEAD
from sync.hosts.http import MOST_HEADERS, HostKeys, http_app
from sync.hosts.registered import CannotHost, HttpFunction, registered
from tests.hosts.toys import Said

KEYS = HostKeys(function="function-key", master="master-key")


def shop() -> func.FunctionApp:
    """An app with a route of every kind."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    _pages(app)
    _guarded(app)
    return app


def _pages(app: func.FunctionApp) -> None:
    levels = func.AuthLevel

    @app.function_name("echo")
    @app.route("echo/{connection}/{flow}", methods=["POST"], auth_level=levels.ANONYMOUS)
    async def echo(req: func.HttpRequest) -> func.HttpResponse:
        headers = {
            "X-Method": req.method,
            "X-Seen": json.dumps([dict(req.route_params), dict(req.params)]),
        }
        headers["X-Many"] = req.headers.get("X-Many", "")
        return func.HttpResponse(
            req.get_body(), headers=headers, mimetype="application/octet-stream"
        )

    @app.function_name("rest")
    @app.route("pages/{*path}", methods=["GET"], auth_level=levels.ANONYMOUS)
    async def rest(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("rest " + req.route_params["path"])

    @app.function_name("page")
    @app.route("pages/{name}", methods=["GET"], auth_level=levels.ANONYMOUS)
    async def page(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("page " + req.route_params["name"])

    @app.function_name("start")
    @app.route("pages/start", methods=["GET"], auth_level=levels.ANONYMOUS)
    async def start(req: func.HttpRequest) -> func.HttpResponse:
        answer = func.HttpResponse("<p>start</p>", mimetype="text/html", status_code=201)
        answer.headers.add("Set-Cookie", "a=1")
        answer.headers.add("Set-Cookie", "b=2")
        return answer


def _guarded(app: func.FunctionApp) -> None:
    levels = func.AuthLevel

    @app.function_name("health")
    @app.route("health", methods=["GET"], auth_level=levels.FUNCTION)
    async def health(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("well")

    @app.function_name("rule")
    @app.route("rule", methods=["GET"], auth_level=levels.ADMIN)
    async def rule(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("ruled")

    @app.function_name("fall")
    @app.route("fall", methods=["GET"], auth_level=levels.ANONYMOUS)
    async def fall(req: func.HttpRequest) -> func.HttpResponse:
        raise ValueError("jane@example.com")


def application(keys: HostKeys = KEYS, limit: int = 1000) -> ASGIApp:
    functions = [each for each in registered(shop()) if isinstance(each, HttpFunction)]
    return http_app(functions, keys, body_limit=limit)


def client(keys: HostKeys = KEYS, limit: int = 1000) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application(keys, limit)), base_url="http://localhost"
    )


@given(st.binary(max_size=300))
async def test_a_body_arrives_byte_for_byte(body: bytes) -> None:
    async with client() as http:
        assert (await http.post("/api/echo/eu/orders", content=body)).content == body


async def test_route_parameters_query_and_repeated_headers_reach_the_function() -> None:
    async with client() as http:
        answer = await http.post(
            "/api/echo/eu/orders%20b2b",
            params=[("a", "1"), ("a", "2"), ("b", "")],
            headers=[("X-Many", "1"), ("x-many", "2")],
        )
    assert json.loads(answer.headers["x-seen"]) == [
        {"connection": "eu", "flow": "orders b2b"},
        {"a": "1,2", "b": ""},
    ]
    assert answer.headers["x-many"] == "1, 2"
    assert answer.headers["x-method"] == "POST"
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("pages/start", "<p>start</p>"),
        ("pages/other", "page other"),
        ("pages/a/b", "rest a/b"),
        ("pages/", "rest "),
    ],
)
async def test_the_most_special_route_answers(path: str, said: str) -> None:
    async with client() as http:
        assert (await http.get(f"/api/{path}")).text == said


async def test_status_type_and_every_cookie_come_back() -> None:
    async with client() as http:
        answer = await http.get("/api/pages/start")
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/echo/eu/orders", 405),
        ("POST", "/api/echo/eu", 404),
        ("GET", "/health", 404),
        ("GET", "/api/", 404),
    ],
)
async def test_other_methods_and_paths_are_refused(method: str, path: str, status: int) -> None:
    async with client() as http:
        assert (await http.request(method, path)).status_code == status


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("health", "function-key", 200),
        ("health", "master-key", 200),
        ("health", "function-kez", 401),
        ("health", "schlüssel", 401),
        ("health", "", 401),
        ("rule", "master-key", 200),
        ("rule", "function-key", 401),
        ("rule", "", 401),
        ("pages/start", "", 201),
    ],
)
async def test_a_key_opens_what_its_level_allows_in_header_or_query(
    path: str, key: str, status: int
) -> None:
    async with client() as http:
        in_header = await http.get(
            f"/api/{path}", headers=[(b"x-functions-key", key.encode("latin-1"))] if key else []
        )
        in_query = await http.get(f"/api/{path}", params={"code": key} if key else {})
    assert (in_header.status_code, in_query.status_code) == (status, status)


@pytest.mark.parametrize("path", ["health", "rule"])
async def test_a_host_without_keys_lets_nobody_in(path: str) -> None:
    async with client(HostKeys()) as http:
        assert (await http.get(f"/api/{path}")).status_code == 401
        assert (await http.get(f"/api/{path}", params={"code": ""})).status_code == 401


def test_keys_are_not_shown() -> None:
    assert "key" not in repr(KEYS).replace("HostKeys", "")


async def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    async with client(limit=1000) as http:
        assert (await http.post("/api/echo/eu/orders", content=b"x" * 1000)).status_code == 200
        assert (await http.post("/api/echo/eu/orders", content=b"x" * 1001)).status_code == 413


async def test_a_body_of_unknown_length_is_read_no_further_than_the_limit() -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 100:
            given += 1
            yield b"x" * 100

    async with client(limit=1000) as http:
        assert (await http.post("/api/echo/eu/orders", content=endless())).status_code == 413
    assert given <= 12


async def test_a_failure_is_a_500_without_detail_and_a_log_line_without_the_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with client() as http:
        with caplog.at_level(logging.INFO, logger="sync"):
            answer = await http.get("/api/fall")
    assert (answer.status_code, answer.content) == (500, b"")
    assert "fall.failed cause=ValueError at " in caplog.text
    assert "jane" not in caplog.text


@pytest.mark.parametrize("route", ["orders/{key?}", "orders/{key:int}", "orders/{key=1}"])
def test_a_route_parameter_that_is_not_plain_is_refused(route: str) -> None:
    async def never(req: func.HttpRequest) -> func.HttpResponse:
        raise AssertionError("never run")

    function = HttpFunction("orders", "req", never, route, ("GET",), func.AuthLevel.ANONYMOUS)
    with pytest.raises(CannotHost, match="orders"):
        http_app([function], KEYS)


async def test_a_body_that_breaks_off_reaches_no_function() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/echo/eu/orders",
        "query_string": b"",
        "headers": [],
    }
    await application()(scope, receive, send)
    assert sent[0]["status"] == 400


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({f"x-{number}": "a" for number in range(MOST_HEADERS - 10)}, "", 200),
        ({f"x-{number}": "a" for number in range(MOST_HEADERS + 1)}, "", 431),
        ({"x-a": "a" * (LARGEST_HEAD - 1000)}, "", 200),
        ({"x-a": "a" * LARGEST_HEAD}, "", 431),
        ({}, "a" * LARGEST_HEAD, 431),
    ],
)
async def test_a_head_that_is_too_long_or_of_too_many_headers_is_refused(
    headers: dict[str, str], query: str, status: int
) -> None:
    async with client() as http:
        answer = await http.post("/api/echo/eu/orders", headers=headers, params={"q": query})
    assert answer.status_code == status
    assert (answer.headers.get("connection") == "close") is (status == 431)


async def test_what_need_not_be_read_is_refused_by_its_head() -> None:
    def refused_unread(function: str, named: Mapping[str, str], headers: Mapping[str, str]) -> Said:
        assert (function, named["flow"], headers["x-a"]) == ("echo", "orders", "1")
        return Said(401, b"who are you?", "text/plain")

    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("nobody reads it")
        yield b""

    functions = [each for each in registered(shop()) if isinstance(each, HttpFunction)]
    app = http_app(functions, KEYS, refused_unread=refused_unread)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://localhost"
    ) as http:
        answer = await http.post("/api/echo/eu/orders", headers={"X-A": "1"}, content=unread())
        assert (answer.status_code, answer.text) == (401, "who are you?")
        assert answer.headers["connection"] == "close"
        assert (await http.get("/api/pages/start")).status_code == 201
