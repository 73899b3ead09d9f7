"""What demo and tests enter over HTTP, where no token is asked for."""

from collections.abc import Callable
from decimal import InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.core.encoding import NotJson, from_json, to_json

UNFIT = (NotJson, ValueError, TypeError, KeyError, AttributeError, InvalidOperation)


def entering(path: str, act: Callable[[Any], Any], usage: str, method: str = "POST") -> Route:
    """A route that does something with a JSON body and answers the result; 400 with the usage
    for one that does not fit."""

    async def entered(request: Request) -> Response:
        try:
            return answer(act(from_json(await request.body())))
        except UNFIT as error:
            return JSONResponse({"error": f"{usage}; not {error}"}, 400)

    return Route(path, entered, methods=[method])


def answer(told: Any, status: int = 200) -> Response:
    """As JSON, decimals as numbers; empty for None."""
    if told is None:
        return Response(status_code=status)
    return Response(to_json(told), status, media_type="application/json")
