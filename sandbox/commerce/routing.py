"""From a request to a handler and back, in the order in which the real one checks: path, verb,
access, body, rules.

Paths are matched on what was sent: split at real slashes, then each part decoded.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response

from sandbox.commerce.bulks import Accepted
from sandbox.commerce.faults import (
    RestFault,
    Unexpected,
    bad_request,
    no_route,
    required,
    wrong_type,
)
from sandbox.commerce.ims import Refused
from sandbox.commerce.oauth import Received
from sandbox.commerce.query import Nested, nested, parsed_fields, projected
from sandbox.commerce.search import Criteria
from sandbox.commerce.state import CommerceState
from sync.core.encoding import NotJson, from_json, to_json

HTML_ERROR = (
    "<!doctype html>\n<html><head><title>There has been an error processing your"
    " request</title></head></html>\n"
)


@dataclass
class RestRequest:
    """One request on its way to a handler. `scope` is the store code in the path."""

    state: CommerceState
    scope: str
    arguments: dict[str, str]
    query: Nested
    body: dict[str, Any] = field(default_factory=dict)

    def whole(self, name: str) -> int:
        """An id in the path. Raises the refusal of the real one for anything but an integer."""
        text = self.arguments[name]
        if not re.fullmatch(r"-?\d+", text):
            raise wrong_type(text, "int")
        return int(text)

    def argument(self, name: str) -> dict[str, Any]:
        """The object in the body under its name, in camel or in snake case."""
        snake = re.sub(r"(?<=\w)(?=[A-Z])", "_", name).lower()
        value = self.body.get(name, self.body.get(snake))
        if not isinstance(value, dict):
            raise required(name)
        return value


@dataclass(frozen=True)
class Endpoint:
    """A verb and a path from `V1/` on, with the right that it needs. `{name}` in the path is an
    argument."""

    method: str
    path: str
    resource: str
    handler: Callable[[RestRequest], Any]

    @property
    def kind(self) -> str:
        """How requests to it are counted."""
        return f"{self.method} {self.path}"

    def arguments(self, parts: Sequence[str]) -> dict[str, str] | None:
        """The arguments in a path of as many parts that fits, else None."""
        found = {}
        for name, part in zip(self.path.split("/"), parts, strict=True):
            if name.startswith("{"):
                found[name.strip("{}")] = part
            elif name != part:
                return None
        return found


def listed(rows: list[Any], criteria: Criteria, total: int) -> dict[str, Any]:
    """A list as REST answers it."""
    return {"items": rows, "search_criteria": criteria.echo(), "total_count": total}


def leave_out(call: RestRequest, rows: list[Any]) -> None:
    """Take from a list's rows the extension attributes that this shop shows of one record alone."""
    for row in rows:
        shown = row.get("extension_attributes") or {}
        for name in call.state.lists_leave_out & shown.keys():
            del shown[name]


