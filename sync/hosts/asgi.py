"""A web application behind an HTTP function.

The library's own adapter writes every body into the log at debug level, which pages must not be,
and decodes paths as Latin-1. What it does besides is this.
"""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import azure.functions as func

from sync.hosts.runtime import WebApp

Message = MutableMapping[str, Any]


async def answered_by(app: WebApp, request: func.HttpRequest) -> func.HttpResponse:
    """What the application answers, whole: functions stream nothing."""
    start: Message = {}
    body = bytearray()
    given = [request.get_body()]

    async def receive() -> Message:
        if given:
            return {"type": "http.request", "body": given.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(_scope(request), receive, send)
    return _response(start, bytes(body))


def _response(start: Message, body: bytes) -> func.HttpResponse:
    response = func.HttpResponse(body, status_code=start["status"])
    for name, value in start.get("headers", ()):
        response.headers.add_header(name.decode("latin-1"), value.decode("latin-1"))
    return response


def _scope(request: func.HttpRequest) -> Message:
    url = urlsplit(request.url)
    query = url.query or urlencode(dict(request.params))
    port = url.port or (443 if url.scheme == "https" else 80)
    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
        "method": request.method.upper(), "scheme": url.scheme, "path": unquote(url.path),
        "raw_path": url.path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": headers, "server": (url.hostname or "localhost", port), "client": None,
    }  # fmt: skip
