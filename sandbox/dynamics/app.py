"""The ASGI application: `/data`, `/metadata`, and `/sandbox` for looking in (`control.py`,
`inspection.py`)."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.capacity import Capacity
from sandbox.dials import Dials
from sandbox.dynamics import batch, metadata
from sandbox.dynamics.control import control_routes
from sandbox.dynamics.faults import ODataFault
from sandbox.dynamics.inspection import inspection_routes
from sandbox.dynamics.packing_routes import packing_routes
from sandbox.dynamics.payment_journals import LINE
from sandbox.dynamics.service import ODataRequest, Reply, perform, refusal
from sandbox.dynamics.state import DynamicsState
from sandbox.gate import Gate, plainly

BUSY: Final = (
    "This request could not be processed at this time due to system experiencing high resource"
    " utilization. Please try again later."
)
NAMED: Final = re.compile(r"(PublicEntities|PublicEnumerations)\('(\w+)'\)")


def dynamics_app(
    state: DynamicsState, dials: Dials | None = None, capacity: Capacity | None = None
) -> Starlette:
    """The application over a state. Bearer tokens are those in `state.tokens`; faults are what
    `dials` say. `capacity`: how much work it can do; None: any."""
    dials = dials or Dials()
    routes = [
        Route("/data", _data(state), methods=METHODS),
        Route("/data/{rest:path}", _data(state), methods=METHODS),
        Route("/metadata/{name}", _metadata(state)),
        *control_routes(state, dials),
        *inspection_routes(state),
        *packing_routes(state),
    ]
    gate = Middleware(Gate, dials=dials, refusal=_refusal, capacity=capacity)
    return Starlette(routes=routes, middleware=[gate])


METHODS: Final = ["GET", "POST", "PATCH", "PUT", "DELETE"]
Endpoint = Callable[[Request], Any]


def _refusal(status: int, retry_after: int | None) -> Response:
    """Throttles, missing rights and crashes in F&O's words; what the gateway in front of it says is
    a page of HTML."""
    if retry_after is not None:
        return JSONResponse({"Message": BUSY}, 429, {"Retry-After": str(retry_after)})
    if status == 403:
        return _response(refusal(ODataFault(403, "The user has no permission for this entity.")))
    if status != 500:
        return plainly(status)
    fault = ODataFault(
        500,
        "Object reference not set to an instance of an object.",
        kind="System.NullReferenceException",
    )
    return _response(refusal(fault))


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, {"ms-dyn-aid": "sandbox", **reply.headers})


def _welcome(state: DynamicsState, request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and token in state.tokens


def _data(state: DynamicsState) -> Endpoint:
    async def data(request: Request) -> Response:
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        target = path.removeprefix("/data").removeprefix("/")
        state.requests["batch" if target == "$batch" else _kind(request.method, target)] += 1
        if not _welcome(state, request):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        root = f"{request.url.scheme}://{request.url.netloc}"
        body = await request.body()
        visit = state.arrive()
        if request.method != "GET" and LINE.encode() in target.encode() + body:
            await asyncio.sleep(state.settings.journal_write_seconds)
        state.visit = visit
        try:
            if target == "$batch":
                return _response(_batched(state, request, body, root))
            query = request.url.query
            call = ODataRequest(
                request.method, f"{target}?{query}", root, dict(request.headers), body
            )
            return _response(perform(state, call))
        except ODataFault as fault:
            return _response(refusal(fault))

    return data


def _kind(method: str, target: str) -> str:
    if target in {"", "$metadata"}:
        return "metadata"
    return f"{method.lower()} by key" if method == "GET" and "(" in target else method.lower()


def _batched(state: DynamicsState, request: Request, body: bytes, root: str) -> Reply:
    if request.method != "POST":
        raise ODataFault(
            405, f"The requested resource does not support http method '{request.method}'."
        )
    return batch.answer(state, batch.read(body, request.headers.get("content-type", ""), root))


def _metadata(state: DynamicsState) -> Endpoint:
    async def described(request: Request) -> Response:
        state.requests["metadata"] += 1
        if not _welcome(state, request):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        match = NAMED.fullmatch(request.path_params["name"])
        found = None
        if match and match[1] == "PublicEntities":
            settings = state.settings
            found = metadata.public_entity(match[2], settings.closed, settings.mandatory)
        elif match:
            found = metadata.public_enumeration(match[2])
        return Response(status_code=404) if found is None else JSONResponse(found)

    return described
