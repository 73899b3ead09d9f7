"""What REST tells about tax beside the amounts: per line, per rate and per kind of charge."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.commerce.catalogue import Rate
from sandbox.commerce.lines import Line, Side
from sandbox.commerce.recipe import Recipe
from sandbox.commerce.records import Columns
from sync.core.money import STORED, ZERO


@dataclass(frozen=True)
class Taxed:
    """Something that tax was taken on: `kind` as REST names it, amounts in the order's and in the
    base currency."""

    kind: str
    rates: tuple[Rate, ...]
    own: Decimal
    base: Decimal
    line: int | None = None

    def shares(self) -> Iterator[tuple[Rate, Decimal, Decimal]]:
        """Each rate with its share of both amounts; the last takes the remainder."""
        total = sum((rate.percent for rate in self.rates), ZERO)
        own_left, base_left = self.own, self.base
        for rate in self.rates[:-1]:
            part = rate.percent / total
            own, base = (
                (amount * part).quantize(STORED, rounding=ROUND_HALF_UP)
                for amount in (self.own, self.base)
            )
            own_left, base_left = own_left - own, base_left - base
            yield rate, own, base
        yield self.rates[-1], own_left, base_left


def taxed_lines(lines: list[Line], sides: tuple[Side, Side], recipe: Recipe) -> list[Taxed]:
    """Goods and their levies, as far as there is tax on them."""
    found = []
    for line in lines:
        if line.paying:
            found.extend(_taxed(line, sides, recipe))
    return found


def _taxed(line: Line, sides: tuple[Side, Side], recipe: Recipe) -> list[Taxed]:
    own, base = (side.sums[line.number] for side in sides)
    rates = recipe.place.rates.get(line.tax_class, ())
    both = [
        Taxed("product", rates, own.tax, base.tax, line.number),
        Taxed("weee", rates, own.levy_tax, base.levy_tax, line.number),
    ]
    return [taxed for taxed in both if rates and (taxed.own or taxed.base)]


def itemized(line: Line, sides: tuple[Side, Side], recipe: Recipe) -> list[Columns]:
    """`itemized_taxes` of a line. With several rates each `amount` repeats the whole tax;
    `real_amount` is the share."""
    if not line.paying:
        return []
    return [entry for taxed in _taxed(line, sides, recipe) for entry in entries(taxed)]


def entries(taxed: Taxed) -> list[Columns]:
    """Rows of `sales_order_tax_item`; ids are filled in when the order is placed."""
    reference = {"product": "item_id", "weee": "associated_item_id"}.get(taxed.kind)
    return [
        {
            "tax_item_id": 0,
            "tax_id": 0,
            **({reference: taxed.line} if reference else {}),
            "tax_code": rate.code,
            "tax_percent": rate.percent,
            "amount": taxed.own,
            "base_amount": taxed.base,
            "real_amount": own,
            "real_base_amount": base,
            "taxable_item_type": taxed.kind,
        }
        for rate, own, base in taxed.shares()
    ]


def tax_attributes(everything: list[Taxed]) -> Columns:
    """The order's extension attributes about tax; per code they add up to `tax_amount`."""
    per_rate: dict[Rate, tuple[Decimal, Decimal]] = {}
    for taxed in everything:
        for rate, own, base in taxed.shares():
            before = per_rate.get(rate, (ZERO, ZERO))
            per_rate[rate] = (before[0] + own, before[1] + base)
    applied = [_applied(rate, own, base) for rate, (own, base) in per_rate.items()]
    return {
        "applied_taxes": applied,
        "item_applied_taxes": [_per_item(taxed) for taxed in everything],
        "converting_from_quote": False,
        "taxes": [
            {
                "tax_id": 0,
                "order_id": 0,
                **entry,
                "base_real_amount": entry["base_amount"],
                "priority": 0,
                "position": 0,
                "process": 0,
            }
            for entry in applied
        ],
        "additional_itemized_taxes": [
            entry for taxed in everything if taxed.line is None for entry in entries(taxed)
        ],
    }


def _per_item(taxed: Taxed) -> Columns:
    reference = {"product": "item_id", "weee": "associated_item_id"}.get(taxed.kind)
    return {
        "type": taxed.kind,
        **({reference: taxed.line} if reference else {}),
        "applied_taxes": [_applied(rate, own, base) for rate, own, base in taxed.shares()],
    }


def _applied(rate: Rate, own: Decimal, base: Decimal) -> Columns:
    return {
        "code": rate.code,
        "title": rate.code,
        "percent": rate.percent,
        "amount": own,
        "base_amount": base,
    }
