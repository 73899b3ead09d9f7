"""`docs/openapi.json` tells the registered routes, and every answer that it tells occurs."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import azure.functions as func
import httpx
import pytest
import respx

from sync.hosts.registered import HttpFunction, registered
from tests.contracts.hand_clock import HandClock
from tests.hosts.surface import app
from tests.intake_http.harness import (
    HEADER,
    SHOP_PAGE,
    Harness,
    event,
    signed_by_adobe,
    signed_by_carrier,
    signed_by_commerce,
)
from tests.intake_http.hosted import KEY, LARGEST, hosted

PAGE: Final = json.loads(
    (Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8")
)
TOLD_ELSEWHERE: Final = ("console", "portal")
"""`docs/console.md` tells of pages for people, `docs/portal-openapi.json` of the shop's pages."""
HOOK, EVENTS = "/api/webhooks/{connection}/{flow}", "/api/events/{connection}"
TRACKING: Final = "/api/tracking/{connection}"
INTEREST: Final = "/api/interest/{connection}"
PAGES: Final = {"origin": SHOP_PAGE, "user-agent": "Mozilla/5.0"}
LOOK: Final = b'{"visitor":"a-visitor-of-the-shop","consent":true,"skus":["A-1"]}'
GATE: Final = "/api/gate/{connection}/{question}"
BUSINESS, HEALTH = "/api/business-events/{connection}", "/api/health"
ORDER: Final = b'{"order":{"increment_id":"1","store_id":1}}'
FUNCTION_KEY: Final = {"x-functions-key": KEY}
PARCEL: Final = (
    b'{"tracking_number":"JD01","status":"delivered","occurred_at":"2026-01-05T10:00:00Z"}'
)
NOW: Final = HandClock().now()
POSTED: Final = b'{"EventId":"E-1","BusinessEventId":"X"}'


class Asked(NamedTuple):
    """A request, what the page tells of it, and what is broken meanwhile."""

    path: str
    method: str
    status: int
    to: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    breaks: Callable[[Harness], None] = lambda _: None
    times: int = 1


def no_secrets(harness: Harness) -> None:
    """The app cannot open."""
    harness.secrets.is_away = True


def no_tables(harness: Harness) -> None:
    harness.tables.close()


def no_queue(harness: Harness) -> None:
    harness.queue.close()


def delivery(**fields: Any) -> bytes:
    return json.dumps([event("1", {"increment_id": "1", "store_id": 1}, **fields)]).encode()


