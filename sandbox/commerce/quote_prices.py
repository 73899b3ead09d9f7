"""What the items of a negotiable quote cost: catalogue prices, negotiated prices of items, and a
price of the whole that is spread over them (inferred; reference 6.1)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Protocol

from sandbox.commerce.assortment import Product
from sandbox.commerce.catalogue import Catalogue, Shopper, Store
from sync.core.money import STORED, ZERO, rounded

HUNDRED: Final = Decimal(100)
Negotiated = tuple[int, Decimal]
"""Type (1 per cent, 2 amount off, 3 proposed price) and value."""


@dataclass
class Item:
    """An item of a quote."""

    id: int
    product: Product
    qty: Decimal
    negotiated: Negotiated | None = None


class Quoted(Protocol):
    """The part of a quote that prices depend on."""

    store: Store
    shopper: Shopper
    items: list[Item]
    negotiated: Negotiated | None


def unit_prices(quote: Quoted, catalogue: Catalogue, *, is_gross: bool) -> list[Decimal]:
    """What a piece costs in the catalogue's terms: base currency, with tax in a gross shop."""
    place = catalogue.places[quote.shopper.place]
    raise_by = [
        1 + place.percent(one.product.tax_class) / HUNDRED if quote.store.gross else Decimal(1)
        for one in quote.items
    ]
    listed = [rounded(one.product.price) for one in quote.items]
    if any(one.negotiated for one in quote.items):
        return [
            _priced(one, price, 1 if is_gross else factor)
            for one, price, factor in zip(quote.items, listed, raise_by, strict=True)
        ]
    if quote.negotiated is None:
        return listed
    nets = listed if is_gross else [
        price / factor for price, factor in zip(listed, raise_by, strict=True)
    ]  # fmt: skip
    units = _spread(quote, nets)
    if is_gross:
        return units
    return [_fine(one * by) for one, by in zip(units, raise_by, strict=True)]


def _priced(item: Item, listed: Decimal, factor: Decimal | int) -> Decimal:
    kind, value = item.negotiated or (1, ZERO)
    if kind == 1:
        return _fine(listed * (HUNDRED - value) / HUNDRED)
    return _fine((listed / factor - value if kind == 2 else value) * factor)


def _spread(quote: Quoted, nets: list[Decimal]) -> list[Decimal]:
    """A price of the whole as prices of pieces, by ratio; the last item takes what rows that are
    rounded to cents leave."""
    assert quote.negotiated is not None
    kind, value = quote.negotiated
    rows = [net * one.qty for net, one in zip(nets, quote.items, strict=True)]
    whole = sum(rows, ZERO)
    left = rounded({1: whole * (HUNDRED - value) / HUNDRED, 2: whole - value, 3: value}[kind])
    units, wanted = list[Decimal](), left
    for row, one in zip(rows[:-1], quote.items, strict=False):
        part = rounded(row * wanted / whole)
        left -= part
        units.append(_fine(part / one.qty))
    return [*units, _fine(left / quote.items[-1].qty)]


def _fine(price: Decimal) -> Decimal:
    return price.quantize(STORED, rounding=ROUND_HALF_UP)


def cost_of(item: Item) -> Decimal:
    """What the shop paid for a piece; the totals of a quote tell it to integrations."""
    return (item.product.price * Decimal("0.6137")).quantize(Decimal("0.0001"))
