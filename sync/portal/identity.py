"""Who asks, and which accounts are theirs.

A customer proves who they are by their own token of Commerce, which Commerce is asked about, or by
a token that the shop has signed for the person who is signed in there. Whose accounts those are,
Commerce and the mapping table say: nothing that the caller sends names an account.
"""

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx
import jwt

from sync.commerce.address import path_of
from sync.config.connections import Connection
from sync.config.connections.portal import Portal
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later
from sync.core.ports import Clock, Secrets
from sync.engine.systems import Systems

REMEMBERED_FOR: Final = timedelta(seconds=60)
"""A token that Commerce has confirmed, or refused, is asked about again after this."""
LONGEST: Final = 4096
"""Characters of a token; Commerce's have some 150."""
SIGNED_FOR: Final = timedelta(minutes=5)
LEEWAY: Final = timedelta(seconds=30)
"""How far the shop's clock may be from ours."""
MOST: Final = 10_000
ACTIVE: Final = 1
GRAPHQL: Final = {"query": "{customer{id email}}"}


class NobodyKnown(Exception):
    """The caller has not shown who they are: 401."""


class NotAllowed(Exception):
    """Their role in the company does not let them see its documents: 403."""


@dataclass(frozen=True)
class Buyer:
    """Who asks, by their id in Commerce. `accounts`: legal entity and account number."""

    customer: int
    accounts: tuple[tuple[str, str], ...]


class Identity:
    """Who the callers of one connection are."""

    def __init__(self, systems: Systems, http: httpx.AsyncClient, secrets: Secrets) -> None:
        self._systems, self._http, self._secrets = systems, http, secrets
        self._known: OrderedDict[str, tuple[datetime, Buyer | Exception]] = OrderedDict()

    @property
    def _settings(self) -> Connection:
        return self._systems.settings

    @property
    def _portal(self) -> Portal:
        if (portal := self._settings.portal) is None:
            raise NobodyKnown
        return portal

    @property
    def _clock(self) -> Clock:
        return self._systems.clock

    async def of(self, headers: Mapping[str, str]) -> Buyer:
        """The buyer who sends these headers (names in lower case).

        Raises `NobodyKnown`, `NotAllowed`, and `Later` where Commerce does not answer.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token, store = token.strip(), headers.get("store", "")
        if scheme.casefold() != "bearer" or not 0 < len(token) <= LONGEST or not token.isascii():
            raise NobodyKnown
        name = hashlib.sha256(f"{store}|{token}".encode()).hexdigest()
        known = self._known.get(name)
        if known is None or known[0] <= self._clock.now():
            known = self._clock.now() + REMEMBERED_FOR, await self._asked(token, store)
            self._known[name] = known
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        if isinstance(known[1], Exception):
            raise known[1]
        return known[1]

    async def _asked(self, token: str, store: str) -> Buyer | Exception:
        try:
            customer = await self._signed_by_shop(token) or await self._confirmed(token, store)
            return await self._buyer(customer)
        except (NobodyKnown, NotAllowed) as refused:
            return refused

    async def _signed_by_shop(self, token: str) -> int | None:
        """The customer that a token of the shop's own module names; None where it is another
        kind of token, or none of ours."""
        if self._portal.shop_key is None or "." not in token:
            return None
        key = await self._secrets.get(self._portal.shop_key)
        try:
            claims = jwt.decode(
                token, key, algorithms=["HS256"], audience=self._systems.name, leeway=LEEWAY,
                options={"require": ["exp", "iat", "sub", "aud"], "verify_exp": False,
                         "verify_iat": False},
            )  # fmt: skip
        except jwt.InvalidTokenError:
            return None
        begun, ends = claims["iat"], claims["exp"]
        now, most = self._clock.now().timestamp(), SIGNED_FOR.total_seconds()
        near = LEEWAY.total_seconds()
        is_fresh = begun - near <= now < ends + near and 0 < ends - begun <= most
        subject = str(claims["sub"])
        return int(subject) if is_fresh and subject.isdecimal() else None

    async def _confirmed(self, token: str, store: str) -> int:
        """The customer whom Commerce knows by this token."""
        if not self._portal.customer_tokens:
            raise NobodyKnown
        settings, headers = self._settings.commerce, {"Authorization": f"Bearer {token}"}
        if not store.replace("_", "").isalnum():
            store = "default"
        try:
            if settings.edition == "saas":
                url = f"{settings.url}/graphql"
                answer = await self._http.post(
                    url, json=GRAPHQL, headers={**headers, "Store": store}
                )
            else:
                # Below /rest/all Commerce refuses every customer's token.
                url = f"{settings.url}/rest/{path_of(store)}/V1/customers/me"
                answer = await self._http.get(url, headers=headers)
        except httpx.HTTPError as error:
            raise _silent() from error
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise NobodyKnown
        return _customer_in(answer)

    async def _buyer(self, customer: int) -> Buyer:
        """The customer with their accounts, as Commerce has them now."""
        row = await self._systems.commerce.customers.by_id(customer)
        if row is None:
            raise NobodyKnown
        company = _company_in(row)
        if company is None:
            return Buyer(customer, await self._accounts("customer", customer))
        if not await self._may_see(company, customer):
            raise NotAllowed
        return Buyer(customer, await self._accounts("company", company))

    async def _accounts(self, kind: Any, source: int) -> tuple[tuple[str, str], ...]:
        found = []
        for company in self._settings.legal_entities:
            mapping = await self._systems.accounts.get(kind, str(source), company)
            if mapping is not None:
                found.append((company, mapping.account))
        return tuple(found)

    async def _may_see(self, company: int, customer: int) -> bool:
        wanted = self._portal.permission
        whole = await self._systems.commerce.companies.by_id(company)
        if whole is None:
            return False
        if not wanted or whole.get("super_user_id") == customer:
            return True
        return await self._systems.commerce.companies.allows(company, customer, wanted)


def _customer_in(answer: httpx.Response) -> int:
    """The id in an answer of `customers/me`, or of GraphQL, which may give it in base64."""
    try:
        said = from_json(answer.content)
    except NotJson:
        raise _silent() from None
    if answer.status_code != HTTPStatus.OK or not isinstance(said, dict):
        raise _silent()
    if "errors" in said:
        raise NobodyKnown
    inner = said.get("data", said)
    customer = inner.get("customer", inner) if isinstance(inner, dict) else {}
    text = str((customer or {}).get("id", ""))
    if not text.isdecimal():
        text = _decoded(text)
    if not text.isdecimal():
        raise NobodyKnown
    return int(text)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("ascii", "replace")
    except binascii.Error:
        return ""


def _company_in(row: Mapping[str, Any]) -> int | None:
    """The company whose active user somebody is; None where they buy for themselves. Raises
    `NotAllowed` for a user whom the company has locked."""
    attributes = (row.get("extension_attributes") or {}).get("company_attributes") or {}
    company = int(attributes.get("company_id") or 0)
    if not company:
        return None
    if int(attributes.get("status", ACTIVE) or 0) != ACTIVE:
        raise NotAllowed
    return company


def _silent() -> Later:
    return Later("Commerce does not say whose token it is", after=timedelta(seconds=5))
