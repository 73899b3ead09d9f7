"""Whose token a customer's token of Commerce is: Commerce alone says it."""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx

from sync.commerce.address import path_of
from sync.config.connections import Commerce
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later

GRAPHQL: Final = {"query": "{customer{id}}"}
NOBODY: Final = {"graphql-authorization", "graphql-authentication", "graphql-no-such-entity"}
"""Categories of an error of GraphQL which say that the token is nobody's (GraphQlInput exceptions
of 2.4.7). Any other error says nothing about the token."""


class NobodyKnown(Exception):
    """The caller has not shown who they are: 401."""


async def customer_of(http: httpx.AsyncClient, shop: Commerce, token: str, store: str) -> int:
    """The customer whom Commerce knows by this token; the Cloud Service has no `customers/me` and
    is asked by GraphQL.

    Raises `NobodyKnown`, and `Later` where Commerce does not say.
    """
    store = store if store.replace("_", "").isalnum() else "default"
    try:
        answer = await _asked(http, shop, token, store)
    except httpx.HTTPError as error:
        raise _silent() from error
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise NobodyKnown
    return _customer_in(answer)


async def _asked(http: httpx.AsyncClient, shop: Commerce, token: str, store: str) -> httpx.Response:
    url, headers = shop.url.rstrip("/"), {"Authorization": f"Bearer {token}"}
    if shop.edition == "saas":
        headers["Store"] = store
        return await http.post(f"{url}/graphql", json=GRAPHQL, headers=headers)
    # Below /rest/all Commerce refuses every customer's token.
    return await http.get(f"{url}/rest/{path_of(store)}/V1/customers/me", headers=headers)


def _customer_in(answer: httpx.Response) -> int:
    """The id in an answer of `customers/me`, or of GraphQL, which may give it in base64."""
    try:
        said = from_json(answer.content)
    except NotJson:
        raise _silent() from None
    if answer.status_code != HTTPStatus.OK or not isinstance(said, dict):
        raise _silent()
    if errors := said.get("errors"):
        raise NobodyKnown if _is_nobodys(errors) else _silent()
    inner = said.get("data", said)
    customer = inner.get("customer", inner) if isinstance(inner, dict) else {}
    text = str((customer or {}).get("id", ""))
    if not text.isdecimal():
        text = _decoded(text)
    if not text.isdecimal():
        raise NobodyKnown
    return int(text)


def _is_nobodys(errors: Any) -> bool:
    return any(
        isinstance(one, Mapping) and (one.get("extensions") or {}).get("category") in NOBODY
        for one in errors
    )


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("ascii", "replace")
    except binascii.Error:
        return ""


def _silent() -> Later:
    return Later("Commerce does not say whose token it is", after=timedelta(seconds=5))
