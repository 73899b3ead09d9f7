"""The ASGI application of a Dataverse environment: `/api/data/v9.2`, with `$batch`.

A batch is worked off in order; a changeset is all or nothing, and then it answers one error part.
Without `Prefer: odata.continue-on-error` the first error ends it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dataverse.sales_office import DEEDS
from sandbox.dataverse.service import ROOT, Call, Reply, perform, refused
from sandbox.dataverse.state import BAD, DataverseState, WebFault
from sandbox.dials import Dials
from sandbox.dynamics import batch
from sandbox.dynamics.faults import ODataFault
from sandbox.gate import Gate, plainly

BUSY: Final = {
    "error": {
        "code": "0x80072322",
        "message": "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
    }
}
MOST_OPERATIONS: Final = 1000
BOUNDARIES: Final = ("batchresponse_5f2c", "changesetresponse_81aa")


def dataverse_app(state: DataverseState, dials: Dials | None = None) -> Starlette:
    """The application over a state; faults are what `dials` say."""
    gate = Middleware(Gate, dials=dials or Dials(), refusal=_refusal)
    return Starlette(routes=dataverse_routes(state), middleware=[gate])


def dataverse_routes(state: DataverseState) -> list[Route]:
    """The Web API, and a look at the cases with their notes; by PUT a person gives one of them
    another `state` and `status`, and by POST of a `document` and `number` deals with a quote."""

    async def looked(request: Request) -> Response:
        if request.method == "PUT":
            wanted = await request.json()
            state.set_status(str(wanted["id"]), int(wanted["state"]), int(wanted["status"]))
        rows = state.tables["incidents"].items()
        texts = {key: [one.get("notetext") for one in state.notes_of(key)] for key, _ in rows}
        return JSONResponse([{**row, "notes": texts[key]} for key, row in rows])

    async def dealt(request: Request) -> Response:
        wanted = await request.json()
        DEEDS[wanted["document"]](state, str(wanted["number"]))
        return Response(status_code=204)

    async def asked(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in state.tokens:
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        target, origin = path.removeprefix(ROOT), f"{request.url.scheme}://{request.url.netloc}"
        state.requests.append(f"{request.method} {target}?{request.url.query}")
        body = await request.body()
        if target == "$batch":
            return _response(_batched(state, request.headers, body, origin))
        call = Call(
            request.method, unquote(target), request.url.query, dict(request.headers), body, origin
        )
        return _response(_answered(state, call))

    methods = ["GET", "POST", "PATCH", "DELETE"]
    api = Route(f"{ROOT}{{rest:path}}", asked, methods=methods)
    cases = Route("/sandbox/cases", looked, methods=["GET", "PUT"])
    return [api, cases, Route("/sandbox/sales_quotes", dealt, methods=["POST"])]


def _refusal(status: int, retry_after: int | None) -> Response:
    if retry_after is not None:
        return JSONResponse(BUSY, 429, {"Retry-After": str(retry_after)})
    return plainly(status)


def _answered(state: DataverseState, call: Call) -> Reply:
    try:
        return perform(state, call)
    except WebFault as fault:
        return refused(fault)


def _batched(state: DataverseState, headers: Mapping[str, str], body: bytes, origin: str) -> Reply:
    goes_on = "odata.continue-on-error" in headers.get("prefer", "")
    try:
        parts = batch.read(body, headers.get("content-type", ""), origin)
    except ODataFault as fault:
        return refused(WebFault(400, BAD, str(fault)))
    if sum(len(part) if isinstance(part, tuple) else 1 for part in parts) > MOST_OPERATIONS:
        return refused(WebFault(400, BAD, f"A batch takes {MOST_OPERATIONS} requests."))
    written = list[bytes]()
    for part in parts:
        replied, is_refused = _part(state, part, origin)
        written.append(replied)
        if is_refused and not goes_on:
            break
    told = {"Content-Type": f"multipart/mixed; boundary={BOUNDARIES[0]}"}
    return Reply(200, _multipart(written, BOUNDARIES[0]), told)


def _part(
    state: DataverseState, part: batch.Operation | tuple[batch.Operation, ...], origin: str
) -> tuple[bytes, bool]:
    """The answer to a part of a batch, and whether it was refused."""
    if isinstance(part, batch.Operation):
        reply = _answered(state, _call(part, origin))
        return _http(reply, part.content_id), reply.status >= 400
    replies, is_refused = _together(state, part, origin)
    head = f"Content-Type: multipart/mixed; boundary={BOUNDARIES[1]}\r\n\r\n".encode()
    return head + _multipart(replies, BOUNDARIES[1]), is_refused


def _together(
    state: DataverseState, operations: tuple[batch.Operation, ...], origin: str
) -> tuple[list[bytes], bool]:
    before, replies = state.kept(), list[bytes]()
    for one in operations:
        reply = _answered(state, _call(one, origin))
        if reply.status >= 400:
            state.tables = before
            return [_http(reply, one.content_id)], True
        replies.append(_http(reply, one.content_id))
    return replies, False


def _call(operation: batch.Operation, origin: str) -> Call:
    """An operation of a batch; its address is absolute, or a path."""
    inner = operation.call
    parts = urlsplit(inner.target)
    target = unquote(parts.path).partition(ROOT)[2]
    return Call(inner.method, target, parts.query, inner.headers, inner.body, origin)


def _http(reply: Reply, content_id: str) -> bytes:
    outer = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    outer += [f"Content-ID: {content_id}"] if content_id else []
    inner = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    inner += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\r\n".join([*outer, "", *inner, "", ""]).encode() + reply.body


def _multipart(parts: list[bytes], boundary: str) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(b"%s\r\n%s\r\n" % (mark, part) for part in parts) + mark + b"--\r\n"


def _response(reply: Reply) -> Response:
    return Response(
        reply.body, reply.status, {"x-ms-service-request-id": "sandbox", **reply.headers}
    )
