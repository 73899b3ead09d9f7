"""What is sent for a row of the product publication."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from sync.commerce.product_data import PRODUCTS, body_of, url_key
from sync.core.errors import Never
from sync.core.request import Request
from sync.dynamics.documents.product_image import ProductImage
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.configurable_links import LINKS
from sync.flows.catalogue.product_rows import ShownProduct
from sync.mapping.configurables import CHILDREN, VARIANTS
from sync.mapping.product_images import IMAGES, entry_of
from sync.mapping.products import ALL, CATEGORIES, DISABLED, STOCK_ITEM, withdrawn
from sync.mapping.shown_products import Content, stock_item_of

NOT_ALONE: Final = 1
"""Visibility of what shoppers find in another product alone."""
REMEDY: Final = (
    "Look at the product in Commerce, and what else writes it (an import, an extension); then run:"
    " touch the sku again."
)


class Unlike(Never):
    """The shop cannot show one row; it can show all others."""


def wanted_of(row: Shown, systems: Systems) -> Content:
    """What is to be shown of a row; one that is not released any more is withdrawn."""
    return withdrawn(systems.settings.products) if row.content is None else row.content


def requests_of(row: Shown, systems: Systems) -> Sequence[Request]:
    """All that could be sent for a row; only what differs is. Variants stand there by SKU, and are
    sent by id; images stand there by name, and are sent with their content."""
    found = []
    if isinstance(row, ShownProduct) and row.is_new:
        found.append(Request("POST", f"/all/V1/{PRODUCTS}", body_of(first_values(row, systems))))
    for scope, values in wanted_of(row, systems).items():
        path = f"V1/{PRODUCTS}/{row.key}"
        if scope == STOCK_ITEM:
            body = {"stockItem": stock_item_of(values)}
            found.append(Request("PUT", f"/all/{path}/stockItems/1", body))
        elif scope == IMAGES:
            found.append(Request("POST", f"/all/{path}/media", dict(values)))
        elif scope == CATEGORIES:
            found += [_moved(row.key, category, is_in) for category, is_in in values.items()]
        elif scope == VARIANTS:
            body = body_of({"extension_attributes": {LINKS: values[CHILDREN]}})
            found.append(Request("PUT", f"/all/{path}", body))
        else:
            found.append(Request("PUT", f"/{scope}/{path}", body_of(values)))
    return found


async def image_entry(row: Shown, image: ProductImage, systems: Systems) -> dict[str, Any]:
    """An image with its content, as the shop takes it. Raises `Unlike` for one that is too
    large, or gone meanwhile."""
    company, settings = systems.settings.legal_entity, systems.settings.products
    content = await systems.dynamics.product_images.content(company, image)
    kilobytes = len(content) * 3 // 4000
    if not content or kilobytes > settings.largest_image_kilobytes:
        what = f"{kilobytes} kB" if content else "no content"
        raise Unlike(
            f'{row.key}: image "{image.description}" of item {image.item} has {what}',
            remedy="Attach a smaller one in F&O, or raise products.largest_image_kilobytes as far"
            " as the web server before the shop allows.",
        )
    label = row.name if isinstance(row, ShownProduct) else row.key
    return entry_of(image, content, label)


def _moved(sku: str, category: str, is_in: int) -> Request:
    path = f"/all/V1/categories/{category}/products"
    if not is_in:
        return Request("DELETE", f"{path}/{sku}", None)
    return Request("PUT", path, {"productLink": {"sku": sku, "category_id": category}})


def first_values(row: Shown, systems: Systems) -> dict[str, Any]:
    """A new product: disabled and without a price, until it has one."""
    if not isinstance(row, ShownProduct) or not row.is_new:
        raise Unlike(f"{row.key}: the shop does not have it any more", remedy=REMEDY)
    settings = systems.settings.products
    first = {
        "sku": row.key, "name": row.name, "type_id": row.kind, "price": Decimal(0),
        "attribute_set_id": settings.attribute_set,
        "visibility": NOT_ALONE if row.is_part else settings.visibility,
        "url_key": url_key(row.name, row.key),
    }  # fmt: skip
    if row.websites:
        first["extension_attributes"] = {"website_ids": list(row.websites)}
    known = {name: value for name, value in row.content.get(ALL, {}).items() if value is not None}
    return {**first, **known, "status": DISABLED}
