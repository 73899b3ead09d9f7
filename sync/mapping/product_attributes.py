"""Attributes of F&O's products as attributes of a shop: values as text, units converted, labels as
ids of options."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sync.commerce.models.product_attribute import ShopAttribute, plain_number
from sync.config.connections.products import ProductAttribute, Products
from sync.dynamics.documents.product_attribute import AttributeValue, Barcode
from sync.mapping.unshowable import Unshowable

FINEST: Final = Decimal("0.000001")
YES_OR_NO: Final = {True: "Yes", False: "No"}


def _no_factor(_start: str, _end: str) -> Fraction | None:
    return None


@dataclass(frozen=True)
class AttributeSources:
    """What is known of the attributes of a product. `values`: by F&O's name without case.
    `dimensions`: by kind. `shop`: the shop's attributes by code. `factor(unit, unit)`: how many of
    the second one of the first is."""

    values: Mapping[str, Sequence[AttributeValue]] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    barcodes: Sequence[Barcode] = ()
    sales_unit: str = ""
    shop: Mapping[str, ShopAttribute] = field(default_factory=dict)
    factor: Callable[[str, str], Fraction | None] = _no_factor


NO_ATTRIBUTES: Final = AttributeSources()


def attributes_to_show(
    sku: str, sources: AttributeSources, settings: Products
) -> dict[str, str | None]:
    """What each attribute that F&O owns shows, by code; None for nothing. One whose option is still
    to be made is left out. Raises `Unshowable`."""
    found: dict[str, str | None] = {}
    for code, text in _texts(sku, sources, settings):
        known = sources.shop.get(code)
        if known is None:
            raise Unshowable(
                f"{sku}: the shop has no product attribute {code}",
                remedy="Correct the codes of attributes in products of connections.toml, or add the"
                " attribute in Commerce (Stores > Attributes > Product).",
            )
        if text is None or not known.is_select:
            found[code] = text if text is None else _typed(sku, known, text)
        elif option := known.option(text):
            found[code] = option
        elif settings.options == "park":
            raise _no_option(sku, code, text)
    return found


def labels_to_show(
    sku: str, sources: AttributeSources, settings: Products
) -> Iterator[tuple[str, str]]:
    """(code, label) of each option that a product needs. Raises `Unshowable`."""
    for code, text in _texts(sku, sources, settings):
        known = sources.shop.get(code)
        if text is not None and known is not None and known.is_select:
            yield code, text


def _texts(
    sku: str, sources: AttributeSources, settings: Products
) -> Iterator[tuple[str, str | None]]:
    for code, attribute in settings.attributes.items():
        yield code, _text(sku, code, attribute, sources)
    for kind, code in settings.dimensions.items():
        yield code, sources.dimensions.get(kind) or None
    if settings.barcode:
        yield settings.barcode, _barcode(sku, sources)
    if settings.sales_unit:
        yield settings.sales_unit, sources.sales_unit or None


def _text(
    sku: str, code: str, attribute: ProductAttribute, sources: AttributeSources
) -> str | None:
    values = [*dict.fromkeys(sources.values.get(attribute.name.casefold(), ()))]
    if len(values) > 1:
        raise Unshowable(
            f"{sku}: F&O has {len(values)} different values of attribute {attribute.name}, of"
            " several attribute types",
            remedy="Give one of the attributes another name in F&O, or clear its value.",
        )
    if not values or values[0].value in (None, ""):
        return None
    value = values[0].value
    if isinstance(value, bool):
        is_select = code in sources.shop and sources.shop[code].is_select
        return YES_OR_NO[value] if is_select else str(int(value))
    if isinstance(value, datetime):
        return f"{value.date().isoformat()} 00:00:00"
    if isinstance(value, int | Decimal):
        return _number(sku, attribute, values[0], Decimal(value), sources)
    if isinstance(value, str):
        return value.strip() or None
    return None


def _number(
    sku: str, attribute: ProductAttribute, value: AttributeValue, number: Decimal,
    sources: AttributeSources,
) -> str:  # fmt: skip
    start, end = value.unit, attribute.unit
    if not end or not start or start.casefold() == end.casefold():
        return plain_number(f"{number:f}")
    factor = sources.factor(start, end)
    if factor is None:
        raise Unshowable(
            f"{sku}: F&O has no conversion from {start} to {end} for attribute {attribute.name}",
            remedy="Add the conversion in F&O (Organization administration > Units > Unit"
            " conversions), or correct the attribute's unit in connections.toml.",
        )
    exact = Fraction(number) * factor
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(FINEST)
    return plain_number(f"{rounded:f}")


def _barcode(sku: str, sources: AttributeSources) -> str | None:
    """The default one, else the only one."""
    default = [one for one in sources.barcodes if one.is_default]
    codes = {one.code for one in default or sources.barcodes if one.code}
    if len(codes) > 1:
        raise Unshowable(
            f"{sku}: F&O has {len(codes)} barcodes, and not one of them is the one to display",
            remedy="Set Default displayed barcode of one of them in F&O (Released products > Manage"
            " inventory > Bar codes).",
        )
    return next(iter(codes), None)


def _typed(sku: str, known: ShopAttribute, text: str) -> str:
    """As the shop's attribute takes it."""
    if known.is_number:
        text = plain_number(text)
    is_fit = {
        "boolean": text in ("0", "1"),
        "date": text.endswith(" 00:00:00"),
    }.get(known.kind, not known.is_number or _is_number(text))
    if not is_fit:
        raise Unshowable(
            f'{sku}: attribute {known.code} of the shop is a {known.kind}, and F&O has "{text}"',
            remedy="Map the attribute to one of the same kind in products.attributes.",
        )
    return text


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal()


def _no_option(sku: str, code: str, label: str) -> Unshowable:
    return Unshowable(
        f'{sku}: the attribute {code} of the shop has no option "{label}"',
        remedy="Add it in Commerce (Stores > Attributes > Product), or write options ="
        ' "create" in products of connections.toml.',
    )