class Dispatcher:
    """Answers everything under `/rest` (or under the tenant, for a cloud edition)."""

    def __init__(self, state: CommerceState, endpoints: Sequence[Endpoint]) -> None:
        self._state = state
        self._endpoints: dict[tuple[str, int], list[Endpoint]] = {}
        for one in endpoints:
            kind = one.method, one.path.count("/") + 1
            self._endpoints.setdefault(kind, []).append(one)
        self._reports = 0

    async def __call__(self, request: Request) -> Response:
        """One request."""
        body = await request.body()
        if "text/html" in request.headers.get("accept", "").split(",")[0]:
            return self._dated(Response(HTML_ERROR, 500, media_type="text/html"))
        try:
            answer = self._answer(request, body)
            return self._json(answer, 202 if isinstance(answer, Accepted) else 200)
        except RestFault as fault:
            return self._json(fault.body(), fault.status)
        except Refused as refusal:
            return self._json(refusal.body, refusal.status)
        except Unexpected:
            self._reports += 1
            text = (
                "Internal Error. Details are available in Magento log file. Report ID:"
                f" webapi-{self._reports:013x}"
            )
            return self._json({"message": text}, 500)

    def _answer(self, request: Request, body: bytes) -> Any:
        path = bytes(request.scope["raw_path"]).partition(b"?")[0].decode("ascii")
        scope, parts, is_async = self._scope(
            [unquote_plus(part) for part in path.split("/") if part], request
        )
        for endpoint in self._endpoints.get((request.method, len(parts)), ()):
            arguments = endpoint.arguments(parts)
            if arguments is not None:
                self._state.requests[endpoint.kind] += 1
                break
        else:
            raise no_route()
        raw_query = request.scope["query_string"].decode("latin-1")
        if endpoint.resource == "self":
            arguments["customer"] = str(self._customer(request, scope))
        else:
            self._allow(request, path, raw_query, endpoint.resource)
        call = RestRequest(self._state, scope, arguments, nested(raw_query), _parsed(request, body))
        self._state.bulks.consume(self._state.clock.now())
        if is_async:
            return self._state.bulks.accept(lambda: endpoint.handler(call), self._state.clock.now())
        answer = endpoint.handler(call)
        wanted = call.query.get("fields")
        if wanted is None or not isinstance(answer, dict | list):
            return answer
        fields = parsed_fields(wanted)
        return [] if fields is None else projected(answer, fields)

    def _scope(self, parts: list[str], request: Request) -> tuple[str, list[str], bool]:
        """The store code, the path from `V1` on, and whether it is to be done later. Raises
        `RestFault` for a code that no store has."""
        codes = {"all", *(store.code for store in self._state.catalogue.stores)}
        if parts[:1] != [self._state.tenant or "rest"]:
            raise no_route()
        if self._state.tenant:
            scope, rest = request.headers.get("store", "default"), parts[1:]
        elif len(parts) > 1 and parts[1] == "V1":
            scope, rest = "default", parts[1:]
        else:
            scope, rest = parts[1] if len(parts) > 1 else "", parts[2:]
        if rest[:2] in (["async", "V1"], ["V1", "async"]) and request.method != "GET":
            return scope, rest[2:], True
        if scope not in codes or rest[:1] == ["async"]:
            raise bad_request()
        if rest[:1] != ["V1"]:
            raise no_route()
        return scope, rest[1:], False

    def _customer(self, request: Request, scope: str) -> int:
        """Who is signed in by a customer's token. Below `/rest/all` nobody is (live)."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        customer = self._state.customer_tokens.get(token)
        if scheme != "Bearer" or customer is None or scope == "all":
            message = "The consumer isn't authorized to access %resources."
            raise RestFault(401, message, {"resources": "self"})
        return customer

    def _allow(self, request: Request, path: str, raw_query: str, resource: str) -> None:
        if not self._state.checks_access or resource == "anonymous":
            return
        header = request.headers.get("authorization", "")
        if self._state.tenant:
            self._state.ims.admit(header, request.headers.get("x-gw-ims-org-id"))
            return
        scheme, host = request.scope["scheme"], request.headers.get("host", "")
        self._state.oauth.consumer(
            Received(request.method, scheme, host, path, raw_query, header), resource
        )

    def _json(self, answer: Any, status: int = 200) -> Response:
        media = "application/json; charset=utf-8"
        return self._dated(Response(to_json(answer), status, media_type=media))

    def _dated(self, response: Response) -> Response:
        """The shop's own time, which polls take their upper bound from."""
        response.headers["date"] = format_datetime(self._state.clock.now(), usegmt=True)
        return response


def _parsed(request: Request, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    if not media:
        raise RestFault(400, "Content-Type header is empty.")
    if media != "application/json":
        raise RestFault(
            400, f"Server cannot understand Content-Type HTTP header media type {media}"
        )
    try:
        found = from_json(body)
    except NotJson:
        raise RestFault(400, "Decoding error.") from None
    return found if isinstance(found, dict) else {}
