"""A basket as order lines: which rows of `sales_order_item` a product becomes, and which of them
carry an amount."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.commerce.amounts import Asked, Rounding, Sum, calculated, discounts, piece_price
from sandbox.commerce.assortment import Product, TaxClass
from sandbox.commerce.catalogue import Catalogue
from sandbox.commerce.recipe import Recipe, Want
from sync.core.money import STORED, ZERO, rounded


@dataclass
class Line:
    """One row to be. `number` counts from 1 within the order, `parent` is a number. `paying`: it
    carries the amount.

    A dynamic bundle's parent pays nothing itself (`summing`): it repeats what its children come to.
    """

    number: int
    product: Product
    qty: Decimal
    sku: str
    name: str
    price: Decimal
    parent: int | None = None
    paying: bool = True
    summing: bool = False
    choices: dict[str, Any] | None = None

    @property
    def tax_class(self) -> TaxClass:
        """What kind of goods these are to the tax office."""
        return self.product.tax_class


@dataclass
class Side:
    """An order calculated in one currency. `sums` by line number, for paying lines and summing
    parents."""

    factor: Decimal
    sums: dict[int, Sum]
    shipping: Sum


def lines_of(recipe: Recipe, catalogue: Catalogue) -> list[Line]:
    """All rows of the order, parents before their children."""
    lines: list[Line] = []
    for want in recipe.wants:
        lines.extend(_rows(want, catalogue, len(lines) + 1))
    return lines


def _rows(want: Want, catalogue: Catalogue, first: int) -> list[Line]:
    product = want.product
    if product.type == "grouped":
        return [
            _line(first + place, catalogue.product(sku), want.qty * pieces)
            for place, (sku, pieces) in enumerate(product.parts)
        ]
    if product.type == "configurable":
        child = catalogue.product(product.parts[int(want.qty) % len(product.parts)][0])
        options = {
            "configurable_item_options": [{"option_id": "93", "option_value": child.product_id}]
        }
        row = _line(first + 1, child, want.qty, parent=first, paying=False)
        parent = Line(first, product, want.qty, child.sku, product.name, row.price, choices=options)
        return [parent, row]
    if product.type == "bundle":
        return _bundle(want, catalogue, first)
    return [_line(first, product, want.qty)]


def _bundle(want: Want, catalogue: Catalogue, first: int) -> list[Line]:
    product = want.product
    chosen = [
        {"option_id": place, "option_qty": pieces, "option_selections": [10 + place]}
        for place, (_, pieces) in enumerate(product.parts, 1)
    ]
    parent = _line(first, product, want.qty, paying=product.fixed)
    parent.summing, parent.choices = not product.fixed, {"bundle_options": chosen}
    return [
        parent,
        *(
            _line(
                first + place,
                catalogue.product(sku),
                want.qty * pieces,
                parent=first,
                paying=not product.fixed,
            )
            for place, (sku, pieces) in enumerate(product.parts, 1)
        ),
    ]


def _line(
    number: int, product: Product, qty: Decimal, *, parent: int | None = None, paying: bool = True
) -> Line:
    price = product.price + sum((surcharge for _, surcharge in product.options), ZERO)
    sku = "-".join([product.sku, *product.option_skus])
    line = Line(number, product, qty, sku, product.name, price, parent, paying=paying)
    if product.type == "downloadable":
        line.choices = {
            "downloadable_option": {
                "downloadable_links": [int(link) for link, _ in product.options]
            }
        }
    elif product.options:
        line.choices = {
            "custom_options": [
                {"option_id": option, "option_value": option} for option, _ in product.options
            ]
        }
    return line


def side_of(recipe: Recipe, lines: Sequence[Line], catalogue: Catalogue, factor: Decimal) -> Side:
    """The order in the currency of which one base unit is `factor`."""
    scheme, place = recipe.scheme, recipe.place
    origin = catalogue.places[recipe.origin]
    rule = recipe.rule
    if rule.kind in {"fixed", "cart"}:
        rule = replace(rule, value=rounded(rule.value * factor))
    paying = [line for line in lines if line.paying]
    asked = [
        Asked(
            _price(line, factor),
            line.qty,
            place.percent(line.tax_class),
            origin.percent(line.tax_class),
            rounded(line.product.levy * factor) if scheme.levy != "none" else ZERO,
            line.product.fractional and line.qty != line.qty.to_integral_value(),
            line.product.is_negotiated,
        )
        for line in paying
    ]
    rounding = Rounding(scheme.algorithm)
    off = discounts(asked, rule, scheme)
    sums = {
        line.number: calculated(want, discount, scheme, rounding)
        for line, want, discount in zip(paying, asked, off, strict=True)
    }
    for line in lines:
        if line.summing:
            sums[line.number] = _together(
                line,
                [(child, sums[child.number]) for child in lines if child.parent == line.number],
            )
    return Side(
        factor,
        sums,
        _shipping(
            recipe, rule.value - sum(off, ZERO), factor, rounding, origin.percent("standard")
        ),
    )


def _price(line: Line, factor: Decimal) -> Decimal:
    if line.product.is_negotiated:
        return (line.price * factor).quantize(STORED, rounding=ROUND_HALF_UP)
    return rounded(rounded(line.price) * factor)


def _together(parent: Line, children: Sequence[tuple[Line, Sum]]) -> Sum:
    """What a dynamic bundle's parent repeats of its children: rows and tax, not the discount."""
    price, price_incl = (
        rounded(
            sum((getattr(each, field) * line.qty for line, each in children), ZERO) / parent.qty
        )
        for field in ("price", "price_incl")
    )
    row, row_incl, tax = (
        sum((getattr(each, field) for _, each in children), ZERO)
        for field in ("row", "row_incl", "tax")
    )
    return Sum(price, price_incl, row, row_incl, ZERO, tax)


def _shipping(
    recipe: Recipe, left: Decimal, factor: Decimal, rounding: Rounding, origin: Decimal
) -> Sum:
    scheme = replace(recipe.scheme, gross=recipe.scheme.shipping_gross)
    percent = (
        recipe.place.percent("standard") if scheme.gross or recipe.scheme.shipping_taxed else ZERO
    )
    asked = Asked(rounded(recipe.shipping * factor), Decimal(1), percent, origin)
    discount = ZERO
    if recipe.rule.on_shipping and recipe.rule.kind == "percent":
        discount = discounts([asked], recipe.rule, scheme)[0]
    elif recipe.rule.on_shipping and recipe.rule.kind == "cart":
        discount = min(max(left, ZERO), piece_price(asked, scheme))
    return calculated(asked, discount, scheme, rounding)
