"""Prices of F&O as a shop shows them: a base price, and tier prices by customer group and quantity.

A shop takes the lowest of base price and tiers. So a tier is written only where it is lower than
what the shop would take anyway, and a price of a group that is higher than that cannot be shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.core.money import rounded
from sync.dynamics.documents.price_agreement import Agreement
from sync.mapping.price_search import Unclear, UnclearPrice, Wanted, found_price

EVERYBODY: Final = "ALL GROUPS"
"""The code of a tier price for all customer groups."""
BASE: Final = "base"
ONE: Final = Decimal(1)


@dataclass(frozen=True)
class PriceRules:
    """`groups`: price group of F&O -> customer group of the shop. `decimals` of a price."""

    groups: Mapping[str, str]
    decimals: int = 2
    unclear: Unclear = "park"


@dataclass(frozen=True)
class Priced:
    """What is priced. `base`: the item's own price of one sales unit, None where it has none.
    `units`: sales units of a piece."""

    sku: str
    base: Decimal | None
    units: Decimal
    wanted: Wanted
    agreements: Sequence[Agreement]


def prices_to_show(priced: Priced, rules: PriceRules) -> dict[str, Any] | Never:
    """`base`, and `<customer group>|<pieces>` for each tier; or why they cannot be shown."""
    try:
        return _shown(priced, rules)
    except UnclearPrice as error:
        return Never(
            f"{priced.sku}: several price agreements fit, and one of them has no Find next: records"
            f" {error}",
            remedy=(
                "Give the lines in F&O quantities or dates that do not overlap, or say in"
                " prices.unclear which one counts."
            ),
        )


def _shown(priced: Priced, rules: PriceRules) -> dict[str, Any] | Never:
    base = _price(priced, rules, "", ONE)
    if base is None or base <= 0:
        what = "no price" if base is None else f"the price {base}"
        return Never(
            f"{priced.sku}: F&O has {what} in {priced.wanted.currency} per {priced.wanted.unit}",
            remedy="Enter a sales price of the released product, or post a trade agreement.",
        )
    found = {BASE: {"price": base}}
    lowest_of_all: dict[Decimal, Decimal] = {}
    for group, code in {"": EVERYBODY, **rules.groups}.items():
        last: Decimal | None = None
        for pieces in _breaks(priced, group):
            if pieces != int(pieces):
                return _uneven(priced, pieces)
            price = _price(priced, rules, group, pieces) or base
            taken = min([base, *(p for q, p in lowest_of_all.items() if q <= pieces)])
            if price > taken:
                return _too_high(priced, group, pieces, price, taken)
            if price < min(taken, taken if last is None else last):
                found[f"{code}|{int(pieces)}"] = {"price": price}
            last = price
            if not group:
                lowest_of_all[pieces] = price
    return found


def _breaks(priced: Priced, group: str) -> list[Decimal]:
    """The pieces from which the price of a group may differ."""
    lines = [one for one in priced.agreements if one.group.casefold() in ("", group.casefold())]
    edges = {one.from_quantity for one in lines} | {one.to_quantity for one in lines}
    return sorted({ONE, *(edge / priced.units for edge in edges if edge / priced.units > 1)})


def _price(priced: Priced, rules: PriceRules, group: str, pieces: Decimal) -> Decimal | None:
    """Of one piece, when so many are bought."""
    quantity = pieces * priced.units
    found = found_price(priced.agreements, priced.wanted, group, quantity, rules.unclear)
    price = priced.base if found is None else found
    return None if price is None else rounded(price * priced.units, ONE.scaleb(-rules.decimals))


def _uneven(priced: Priced, pieces: Decimal) -> Never:
    return Never(
        f"{priced.sku}: a quantity break of {pieces:f} pieces",
        remedy=(
            "Choose quantities in F&O that are whole pieces of the shop, or correct the factor of"
            " the item's row (map items)."
        ),
    )


def _too_high(priced: Priced, group: str, pieces: Decimal, price: Decimal, taken: Decimal) -> Never:
    whose = f"price group {group}" if group else "all customers"
    return Never(
        f"{priced.sku}: F&O's price for {whose} from {pieces:f} pieces is {price}, and the shop"
        f" would take {taken}: it takes the lowest of base price and tiers",
        remedy=(
            "Raise the lower price in F&O, or take the group out of prices.groups: then the shop"
            " shows it the price of all."
        ),
    )


def unit_price(price: Decimal, quantity: Decimal) -> Decimal:
    """The price of one unit, where `price` is of so many."""
    return price / quantity if quantity else price
