"""Requests made from `docs/openapi.json` at the HTTP surface, by schemathesis: half of them signed
as Commerce and Adobe do. `make fuzz-short` and, with more requests, `make fuzz` run it; it needs
requirements-fuzz.txt."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
import respx
import schemathesis
from hypothesis import settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.fuzz.edge import engine
from tests.intake_http.harness import (
    ADOBE,
    KEY_HOST,
    public_pem,
    signed_by_adobe,
    signed_by_commerce,
)
from tests.intake_http.hosted import KEY, hosted
from tests.properties import examples

PAGE: Final = json.loads(
    (Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8")
)
NAMES: Final = {
    "connection": ["bikes", "boats", "bare", "nobody"],
    "question": ["payment-methods", "place-order", "nothing"],
    "flow": ["orders", "customers", "creditmemos", "write_back", "nothing"],
}
CHECKS: Final = (
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
)


def page() -> dict[str, Any]:
    """The page, with names that exist here and others."""
    found: dict[str, Any] = deepcopy(PAGE)
    for methods in found["paths"].values():
        for parameter in methods.get("parameters", ()):
            parameter["schema"] = {"enum": NAMES[parameter["name"]]}
    return found


class Signing:
    """Signs a POST over its bytes, as the system does that would send it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        is_shops = any(part in scope["path"] for part in ("/webhooks/", "/gate/"))
        sign = signed_by_commerce if is_shops else signed_by_adobe
        own = {name.lower().encode(): value.encode() for name, value in sign(body).items()}
        kept = [(name, value) for name, value in scope["headers"] if name not in own]
        scope["headers"] = [*kept, *own.items()]

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


schema = schemathesis.openapi.from_dict(page())


@pytest.mark.parametrize("is_signed", [True, False])
@schema.parametrize()  # type: ignore[untyped-decorator]
@settings(max_examples=examples(15), deadline=None, database=None)
def test_every_answer_is_one_that_the_page_tells(case: schemathesis.Case, is_signed: bool) -> None:
    app = hosted(engine().harness())
    case.operation.app = Signing(app) if is_signed else app
    with respx.mock(assert_all_called=False, assert_all_mocked=False) as adobe:
        adobe.get(url__startswith=KEY_HOST).respond(200, text=public_pem(ADOBE))
        case.call_and_validate(headers={"x-functions-key": KEY}, checks=list(CHECKS))
