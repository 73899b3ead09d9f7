"""Products of F&O as a shop shows them: of each, the fields that F&O owns.

The content of a row has a part for all store views, one for each store view that has fields of its
own, and one for the stock item. Values are as the shop answers them, so that both compare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sync.config.connections.products import Products, ProductView
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.documents.product_image import ProductImage
from sync.dynamics.documents.released_product import (
    OrderSettings,
    ReleasedProduct,
    Texts,
    TextsByLanguage,
    Variant,
)
from sync.mapping.configurables import VARIANTS, Child, variants_to_show
from sync.mapping.product_attributes import NO_ATTRIBUTES, AttributeSources, attributes_to_show
from sync.mapping.product_images import IMAGES, images_to_show
from sync.mapping.product_tax import tax_class_of
from sync.mapping.product_texts import fields_of
from sync.mapping.unshowable import Unshowable

ALL: Final = "all"
STOCK_ITEM: Final = "stock item"
CATEGORIES: Final = "in categories"
"""No store view's code has a space."""
ENABLED, DISABLED = 1, 2
MINIMUM, MAXIMUM, MULTIPLE = "min_sale_qty", "max_sale_qty", "qty_increments"
FINEST: Final = Decimal("0.000001")
"""A weight is kept with six decimals (measured)."""


@dataclass(frozen=True)
class Described:
    """A product, and what is known of it. `variant`: where it is one. `pieces`: of the shop in one
    inventory unit, or why nobody knows. `has_price`: in the shop. `attributes`: what its attributes
    show. `categories`: record ids of those it is assigned to. `children`: of a configurable
    product; None for any other. `images`: where F&O owns them."""

    sku: str
    released: ReleasedProduct
    variant: Variant | None
    texts: TextsByLanguage
    orders: OrderSettings
    pieces: Fraction | Never
    day: date
    has_price: bool
    attributes: AttributeSources = NO_ATTRIBUTES
    categories: frozenset[str] = frozenset()
    children: Sequence[Child] | None = None
    images: Sequence[ProductImage] = ()


def product_to_show(
    known: Described, settings: Products, tax_classes: Mapping[str, str]
) -> dict[str, Any] | Never:
    """The content, or why it cannot be known. `tax_classes`: ids by name without case. What must
    not be sold is disabled whatever else cannot be known of it."""
    disabled = "status" in settings.fields and why_not_sold(known, settings)
    try:
        return _content(known, settings, tax_classes)
    except Unshowable as error:
        return withdrawn(settings) if disabled else error.fault


def withdrawn(settings: Products) -> dict[str, Any]:
    """What is shown of a product that F&O does not release any more: it is disabled, where F&O
    owns the status."""
    if "status" not in settings.fields:
        return {}
    return {scope: {"status": DISABLED} for scope in (ALL, *settings.views)}


def name_of(known: Described, settings: Products) -> str:
    """What a new product is named, also where F&O does not own names; its SKU where it has none."""
    texts = _texts_in(known, settings.language) or _first_named(known, "")
    return " ".join(texts.name.split()) if texts else known.sku


def why_not_sold(known: Described, settings: Products) -> str:
    """Why F&O does not let it be sold on this day; empty where it does."""
    product, states = known.released, {one.casefold() for one in settings.lifecycle_states}
    lifecycle = (known.variant.lifecycle if known.variant else "") or product.lifecycle
    if known.orders.is_stopped:
        return "it is stopped for sales in its default order settings"
    if states and lifecycle.casefold() not in states:
        return f'its lifecycle state "{lifecycle}" is not in products.lifecycle_states'
    if product.sells_from and known.day < product.sells_from:
        return f"it is sold from {product.sells_from}"
    if product.sells_until and known.day > product.sells_until:
        return f"it was sold until {product.sells_until}"
    return ""


def origin_of(known: Described, settings: Products) -> str:
    """The rows of F&O that it is made of, and why it is not enabled, for people."""
    item = f"item {known.released.item}"
    named = f"{item}, variant {known.variant.product}" if known.variant else item
    if "status" not in settings.fields:
        return named
    if why := why_not_sold(known, settings):
        return f"{named}; disabled: {why}"
    return named if known.has_price else f"{named}; not enabled: it has no price in the shop"


