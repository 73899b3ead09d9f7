"""What is priced: an item with its agreements and discounts, and what a shop shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from sync.core.money import rounded
from sync.dynamics.documents.price_agreement import Agreement, Discount, TradeLine
from sync.mapping.line_discounts import counted_discounts, net_price
from sync.mapping.price_search import Audience, Unclear, Wanted, found_price, unfit

ONE: Final = Decimal(1)


@dataclass(frozen=True)
class PriceRules:
    """`audiences`: who is shown a price of their own, beside everybody. `decimals` of a price.
    `special`: whether prices of everybody that end are shown as special prices. `converts`: whether
    F&O's generic currency may be on."""

    audiences: Sequence[Audience] = ()
    decimals: int = 2
    unclear: Unclear = "park"
    special: bool = False
    converts: bool = True


@dataclass(frozen=True)
class Priced:
    """What is priced. `base`: the item's own price of one sales unit, None where it has none.
    `units`: sales units of a piece. `discounts`: line discounts that may be of it. `charges`: what
    F&O adds to a line beside `base`."""

    sku: str
    base: Decimal | None
    units: Decimal
    wanted: Wanted
    agreements: Sequence[Agreement]
    discounts: Sequence[Discount] = field(default=())
    charges: Decimal = Decimal(0)

    def price(self, rules: PriceRules, audience: Audience, pieces: Decimal = ONE) -> Decimal | None:
        """The price of one piece, when so many are bought, as it is shown; None where F&O has none.
        Raises `UnclearPrice`."""
        exact = self.exact(rules, audience, pieces)
        return None if exact is None else rounded(exact, ONE.scaleb(-rules.decimals))

    def exact(self, rules: PriceRules, audience: Audience, pieces: Decimal = ONE) -> Decimal | None:
        """The same, not rounded."""
        quantity = pieces * self.units
        search = (self.wanted, audience, quantity, rules.unclear)
        found = found_price(self.agreements, *search)
        price = self.base if found is None else found
        if price is None:
            return None
        return net_price(price, counted_discounts(self.discounts, *search)) * self.units

    def without_ending(self) -> "Priced":
        """The same without what is for everybody and ends."""
        return replace(
            self, agreements=[one for one in self.agreements if not _is_special(one)],
            discounts=[one for one in self.discounts if not _is_special(one)],
        )  # fmt: skip

    def ends(self) -> date:
        """The last day of the first of those that count today."""
        lines: list[TradeLine] = [*self.agreements, *self.discounts]
        return min(
            one.ends for one in lines
            if one.ends is not None and _is_special(one)
            and not unfit(one, self.wanted, self.units)
        )  # fmt: skip


def _is_special(one: TradeLine) -> bool:
    return one.ends is not None and not one.customer and not one.group
