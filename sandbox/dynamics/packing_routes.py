"""The warehouse over HTTP, for the demo and for tests of whole processes.

POST `/sandbox/packing_slips` posts a slip of a sales order: its `number`, and if you like
`quantities` by lot, `tracking` numbers and a `carrier`; it answers the slips. PUT enters the
`tracking` numbers of a `slip`. POST `/sandbox/remainders` cancels what remains of a sales order, or
`quantities` of it by lot, `/sandbox/confirmations` confirms one for today, `/sandbox/substitutes`
sends another `item` for the line of a `lot`, which costs so much `less`.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dynamics.remainders import substitute
from sandbox.dynamics.state import DynamicsState
from sync.core.encoding import from_json

USAGE = "POST a number, or PUT a slip and its tracking numbers"


def packing_routes(state: DynamicsState) -> list[Route]:
    """The routes."""
    return [
        Route("/sandbox/packing_slips", _packing_slips(state), methods=["POST", "PUT"]),
        Route("/sandbox/remainders", _remainders(state), methods=["POST"]),
        Route("/sandbox/confirmations", _confirmations(state), methods=["POST"]),
        Route("/sandbox/substitutes", _substitutes(state), methods=["POST"]),
    ]  # fmt: skip


def _packing_slips(state: DynamicsState) -> Callable[[Request], Any]:
    async def packing_slips(request: Request) -> Response:
        try:
            wanted = from_json(await request.body())
            tracking = [str(one) for one in wanted.get("tracking") or ()]
            if request.method == "PUT":
                state.track_slip(str(wanted["slip"]), *tracking)
                return JSONResponse({"slips": [wanted["slip"]]})
            return JSONResponse({"slips": _posted(state, wanted, tracking)})
        except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation) as error:
            return JSONResponse({"error": f"{USAGE}; not {error}"}, 400)

    return packing_slips


def _remainders(state: DynamicsState) -> Callable[[Request], Any]:
    async def remainders(request: Request) -> Response:
        wanted = from_json(await request.body())
        parts = {lot: Decimal(str(qty)) for lot, qty in (wanted.get("quantities") or {}).items()}
        state.cancel_remainder(str(wanted["number"]), parts or None)
        return JSONResponse({"cancelled": wanted["number"]})

    return remainders


def _confirmations(state: DynamicsState) -> Callable[[Request], Any]:
    async def confirmations(request: Request) -> Response:
        number = str(from_json(await request.body())["number"])
        state.confirm(number, state.today())
        return JSONResponse({"confirmed": number})

    return confirmations


def _substitutes(state: DynamicsState) -> Callable[[Request], Any]:
    async def substitutes(request: Request) -> Response:
        wanted = from_json(await request.body())
        substitute(state, str(wanted["lot"]), str(wanted["item"]), Decimal(str(wanted["less"])))
        return JSONResponse({"substituted": wanted["lot"]})

    return substitutes


def _posted(state: DynamicsState, wanted: Any, tracking: list[str]) -> list[str]:
    pieces = wanted.get("quantities") or {}
    quantities = {lot: Decimal(str(quantity)) for lot, quantity in pieces.items()}
    return state.deliver(
        str(wanted["number"]), quantities=quantities or None,
        tracking=dict.fromkeys(tracking, ""), carrier=str(wanted.get("carrier") or ""),
    )  # fmt: skip
