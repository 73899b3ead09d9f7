"""The shop's arithmetic: prices, discounts, tax and levies of an order's lines, in one currency at
a time.

The base currency and the order's currency are worked out separately, each rounded per piece or row
on its own, as the shop does (measured on 2.4.8; the identities that must hold are in
`commerce-money.md`, section 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from sync.core.money import STORED, ZERO, rounded

HUNDRED = Decimal(100)
Algorithm = Literal["unit", "row", "total"]
Levy = Literal["none", "untaxed", "taxed"]


@dataclass(frozen=True)
class Scheme:
    """How a shop is configured to calculate. `gross`: catalogue prices include tax (of the origin,
    unless `cross_border`). `discount_first`: tax is taken after the discount. `levy`: fixed product
    taxes and whether they stand `levy_in_subtotal`."""

    gross: bool = False
    algorithm: Algorithm = "total"
    shipping_gross: bool = False
    shipping_taxed: bool = True
    discount_first: bool = True
    cross_border: bool = False
    levy: Levy = "none"
    levy_in_subtotal: bool = False


@dataclass(frozen=True)
class Asked:
    """A line with an amount, before calculation: catalogue price of a piece, pieces, per cent here
    and at the origin."""

    price: Decimal
    qty: Decimal
    percent: Decimal
    origin_percent: Decimal = ZERO
    levy: Decimal = ZERO
    fractional: bool = False
    is_negotiated: bool = False


@dataclass(frozen=True)
class Rule:
    """A price rule. `percent` and `fixed` (per piece) act on each line, `cart` is one amount spread
    over all of them.

    `on_shipping`: the same per cent, or what the lines leave of a cart amount, is taken off
    shipping as well.
    """

    kind: Literal["none", "percent", "fixed", "cart"] = "none"
    value: Decimal = ZERO
    on_shipping: bool = False
    coupon: str = ""


@dataclass
class Sum:
    """A calculated line, or the shipping charge. Amounts are of the whole row except `price` and
    `levy_piece`."""

    price: Decimal
    price_incl: Decimal
    row: Decimal
    row_incl: Decimal
    discount: Decimal
    tax: Decimal
    compensation: Decimal = ZERO
    levy_piece: Decimal = ZERO
    levy_piece_incl: Decimal = ZERO
    levy_row: Decimal = ZERO
    levy_row_incl: Decimal = ZERO

    @property
    def levy_tax(self) -> Decimal:
        """The tax on the levy, which stands in no field of the line."""
        return self.levy_row_incl - self.levy_row


@dataclass
class Rounding:
    """Rounds tax; total-based calculation hands the remainder to the next line of the same rate."""

    algorithm: Algorithm
    left: dict[tuple[Decimal, str], Decimal] = field(default_factory=dict)

    def tax(self, exact: Decimal, percent: Decimal, kind: str) -> Decimal:
        """`exact` to the cent, with what earlier lines left over."""
        if self.algorithm != "total" or not exact:
            return rounded(exact)
        exact += self.left.get((percent, kind), Decimal("0.000001"))
        result = rounded(exact)
        self.left[percent, kind] = exact - result
        return result


def inside(gross: Decimal, percent: Decimal) -> Decimal:
    """The tax in an amount that includes it, exact."""
    return gross * percent / (HUNDRED + percent)


def piece_price(asked: Asked, scheme: Scheme) -> Decimal:
    """What one piece costs here: the catalogue price, freed of the origin's tax and given ours
    where they differ."""
    price = asked.price if asked.is_negotiated else rounded(asked.price)
    if (
        asked.is_negotiated
        or not scheme.gross
        or scheme.cross_border
        or asked.percent == asked.origin_percent
    ):
        return price
    net = price - inside(price, asked.origin_percent)
    return rounded(net * (HUNDRED + asked.percent) / HUNDRED)


def discounts(lines: Sequence[Asked], rule: Rule, scheme: Scheme) -> list[Decimal]:
    """What the rule takes off each line; never more than the line costs."""
    rows = [_row(piece_price(line, scheme) * line.qty, line) for line in lines]
    if rule.kind == "percent":
        return [min(row, rounded(row * rule.value / HUNDRED)) for row in rows]
    if rule.kind == "fixed":
        return [
            min(row, rounded(rule.value * line.qty)) for row, line in zip(rows, lines, strict=True)
        ]
    if rule.kind == "cart":
        return _spread(rounded(rule.value), rows)
    return [ZERO for _ in rows]


def calculated(asked: Asked, discount: Decimal, scheme: Scheme, rounding: Rounding) -> Sum:
    """One line (or shipping, as one piece) with discount, tax and compensation."""
    price = piece_price(asked, scheme)
    taxed_part = discount if scheme.discount_first else ZERO
    if scheme.algorithm == "unit":
        result = _by_piece(asked, price, taxed_part, scheme)
    elif scheme.gross:
        result = _gross_row(asked, price, taxed_part, rounding)
    else:
        result = _net_row(asked, price, taxed_part, rounding)
    result.discount = discount
    return _with_levy(result, asked, scheme)


def _row(amount: Decimal, asked: Asked) -> Decimal:
    return amount.quantize(STORED, rounding=ROUND_HALF_UP) if asked.fractional else rounded(amount)


def _net_row(asked: Asked, price: Decimal, discount: Decimal, rounding: Rounding) -> Sum:
    row = _row(price * asked.qty, asked)
    full = rounding.tax(row * asked.percent / HUNDRED, asked.percent, "full")
    tax = full
    if discount:
        tax = rounding.tax(
            max(row - discount, ZERO) * asked.percent / HUNDRED, asked.percent, "after"
        )
    return Sum(price, rounded((row + full) / asked.qty), row, row + full, discount, tax)


def _gross_row(asked: Asked, price: Decimal, discount: Decimal, rounding: Rounding) -> Sum:
    gross = _row(price * asked.qty, asked)
    full = rounding.tax(inside(gross, asked.percent), asked.percent, "full")
    tax = full
    if discount:
        tax = rounding.tax(
            inside(max(gross - discount, ZERO), asked.percent), asked.percent, "after"
        )
    row = gross - full
    return Sum(rounded(row / asked.qty), price, row, gross, discount, tax, compensation=full - tax)


def _by_piece(asked: Asked, price: Decimal, discount: Decimal, scheme: Scheme) -> Sum:
    """Unit-based: tax is rounded for one piece and multiplied."""
    share = discount / asked.qty
    if scheme.gross:
        full = rounded(inside(price, asked.percent))
        after = rounded(inside(max(price - share, ZERO), asked.percent))
        net, gross = price - full, price
        compensation = (full - after) * asked.qty
    else:
        full = rounded(price * asked.percent / HUNDRED)
        after = rounded(max(price - share, ZERO) * asked.percent / HUNDRED)
        net, gross, compensation = price, price + full, ZERO
    row, row_incl = (_row(each * asked.qty, asked) for each in (net, gross))
    tax = (after * asked.qty).quantize(STORED, rounding=ROUND_HALF_UP)
    return Sum(net, gross, row, row_incl, discount, tax, compensation=compensation)


def _with_levy(result: Sum, asked: Asked, scheme: Scheme) -> Sum:
    """Add the fixed product tax: gross shops strip its tax, net shops add it, untaxed levies stay
    as they are."""
    if not asked.levy:
        return result
    piece, percent = rounded(asked.levy), asked.percent if scheme.levy == "taxed" else ZERO
    row = rounded(piece * asked.qty)
    if scheme.gross:
        result.levy_piece, result.levy_piece_incl = piece - rounded(inside(piece, percent)), piece
        result.levy_row, result.levy_row_incl = row - rounded(inside(row, percent)), row
    else:
        result.levy_piece, result.levy_piece_incl = (
            piece,
            piece + rounded(piece * percent / HUNDRED),
        )
        result.levy_row, result.levy_row_incl = row, row + rounded(row * percent / HUNDRED)
    return result


def _spread(value: Decimal, rows: Sequence[Decimal]) -> list[Decimal]:
    """One amount over rows by their size; the last row that costs something takes the remainder."""
    total, left, parts = sum(rows, ZERO), min(value, sum(rows, ZERO)), [ZERO for _ in rows]
    paying = [place for place, row in enumerate(rows) if row]
    for place in paying[:-1]:
        parts[place] = min(rounded(value * rows[place] / total), rows[place], left)
        left -= parts[place]
    if paying:
        parts[paying[-1]] = min(left, rows[paying[-1]])
    return parts
