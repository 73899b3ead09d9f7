"""`/sandbox/business_events`: where the environment sends its business events, set up over HTTP as
an administrator does."""

from collections import Counter
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dynamics.event_sender import EventDials, EventSender
from sandbox.dynamics.state import DynamicsState
from sync.core.encoding import from_json


class Endpoints:
    """The endpoints that were set up; events go to each of them."""

    def __init__(self, state: DynamicsState, client: httpx.AsyncClient) -> None:
        self._state = state
        self._client = client
        self._senders: list[EventSender] = []

    async def events(self, request: Request) -> Response:
        """`GET`: how events fare. `POST`: send them to a `url` with a function `key`; `plan`: the
        first ones' fates."""
        if request.method == "POST":
            try:
                wanted: Any = from_json(await request.body())
                dials = EventDials(
                    late_high=0.5, plan=[str(fate) for fate in wanted.get("plan", ())]
                )
                sender = EventSender(self._client, str(wanted["url"]), str(wanted["key"]), dials)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                return JSONResponse(
                    {"error": f"give url and key, and if you like a plan; not {error}"}, 400
                )
            self._state.on_event(sender.receive)
            self._senders.append(sender)
        counts = sum((sender.counts for sender in self._senders), Counter[str]())
        unfinished = sum(sender.unfinished for sender in self._senders)
        return JSONResponse({"unfinished": unfinished, "counts": dict(counts)})


def event_routes(state: DynamicsState, client: httpx.AsyncClient) -> list[Route]:
    """The route. `client` sends the events and belongs to the caller who opened it."""
    return [
        Route("/sandbox/business_events", Endpoints(state, client).events, methods=["GET", "POST"])
    ]
