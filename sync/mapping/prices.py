"""Prices of F&O as a shop shows them: a base price, and tier prices by customer group and quantity.

A shop takes the lowest of base price and tiers. So a tier is written only where it is lower than
what the shop would take anyway, and a price of a group that is higher than that cannot be shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.core.money import rounded
from sync.dynamics.documents.price_agreement import Discount, TradeLine
from sync.mapping.price_search import (
    Audience,
    UnclearPrice,
    unfit,
    whose_line,
    whose_lines,
)
from sync.mapping.priced import ONE, Priced, PriceRules

EVERYBODY: Final = "ALL GROUPS"
"""The code of a tier price for all customer groups."""
ALL: Final = Audience(EVERYBODY)
BASE: Final = "base"
SPECIAL: Final = "special"
MOST_LOST: Final = Decimal("0.05")
"""The part of a price that rounding to the cent may change: the shop charges whole cents a piece,
whatever decimals a price has (measured)."""

MOST_NAMED: Final = 5
"""Records that a reason names."""


def prices_to_show(priced: Priced, rules: PriceRules) -> dict[str, Any] | Never:
    """`base`, and `<customer group>|<pieces>` for each tier; or why they cannot be shown."""
    try:
        return _shown(priced, rules)
    except UnclearPrice as error:
        return Never(
            f"{priced.sku}: several price agreements fit, and one of them has no Find next, or a"
            f" second discount percentage: records {error}",
            remedy=(
                "Give the lines in F&O quantities or dates that do not overlap, or say in"
                " prices.unclear which one counts."
            ),
        )


def _shown(priced: Priced, rules: PriceRules) -> dict[str, Any] | Never:
    if rules.converts and (records := _generic(priced, rules)):
        return _converted(priced, records)
    base = priced.price(rules, ALL)
    if base is None or base <= 0:
        return _none(priced, "no price" if base is None else f"the price {base}")
    found = _base(priced, rules, base)
    lowest_of_all: dict[Decimal, Decimal] = {}
    for audience in (ALL, *rules.audiences):
        own: list[Decimal] = []
        for pieces in _breaks(priced, audience):
            if pieces != int(pieces):
                return _uneven(priced, pieces)
            price = priced.price(rules, audience, pieces)
            price = base if price is None else price
            if fault := _unfit_price(priced, rules, audience, pieces, price):
                return fault
            taken = min([base, *own, *(p for q, p in lowest_of_all.items() if q <= pieces)])
            if price > taken:
                return _too_high(priced, audience, pieces, price, taken)
            if price < taken:
                found[f"{audience.code}|{int(pieces)}"] = {"price": price}
            own.append(price)
            if audience is ALL:
                lowest_of_all[pieces] = price
    return _with_standing(priced, rules, found) if SPECIAL in found else found


def _with_standing(priced: Priced, rules: PriceRules, found: dict[str, Any]) -> dict[str, Any]:
    """Also the tiers that count once the shop ends the special price. Those above it are shown
    with it: the shop takes the lowest. F&O may charge more than one below it meanwhile."""
    usual, special = prices_to_show(priced.without_ending(), rules), found[SPECIAL]["price"]
    if isinstance(usual, Never):
        return found
    return {scope: one for scope, one in usual.items() if one["price"] >= special} | found


def _generic(priced: Priced, rules: PriceRules) -> list[int]:
    """Records in other currencies that F&O may convert and find."""
    lines: list[TradeLine] = [*priced.agreements, *priced.discounts]
    return [
        one.record for one in lines
        if one.is_generic and one.currency != priced.wanted.currency
        and any(_is_theirs(one, audience) for audience in (ALL, *rules.audiences))
        and not unfit(
            replace(one, currency=priced.wanted.currency), priced.wanted, one.from_quantity
        )
    ]  # fmt: skip


def _is_theirs(one: TradeLine, audience: Audience) -> bool:
    group = audience.discount_group if isinstance(one, Discount) else audience.group
    return whose_line(one) in whose_lines(audience.customer, group)


def _converted(priced: Priced, records: Sequence[int]) -> Never:
    named = ", ".join(map(str, records[:MOST_NAMED]))
    return Never(
        f"{priced.sku}: F&O may convert agreements of its generic currency into"
        f" {priced.wanted.currency}: records {named}",
        remedy=(
            "Post agreements in the shop's currency without Include in generic currency search; or,"
            " where F&O does not use its generic currency, say generic_currency = false in"
            " [connections.<name>.prices]."
        ),
    )


def _none(priced: Priced, what: str) -> Never:
    return Never(
        f"{priced.sku}: F&O has {what} in {priced.wanted.currency} per {priced.wanted.unit}",
        remedy="Enter a sales price of the released product, or post a trade agreement.",
    )


def _unfit_price(
    priced: Priced, rules: PriceRules, audience: Audience, pieces: Decimal, price: Decimal
) -> Never | None:
    """Why a price cannot be charged: it is none, F&O adds charges to it, or whole cents are too far
    from it."""
    if price <= 0:
        return _none(priced, f"the price {price} for {audience} from {pieces:f} pieces")
    if charged := _with_charges(priced, audience, pieces):
        return charged
    exact = priced.exact(rules, audience, pieces) or price
    if abs(rounded(exact) - exact) <= exact * MOST_LOST:
        return None
    return Never(
        f"{priced.sku}: F&O's price for {audience} is {exact.normalize():f}"
        f" {priced.wanted.currency} a piece, and the shop would charge {rounded(exact)}",
        remedy=(
            "Sell larger pieces in the shop, as packs of a hundred, and write what a pack is as the"
            " factor of the item's row (map items)."
        ),
    )


def _with_charges(priced: Priced, audience: Audience, pieces: Decimal) -> Never | None:
    """The search does not tell which line it took: any that qualifies with charges may be it."""
    whose, quantity = whose_lines(audience.customer, audience.group), pieces * priced.units
    fit = [
        one for one in priced.agreements
        if whose_line(one) in whose and not unfit(one, priced.wanted, quantity)
    ]  # fmt: skip
    charged = {f"record {one.record}": one.charges for one in fit if one.charges}
    if priced.charges and not fit:
        charged = {"the released product": priced.charges}
    if not charged:
        return None
    told = ", ".join(f"{charges:.2f} by {who}" for who, charges in charged.items())
    return Never(
        f"{priced.sku}: F&O adds price charges to each line for {audience} ({told}), and the shop"
        " has prices of pieces alone",
        remedy="Put the charges into the price in F&O.",
    )


def _base(priced: Priced, rules: PriceRules, price: Decimal) -> dict[str, Any]:
    """The base price; and the special price until it ends, where what ends makes it lower."""
    usual = priced.without_ending().price(rules, ALL) if rules.special else None
    if usual is None or usual <= price:
        return {BASE: {"price": price}}
    ends = f"{priced.ends()} 00:00:00"
    return {BASE: {"price": usual}, SPECIAL: {"price": price, "ends": ends}}


def _breaks(priced: Priced, audience: Audience) -> list[Decimal]:
    """The pieces from which the price of an audience may differ."""
    whose = whose_lines(audience.customer, audience.group)
    lines: list[TradeLine] = [one for one in priced.agreements if whose_line(one) in whose]
    whose = whose_lines(audience.customer, audience.discount_group)
    lines += [one for one in priced.discounts if whose_line(one) in whose]
    lines = [one for one in lines if not unfit(one, priced.wanted, one.from_quantity)]
    edges = {one.from_quantity for one in lines} | {one.to_quantity for one in lines}
    return sorted({ONE, *(edge / priced.units for edge in edges if edge / priced.units > 1)})


def _uneven(priced: Priced, pieces: Decimal) -> Never:
    return Never(
        f"{priced.sku}: a quantity break of {pieces:f} pieces",
        remedy=(
            "Choose quantities in F&O that are whole pieces of the shop, or correct the factor of"
            " the item's row (map items)."
        ),
    )


def _too_high(
    priced: Priced, audience: Audience, pieces: Decimal, price: Decimal, taken: Decimal
) -> Never:
    return Never(
        f"{priced.sku}: F&O's price for {audience} from {pieces:f} pieces is {price}, and the shop"
        f" would take {taken}: it takes the lowest of base price and tiers",
        remedy=(
            "Raise the lower price in F&O, or take the group out of prices.groups, or the customer"
            " out of prices.customers: then the shop shows it the price of all."
        ),
    )
