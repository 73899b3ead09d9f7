"""Who asks, and which accounts are theirs.

A customer proves who they are by their own token of Commerce, which Commerce is asked about, or by
a token that the shop has signed for the person who is signed in there. Whose accounts those are,
Commerce and the mapping table say: nothing that the caller sends names an account.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from sync.config.connections import Connection
from sync.config.connections.portal import Portal
from sync.core.ports import Clock, Secrets
from sync.engine.systems import Systems
from sync.mapping_tables.records import AccountMapping
from sync.portal.rate import Strangers, address_in
from sync.portal.shop_tokens import NobodyKnown, customer_of
from sync.portal.signed_customers import signed_customer

REMEMBERED_FOR: Final = timedelta(seconds=60)
"""A token that Commerce has confirmed, or refused, is asked about again after this."""
LONGEST: Final = 4096
"""Characters of a token; Commerce's have some 150."""
MOST: Final = 10_000
ACTIVE: Final = 1


class NotAllowed(Exception):
    """Their role in the company does not let them see its documents: 403."""


@dataclass(frozen=True)
class Buyer:
    """Who asks, by their id in Commerce. `accounts`: legal entity and account number."""

    customer: int
    accounts: tuple[tuple[str, str], ...]


Answer = tuple[datetime, Buyer | Exception]
"""Until when it holds, and who asked or why they may not."""
Remembered = OrderedDict[str, Answer]
"""By digest: of a token, or of a refused token and where it was refused."""


class Identity:
    """Who the callers of one connection are."""

    def __init__(self, systems: Systems, http: httpx.AsyncClient, secrets: Secrets) -> None:
        self._systems, self._http, self._secrets = systems, http, secrets
        self._strangers = Strangers()
        self._known: Remembered = OrderedDict()
        """By tokens that were confirmed once: such a buyer waits for no stranger, and any number of
        refused tokens pushes none of them out."""
        self._refused: Remembered = OrderedDict()

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
        name, there = _digest(token), _digest(f"{store}|{token}")
        kept = self._known.get(name) or self._refused.get(there)
        if kept is None or kept[0] <= self._clock.now():
            address = None if name in self._known else address_in(headers)
            kept = self._clock.now() + REMEMBERED_FOR, await self._asked(token, store, address)
            self._known.pop(name, None)
            if isinstance(kept[1], NobodyKnown):
                _remember(self._refused, there, kept)
            else:
                _remember(self._known, name, kept)
        if isinstance(kept[1], Exception):
            raise kept[1]
        return kept[1]

    async def _asked(self, token: str, store: str, address: str | None) -> Buyer | Exception:
        try:
            customer = await self._signed_by_shop(token)
            if customer is None:
                customer = await self._confirmed(token, store, address)
            return await self._buyer(customer)
        except (NobodyKnown, NotAllowed) as refused:
            return refused

    async def _signed_by_shop(self, token: str) -> int | None:
        """The customer that a token of the shop's own module names; None where it is another
        kind of token, or none of ours."""
        if self._portal.shop_key is None or "." not in token:
            return None
        key = await self._secrets.get(self._portal.shop_key)
        return signed_customer(token, key, self._systems.name, self._clock.now())

    async def _confirmed(self, token: str, store: str, address: str | None) -> int:
        """The customer whom Commerce knows by this token. `address`: of a caller whom it has not
        confirmed before; such questions are bounded. Raises `TooMany`."""
        if not self._portal.customer_tokens:
            raise NobodyKnown
        if address is not None:
            self._strangers.take(address, self._clock.now())
        customer = await customer_of(self._http, self._settings.commerce, token, store)
        if address is not None:
            self._strangers.confirmed(address)
        return customer

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
            if mapping is not None and self._is_shown(mapping):
                found.append((company, mapping.account))
        return tuple(found)

    def _is_shown(self, mapping: AccountMapping) -> bool:
        """A person has approved a company, whatever it was matched by."""
        return mapping.kind == "company" or self._portal.shows(mapping.matched_by)

    async def _may_see(self, company: int, customer: int) -> bool:
        wanted = self._portal.permission
        whole = await self._systems.commerce.companies.by_id(company)
        if whole is None:
            return False
        if not wanted or whole.get("super_user_id") == customer:
            return True
        return await self._systems.commerce.companies.allows(company, customer, wanted)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _remember(among: Remembered, name: str, answer: Answer) -> None:
    among.pop(name, None)
    among[name] = answer
    while len(among) > MOST:
        among.popitem(last=False)


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