def _content(
    known: Described, settings: Products, tax_classes: Mapping[str, str]
) -> dict[str, Any]:
    fields, status = settings.fields, _status(known, settings)
    whole = _texts(known, settings.language, fields)
    if "weight" in fields and known.children is None:
        whole["weight"] = _weight(known, settings)
    if "tax_class" in fields:
        whole["tax_class_id"] = tax_class_of(known.sku, known.released, settings, tax_classes)
    whole |= attributes_to_show(known.sku, known.attributes, settings)
    found: dict[str, dict[str, Any]] = {}
    if known.children is not None:
        found[VARIANTS] = variants_to_show(known.sku, known.children) or {}
    found[ALL] = {**whole, **status}
    for code, view in settings.views.items():
        found[code] = {**_view_texts(known, settings, view), **status}
    if settings.images and known.variant is None:
        found[IMAGES] = images_to_show(known.sku, known.images)
    found[CATEGORIES] = _categories(known, settings)
    if "quantities" in fields and known.children is None:
        found[STOCK_ITEM] = _quantities(known)
    return {scope: values for scope, values in found.items() if values}


def _status(known: Described, settings: Products) -> dict[str, int]:
    """A product without a price is not enabled: what status it has is left alone."""
    if "status" not in settings.fields:
        return {}
    if why_not_sold(known, settings):
        return {"status": DISABLED}
    return {"status": ENABLED} if known.has_price else {}


def _view_texts(known: Described, settings: Products, view: ProductView) -> dict[str, str]:
    """Where there is no translation, what all store views show."""
    texts = _texts_in(known, view.language) or _texts_in(known, settings.language)
    return fields_of(texts or _own_texts(known), view.fields)


def _texts(known: Described, language: str, fields: tuple[str, ...]) -> dict[str, Any]:
    if not {"name", "description"} & {*fields}:
        return {}
    return fields_of(_texts_in(known, language) or _own_texts(known), fields)


def _texts_in(known: Described, language: str) -> Texts | None:
    """A variant's, or the master's, in one language."""
    if not language:
        return None
    return _first_named(known, language.casefold())


def _first_named(known: Described, language: str) -> Texts | None:
    there = (known.texts.get((number, language)) for number in _numbers(known))
    return next((texts for texts in there if texts is not None and texts.name), None)


def _own_texts(known: Described) -> Texts:
    found = _first_named(known, "")
    if found is None:
        raise Unshowable(
            f"{known.sku}: product {known.released.product} has no name in F&O",
            remedy="Enter a product name in F&O (Product information management > Products).",
        )
    return found


def _numbers(known: Described) -> tuple[str, ...]:
    own = (known.variant.product.casefold(),) if known.variant else ()
    return (*own, known.released.product.casefold())


def _weight(known: Described, settings: Products) -> Decimal:
    """Of one piece, in the shop's unit."""
    product = known.released
    own = product.net_weight + (product.tare_weight if settings.weight == "gross" else ZERO)
    if not own or known.released.is_service:
        return ZERO
    exact = Fraction(own) * Fraction(settings.weight_factor) / _pieces(known)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(FINEST)


def _pieces(known: Described) -> Fraction:
    if isinstance(known.pieces, Never):
        raise Unshowable(known.pieces.reason, remedy=known.pieces.remedy)
    return known.pieces


def _categories(known: Described, settings: Products) -> dict[str, int]:
    """Whether it is in each category that F&O owns, by the shop's id. A variant that shoppers find
    in its master is in none."""
    is_part = known.variant is not None and settings.configurables
    found = {str(category): 0 for category in settings.categories.values()}
    for record, category in settings.categories.items():
        if record in known.categories and not is_part:
            found[str(category)] = 1
    return found


def _quantities(known: Described) -> dict[str, Decimal]:
    """Of one order, in pieces; zero for no limit."""
    wanted = {
        MINIMUM: known.orders.minimum, MAXIMUM: known.orders.maximum,
        MULTIPLE: known.orders.multiple,
    }  # fmt: skip
    return {name: _in_pieces(known, name, quantity) for name, quantity in wanted.items()}


def _in_pieces(known: Described, name: str, quantity: Decimal) -> Decimal:
    if quantity <= 0:
        return ZERO
    pieces = Fraction(quantity) * _pieces(known)
    if pieces.denominator != 1:
        raise Unshowable(
            f"{known.sku}: {quantity:f} {known.released.inventory_unit} of item"
            f" {known.released.item} are no whole pieces of the shop ({name})",
            remedy="Correct the sales quantities in F&O (Default order settings of the"
            " product), or the unit and factor of the item's row: map items.",
        )
    return Decimal(pieces.numerator)
