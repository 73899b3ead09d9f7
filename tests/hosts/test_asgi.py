"""A web application behind an HTTP function hears what was sent, and its answer is whole."""

from collections.abc import Mapping

import azure.functions as func
import pytest
from starlette.requests import Request
from starlette.responses import Response

from sync.hosts.asgi import answered_by
from sync.hosts.runtime import Receiving, Sending


async def echo(scope: Mapping[str, object], receive: Receiving, send: Sending) -> None:
    request = Request(scope, receive)  # type: ignore[arg-type]
    body = await request.body()
    said = f"{request.method} {request.url} {request.headers['x-name']} {body!r}"
    response = Response(said, 418, {"X-Said": "yes"}, media_type="text/plain")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    await response(scope, receive, send)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "params", "seen"),
    [
        ("https://app/api/console/x?q=a%20b", {"q": "a b"}, "https://app/api/console/x?q=a%20b"),
        ("https://app/api/console/x", {"q": "a b"}, "https://app/api/console/x?q=a+b"),
        ("http://127.0.0.1:7071/api/K%C3%B6ln", {}, "http://127.0.0.1:7071/api/Köln"),
    ],
)
async def test_it_hears_what_was_sent_and_answers_whole(
    url: str, params: dict[str, str], seen: str
) -> None:
    request = func.HttpRequest(
        "post", url, headers={"X-Name": "ann"}, params=params, body=b"\xff=1"
    )
    answer = await answered_by(echo, request)
    assert answer.status_code == 418
    assert answer.get_body().decode() == f"POST {seen} ann b'\\xff=1'"
    assert answer.headers["X-Said"] == "yes"
    assert answer.headers["content-type"].startswith("text/plain")
    cookies = answer.headers.get_all("Set-Cookie")
    assert [one.partition(";")[0] for one in cookies] == ["a=1", "b=2"]