STRANGERS: Final = delivery(recipientclientid="another")
LONG: Final = b" " * (LARGEST - 1000)
ASKED: Final = [
    Asked(HOOK, "post", 200, "/api/webhooks/bikes/orders", signed_by_commerce(ORDER), ORDER),
    Asked(HOOK, "post", 400, "/api/webhooks/bikes/orders", signed_by_commerce(b"[]"), b"[]"),
    Asked(HOOK, "post", 401, "/api/webhooks/bikes/orders", {}, ORDER),
    Asked(HOOK, "post", 404, "/api/webhooks/nobody/orders", signed_by_commerce(ORDER), ORDER),
    Asked(HOOK, "post", 413, "/api/webhooks/bikes/orders", {HEADER: "AAAA"}, LONG),
    Asked(
        HOOK, "post", 415, "/api/webhooks/bikes/orders",
        {**signed_by_commerce(ORDER), "content-type": "text/html"}, ORDER,
    ),
    Asked(
        HOOK, "post", 503, "/api/webhooks/bikes/orders",
        signed_by_commerce(ORDER), ORDER, no_queue,
    ),
    Asked(GATE, "post", 200, "/api/gate/bikes/place-order", signed_by_commerce(ORDER), ORDER),
    Asked(GATE, "post", 200, "/api/gate/bikes/place-order", {}, ORDER, no_secrets),
    Asked(GATE, "post", 400, "/api/gate/bikes/place-order", signed_by_commerce(b"[]"), b"[]"),
    Asked(GATE, "post", 401, "/api/gate/bikes/place-order", {}, ORDER),
    Asked(GATE, "post", 404, "/api/gate/bikes/nothing", signed_by_commerce(ORDER), ORDER),
    Asked(GATE, "post", 413, "/api/gate/bikes/place-order", {HEADER: "AAAA"}, LONG),
    Asked(EVENTS, "get", 200, "/api/events/bikes?challenge=x"),
    Asked(EVENTS, "get", 400, "/api/events/bikes"),
    Asked(EVENTS, "get", 404, "/api/events/nobody?challenge=x"),
    Asked(EVENTS, "get", 503, "/api/events/bikes?challenge=x", {}, b"", no_secrets),
    Asked(EVENTS, "post", 200, "/api/events/bikes", signed_by_adobe(delivery()), delivery()),
    Asked(EVENTS, "post", 200, "/api/events/bikes", {}, b'{"validationUrl":"x"}'),
    Asked(EVENTS, "post", 400, "/api/events/bikes", signed_by_adobe(b"[]"), b"[]"),
    Asked(EVENTS, "post", 401, "/api/events/bikes", {}, delivery()),
    Asked(EVENTS, "post", 403, "/api/events/bikes", signed_by_adobe(STRANGERS), STRANGERS),
    Asked(EVENTS, "post", 404, "/api/events/nobody", signed_by_adobe(delivery()), delivery()),
    Asked(EVENTS, "post", 413, "/api/events/bikes", signed_by_adobe(LONG), LONG),
    Asked(
        EVENTS, "post", 503, "/api/events/bikes",
        signed_by_adobe(delivery()), delivery(), no_tables,
    ),
    Asked(BUSINESS, "post", 200, "/api/business-events/bikes", FUNCTION_KEY, POSTED),
    Asked(BUSINESS, "post", 400, "/api/business-events/bikes", FUNCTION_KEY, b"[]"),
    Asked(BUSINESS, "post", 401, "/api/business-events/bikes", {}, POSTED),
    Asked(BUSINESS, "post", 404, "/api/business-events/nobody", FUNCTION_KEY, POSTED),
    Asked(BUSINESS, "post", 503, "/api/business-events/bikes", FUNCTION_KEY, POSTED, no_tables),
    Asked(TRACKING, "post", 200, "/api/tracking/bikes", signed_by_carrier(PARCEL, NOW), PARCEL),
    Asked(TRACKING, "post", 400, "/api/tracking/bikes", signed_by_carrier(b"[]", NOW), b"[]"),
    Asked(TRACKING, "post", 401, "/api/tracking/bikes", {}, PARCEL),
    Asked(TRACKING, "post", 404, "/api/tracking/boats", signed_by_carrier(PARCEL, NOW), PARCEL),
    Asked(TRACKING, "post", 413, "/api/tracking/bikes", signed_by_carrier(LONG, NOW), LONG),
    Asked(
        TRACKING, "post", 503, "/api/tracking/bikes",
        signed_by_carrier(PARCEL, NOW), PARCEL, no_queue,
    ),
    Asked(INTEREST, "options", 204, "/api/interest/bikes", PAGES),
    Asked(INTEREST, "options", 403, "/api/interest/bikes", {"origin": "https://x.example.com"}),
    Asked(INTEREST, "options", 404, "/api/interest/boats", PAGES),
    Asked(INTEREST, "options", 503, "/api/interest/bikes", PAGES, b"", no_secrets),
    Asked(INTEREST, "post", 204, "/api/interest/bikes", PAGES, LOOK),
    Asked(INTEREST, "post", 400, "/api/interest/bikes", PAGES, b"[]"),
    Asked(INTEREST, "post", 403, "/api/interest/bikes", {}, LOOK),
    Asked(INTEREST, "post", 404, "/api/interest/nobody", PAGES, LOOK),
    Asked(INTEREST, "post", 413, "/api/interest/bikes", PAGES, LONG),
    Asked(INTEREST, "post", 429, "/api/interest/bikes", PAGES, LOOK, times=3),
    Asked(INTEREST, "post", 503, "/api/interest/bikes", PAGES, LOOK, no_tables),
    Asked(HEALTH, "get", 200, "/api/health", FUNCTION_KEY),
    Asked(HEALTH, "get", 401, "/api/health"),
    Asked(HEALTH, "get", 503, "/api/health", FUNCTION_KEY, b"", no_queue),
]  # fmt: skip


@pytest.fixture
async def http(harness: Harness) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=hosted(harness))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


def test_every_registered_route_is_told_with_its_methods_and_who_may_call_it() -> None:
    told = {
        (path, method.upper(), operation["operationId"] == "health" or _asks_for_key(operation))
        for path, methods in PAGE["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }
    assert told == {
        (f"/api/{each.route}", method, each.level is not func.AuthLevel.ANONYMOUS)
        for each in registered(app())
        if isinstance(each, HttpFunction) and each.name not in TOLD_ELSEWHERE
        for method in each.methods
    }


def _asks_for_key(operation: Mapping[str, Any]) -> bool:
    return any("key" in scheme for scheme in operation["security"])


def test_every_answer_that_the_page_tells_is_asked_for_here() -> None:
    told = {
        (path, method, int(status))
        for path, methods in PAGE["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
        for status in operation["responses"]
    }
    assert {(asked.path, asked.method, asked.status) for asked in ASKED} == told


@pytest.mark.parametrize("asked", ASKED, ids=lambda each: f"{each.method} {each.to} {each.status}")
async def test_an_answer_is_as_the_page_tells(
    harness: Harness, http: httpx.AsyncClient, key_host: respx.Route, asked: Asked
) -> None:
    asked.breaks(harness)
    for _ in range(asked.times):
        answer = await http.request(
            asked.method, asked.to, headers=asked.headers, content=asked.body
        )
    assert answer.status_code == asked.status
    told = PAGE["paths"][asked.path][asked.method]["responses"][str(asked.status)]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert ([kind] if answer.content else []) == list(told.get("content", {}))
    if kind == "application/json":
        _assert_fits(answer.json(), told["content"][kind]["schema"])


def _assert_fits(body: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """The names of the first level; schemathesis looks deeper (`make fuzz`)."""
    name = schema["$ref"].rpartition("/")[2]
    told = PAGE["components"]["schemas"][name]
    assert set(told.get("required", ())) <= set(body) <= set(told["properties"])
