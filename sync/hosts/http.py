"""HTTP triggers on this side of the wire: routes, methods, keys and the exact bytes, as the
Functions host gives them.

What need not be read is refused by its head. The body is read in pieces and refused as soon as it
is too long; what is passed on is byte for byte what came, because signatures are computed over it.
An exception is a 500 without detail.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import azure.functions as func
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.hosts.causes import cause
from sync.hosts.connection import LARGEST_HEAD
from sync.hosts.registered import CannotHost, HttpFunction
from sync.hosts.runtime import HostAnswer
from sync.intake_http.answers import LARGEST_BODY

log = logging.getLogger(__name__)

PREFIX: Final = "/api"
BODY_LIMIT: Final = 2 * LARGEST_BODY
"""Bytes, as FUNCTIONS_REQUEST_BODY_SIZE_LIMIT in Azure: what the events' edge takes."""
MOST_HEADERS: Final = 100
"""Kestrel, under the Functions host, takes as many."""
ANSWER_TIMEOUT: Final = timedelta(seconds=230)
"""Azure's load balancer gives up here, whatever the function's own limit is."""
CLOSE: Final = {"Connection": "close"}
"""What the caller may still be sending is not read."""

RefusedUnread = Callable[[str, Mapping[str, str], Mapping[str, str]], HostAnswer | None]
"""The answer to a POST whose body need not be read, by the function's name, the parameters of its
route and the headers (names in lower case); None where the body decides."""


def nothing_refused(
    _function: str, _named: Mapping[str, str], _headers: Mapping[str, str]
) -> HostAnswer | None:
    """Every body is read."""
    return None


@dataclass(frozen=True)
class HostKeys:
    """Who may call what is not anonymous. An empty key lets nobody in."""

    function: str = field(default="", repr=False)
    master: str = field(default="", repr=False)

    def allow(self, level: func.AuthLevel, given: str) -> bool:
        """Whether `given` opens a function of `level`; compared in constant time. The master key
        opens every one."""
        if level is func.AuthLevel.ANONYMOUS:
            return True
        keys = [self.master] if level is func.AuthLevel.ADMIN else [self.function, self.master]
        matches = [hmac.compare_digest(key.encode(), given.encode()) and key != "" for key in keys]
        return any(matches)


class TooLarge(Exception):
    """The body is longer than the host takes."""


def http_app(
    functions: Sequence[HttpFunction],
    keys: HostKeys,
    *,
    body_limit: int = BODY_LIMIT,
    refused_unread: RefusedUnread = nothing_refused,
) -> ASGIApp:
    """The ASGI application of all HTTP functions, under `/api`. Fixed routes go before those with
    parameters.

    Raises `CannotHost` for a route with an optional or constrained parameter.
    """
    routes = []
    for function in sorted(functions, key=_generality):
        endpoint = _endpoint(function, keys, body_limit, refused_unread)
        methods = list(function.methods)
        routes += [Route(path, endpoint, methods=methods) for path in _paths(function)]
    return _with_small_head(Router(routes, redirect_slashes=False))


def _with_small_head(app: ASGIApp) -> ASGIApp:
    """Refuse a head that is whole and yet too long, or of too many headers: 431."""

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope["headers"]
        length = len(scope["path"]) + len(scope["query_string"])
        length += sum(len(name) + len(value) for name, value in headers)
        is_small = len(headers) <= MOST_HEADERS and length <= LARGEST_HEAD
        answer = app if is_small else Response(status_code=431, headers=CLOSE)
        await answer(scope, receive, send)

    return limited


def _generality(function: HttpFunction) -> list[int]:
    """Sorts the special before the general, segment by segment: text, parameter, the rest."""
    return [
        2 if part.startswith("{*") else 1 if "{" in part else 0
        for part in function.route.split("/")
    ]


def _paths(function: HttpFunction) -> list[str]:
    """The path; a parameter that takes all the rest takes nothing as well, as in Azure."""
    path = _path(function)
    return [path.rpartition("/")[0], path] if path.endswith(":path}") else [path]


def _path(function: HttpFunction) -> str:
    parts = function.route.strip("/").split("/")
    if any(mark in part for part in parts if "{" in part for mark in "?:="):
        raise CannotHost(
            f"function {function.name}: the route {function.route!r} has a parameter that is not"
            " plain"
        )
    return "/".join(
        [PREFIX, *(f"{{{part[2:-1]}:path}}" if part.startswith("{*") else part for part in parts)]
    )


def _endpoint(
    function: HttpFunction, keys: HostKeys, limit: int, refused_unread: RefusedUnread
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        given = request.headers.get("x-functions-key") or request.query_params.get("code", "")
        if not keys.allow(function.level, given):
            return Response(status_code=401, headers=CLOSE)
        refusal = _refused_unread(function, request, refused_unread)
        if refusal is not None:
            return refusal
        try:
            body = await read_body(request, limit)
        except TooLarge:
            return Response(status_code=413, headers=CLOSE)
        except ClientDisconnect:
            return Response(status_code=400)
        return await _called(function, _function_request(request, body))

    return endpoint


def _refused_unread(
    function: HttpFunction, request: Request, refused_unread: RefusedUnread
) -> Response | None:
    if request.method != "POST":
        return None
    named, headers = _named(request), _headers(request)
    if (answer := refused_unread(function.name, named, headers)) is None:
        return None
    return Response(
        answer.body,
        status_code=answer.status,
        headers={"Content-Type": answer.content_type, **CLOSE},
    )


async def _called(function: HttpFunction, request: func.HttpRequest) -> Response:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
            return _response(await function.handler(**{function.argument: request}))
    except Exception as error:  # noqa: BLE001 - the caller learns nothing, the log line says where
        log.error("%s.failed cause=%s", function.name, cause(error))  # noqa: TRY400
        return Response(status_code=500)


async def read_body(request: Request, limit: int) -> bytes:
    """The exact bytes of the body. Raises `TooLarge`, before reading where the length is
    announced."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 20 or int(announced) > limit):
        raise TooLarge
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise TooLarge
    return bytes(body)


def _function_request(request: Request, body: bytes) -> func.HttpRequest:
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers=_headers(request),
        params={
            name: ",".join(request.query_params.getlist(name)) for name in request.query_params
        },
        route_params=_named(request),
        body=body,
    )


def _named(request: Request) -> dict[str, str]:
    return {name: str(value) for name, value in request.path_params.items()}


def _headers(request: Request) -> dict[str, str]:
    return {name: ", ".join(request.headers.getlist(name)) for name in request.headers}


def _response(answer: func.HttpResponse) -> Response:
    response = Response(answer.get_body(), status_code=answer.status_code)
    for name, value in answer.headers.items():
        response.headers.append(name, value)
    if "content-type" not in response.headers:
        charset = f"; charset={answer.charset}" if answer.mimetype.startswith("text/") else ""
        response.headers["content-type"] = answer.mimetype + charset
    return response
