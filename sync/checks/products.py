"""Whether products can be published: what the settings name is there in both systems."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from sync.checks.codes import codes_of
from sync.checks.finding import Finding, Probe, fault, ok
from sync.config.connections import Connection
from sync.dynamics.on_hand import ORDER_SETTINGS
from sync.dynamics.product_attributes import BARCODE_FIELDS, BARCODES, VALUE_FIELDS, VALUES
from sync.dynamics.product_categories import (
    ASSIGNMENT_FIELDS,
    ASSIGNMENTS,
    CATEGORIES,
    CATEGORY_FIELDS,
)
from sync.dynamics.product_images import CONTENT, IMAGE_FIELDS, IMAGES
from sync.dynamics.released_products import (
    PRODUCT_FIELDS,
    QUANTITY_FIELDS,
    RELEASED,
    RELEASED_FIELDS,
    TRANSLATION_FIELDS,
    TRANSLATIONS,
    VARIANT_FIELDS,
    VARIANTS,
)
from sync.dynamics.released_products import PRODUCTS as SHARED
from sync.dynamics.unit_conversions import FACTORS, GENERAL, OF_PRODUCTS, PAIR

TAX_GROUPS: Final = ("TaxItemGroupHeadings", "TaxItemGroup")
STATES: Final = ("ProductLifecycleStates", "LifecycleStateId")


def product_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that publishing products reads."""
    products, found = settings.products, dict[str, tuple[str, ...]]()
    if "shared_catalogs" in settings.flows:
        found = {RELEASED: ("dataAreaId", *RELEASED_FIELDS)}
        if {*products.shared_catalog_categories} - {"*"}:
            found |= {CATEGORIES: CATEGORY_FIELDS, ASSIGNMENTS: ASSIGNMENT_FIELDS}
    if "products" not in settings.flows:
        return found
    found |= {
        RELEASED: ("dataAreaId", *RELEASED_FIELDS), VARIANTS: ("dataAreaId", *VARIANT_FIELDS),
        SHARED: PRODUCT_FIELDS, GENERAL: (*PAIR, *FACTORS),
        OF_PRODUCTS: ("ProductNumber", *PAIR, *FACTORS),
    }  # fmt: skip
    attributes = {VALUES: VALUE_FIELDS} if products.attributes else {}
    attributes |= {BARCODES: ("dataAreaId", *BARCODE_FIELDS)} if products.barcode else {}
    if products.images:
        attributes |= {IMAGES: (*IMAGE_FIELDS, CONTENT)}
    if products.categories:
        attributes |= {CATEGORIES: CATEGORY_FIELDS, ASSIGNMENTS: ASSIGNMENT_FIELDS}
    found |= attributes
    translated = {TRANSLATIONS: TRANSLATION_FIELDS} if products.languages else {}
    ordered = {ORDER_SETTINGS: ("dataAreaId", "ItemNumber", *QUANTITY_FIELDS)}
    return found | translated | (ordered if {"status", "quantities"} & {*products.fields} else {})


async def product_places_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every store view, attribute set and tax class that products name is in the shop."""
    products, shop = probe.settings.products, probe.commerce
    if "products" not in probe.settings.flows:
        return
    codes = {str(view.get("code")) for view in await shop.store_views()}
    for code in products.views:
        yield _found(f"store view {code}", "products.views", there=code in codes)
    if products.create:
        name = await shop.product_data.attribute_set(products.attribute_set)
        what = f"attribute set {products.attribute_set}"
        yield _found(what, "products.attribute_set", there=name is not None)
    for code in products.attribute_codes:
        known = await shop.product_data.attributes([code])
        yield _found(f"product attribute {code}", "products.attributes", there=code in known)
    if "tax_class" in products.fields:
        classes = await shop.product_data.tax_classes()
        for name in dict.fromkeys(products.tax_classes.values()):
            what = f"product tax class {name}"
            yield _found(what, "products.tax_classes", there=name.casefold() in classes)


def _found(what: str, setting: str, *, there: bool) -> Finding:
    if there:
        return ok(f"{what} is there")
    return fault(f"the shop has no {what}", f"Correct {setting} in connections.toml.")


async def shared_catalogs_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every shared catalog that products name is in the shop."""
    if "shared_catalogs" not in probe.settings.flows:
        return
    known = await probe.commerce.shared_catalogs.ids()
    for name in probe.settings.products.shared_catalogs:
        yield _found(f'shared catalog "{name}"', "products.shared_catalogs", there=name in known)


async def product_categories_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every category that products name is in its system."""
    products, flows = probe.settings.products, probe.settings.flows
    shared = {*products.shared_catalog_categories} if "shared_catalogs" in flows else set[str]()
    wanted = {**(products.categories if "products" in flows else {})}
    if not wanted and shared <= {"*"}:
        return
    names = await probe.dynamics.product_categories.names(products.category_hierarchy)
    rows = await probe.commerce.categories.all() if wanted else []
    there = {int(row["id"]) for row in rows}
    for record in dict.fromkeys([*wanted, *sorted(shared - {"*"})]):
        if record not in names:
            what = f"hierarchy {products.category_hierarchy} has no category of record id {record}"
            setting = "categories" if record in wanted else "shared_catalogs"
            yield fault(what, f"Run: map categories, and correct products.{setting}.")
        elif category := wanted.get(record):
            yield _found(f"category {category}", "products.categories", there=category in there)


async def product_codes_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every item sales tax group and lifecycle state that products name is in F&O."""
    if "products" not in probe.settings.flows:
        return
    products, company = probe.settings.products, probe.settings.legal_entity
    async for one in _codes(probe, TAX_GROUPS, products.tax_classes, company):
        yield one
    async for one in _codes(probe, STATES, products.lifecycle_states):
        yield one


async def _codes(
    probe: Probe, place: tuple[str, str], wanted: Iterable[str], company: str = ""
) -> AsyncIterator[Finding]:
    """An empty code is that of a product that has none."""
    codes = [one for one in wanted if one]
    known = await codes_of(probe, place, company) if codes else set()
    for code in codes:
        if code.casefold() in known:
            yield ok(f"{code} is there ({place[0]})")
        else:
            cure = "Correct products.tax_classes and products.lifecycle_states in connections.toml."
            yield fault(f"F&O has no {code} ({place[0]})", cure)
