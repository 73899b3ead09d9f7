"""Where the prices of a connection hold in the shop, which base prices are there, and which prices
of other websites, or of all, count beside ours.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sync.commerce.prices import Base, PriceScope, Special, Tier
from sync.engine.systems import Systems
from sync.mapping.prices import BASE, EVERYBODY
from sync.mapping_tables.records import normal_sku

ELSEWHERE: Final = re.compile(r"(website|store view) \d+: ")
PricesShown = dict[str, dict[str, Any]]
"""Contents by SKU and what they are of."""


def price_scope(systems: Systems) -> PriceScope:
    """The website that the connection shows prices in; all of them where none is named."""
    settings = systems.settings.prices
    return PriceScope(settings.website, settings.store_view)


async def base_prices(systems: Systems, skus: Sequence[str]) -> dict[str, Decimal]:
    """Base prices by SKU as the shop spells it: those of the website that we show prices in, else
    those of all."""
    ours = price_scope(systems).store if "prices" in systems.settings.flows else 0
    found = await systems.commerce.prices.base(skus)
    return {one.sku: one.price for of in (0, ours) for one in found if one.of == of}


def shown_in(
    scope: PriceScope, rows: Iterable[tuple[Base | Special | Tier, str, dict[str, Any]]], day: str
) -> PricesShown:
    """The prices of a scope, each with what it is of and its content, and those of other scopes
    that change on `day` what a buyer is charged there: named with their website or store view."""
    found, others = PricesShown(), []
    for one, at, content in rows:
        own, place = (
            (scope.website, "website") if isinstance(one, Tier) else (scope.store, "store view")
        )
        if one.of == own:
            found.setdefault(normal_sku(one.sku), {})[at] = content
        elif 0 in (one.of, own):
            others.append((normal_sku(one.sku), f"{place} {one.of}: ", at, content))
    for sku, where, at, content in others:
        shown = found.setdefault(sku, {})
        if _counts(at, content, shown, day, is_of_all=scope.store == 0):
            shown[where + at] = content
    return found


def is_elsewhere(at: str) -> bool:
    """Whether what `shown_in` names is of another scope than ours."""
    return ELSEWHERE.match(at) is not None


def _counts(
    at: str, content: Mapping[str, Any], shown: Mapping[str, Any], day: str, *, is_of_all: bool
) -> bool:
    """A base or special price of a website counts in place of that of all (`is_of_all`: what is
    `shown` is of all); of the rest, the shop takes the lowest."""
    code, _, pieces = at.rpartition("|")
    if at == BASE or (at in shown and not code):
        return is_of_all and content != shown.get(at)
    if (ends := content.get("ends")) and ends < day:
        return False
    taken = [one["price"] for name, one in shown.items() if _is_taken(name, code, pieces)]
    fixed = [price for price in taken if isinstance(price, Decimal)]  # others are per cent
    price = content["price"]
    return not (isinstance(price, Decimal) and fixed and price >= min(fixed))


def _is_taken(name: str, code: str, pieces: str) -> bool:
    """Whether who buys so many pieces is offered this price of ours."""
    whose, _, begins = name.rpartition("|")
    is_theirs = bool(code) and whose in (EVERYBODY, code)
    return name == BASE or (is_theirs and Decimal(begins) <= Decimal(pieces))
