"""What a shop shows of its products, and what of it is written.

What all store views show has the scope `all`; what one shows beside it is written and read in the
scope of its code. A write names the attributes that it changes and leaves all others as they are
(measured on 2.4.7). The SKU in a path counts, whatever its case; one that the shop does not know is
made, if enough is named.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, where
from sync.commerce.models.product_attribute import ShopAttribute, attribute_from
from sync.commerce.rest import RestClient
from sync.commerce.search import LARGEST_PAGE, Node, Search, Sort, of_skus, split
from sync.core.groups import in_groups

PRODUCTS: Final = "products"
TAX_CLASSES: Final = "taxClasses/search"
ATTRIBUTES: Final = "products/attributes"
ATTRIBUTE: Final[tuple[Node, ...]] = (
    "attribute_id", "attribute_code", "frontend_input", "backend_type",
    ("options", ("label", "value")),
)  # fmt: skip
ATTRIBUTE_SETS: Final = "products/attribute-sets"
OWN_COLUMNS: Final = frozenset(
    {
        "sku", "name", "attribute_set_id", "price", "status", "visibility", "type_id", "weight",
        "extension_attributes",
    }
)  # fmt: skip
"""What REST does not keep among the custom attributes."""
SIDE_BY_SIDE: Final = 40
"""Stock items that are asked for at once; the shop's pace lets fewer through."""
FIELDS: Final[tuple[Node, ...]] = (
    "id", "sku", "type_id", "name", "status", "weight",
    ("extension_attributes", (
        "configurable_product_links",
        ("configurable_product_options", ("attribute_id",)),
    )),
    ("media_gallery_entries", ("id", "file")),
    ("custom_attributes", ("attribute_code", "value")),
)  # fmt: skip


class ProductData:
    """The products of one shop. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._kinds: dict[str, ShopAttribute] = {}

    async def shown(
        self, scope: str, skus: Iterable[str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """`FIELDS` of all products in a scope, the attributes among them; of these SKUs where they
        are named."""
        client = self._client.scoped(scope)
        base = Search(sorts=(Sort("entity_id"),), page_size=LARGEST_PAGE, fields=FIELDS)
        for search in [base] if skus is None else of_skus(base, skus):
            async for page in client.pages(PRODUCTS, search, key="sku"):
                for row in page.items:
                    yield flat(row)

    async def create(self, product: Mapping[str, Any], *, not_after: datetime) -> None:
        """Make a product of these values; attributes among them, as `flat` has them."""
        await self._client.scoped("all").post(PRODUCTS, body_of(product), not_after=not_after)

    async def change(
        self, scope: str, sku: str, values: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Make a product show these values in a scope. Repeating it changes nothing."""
        path = path_of(PRODUCTS, sku)
        await self._client.scoped(scope).put(path, body_of(values), not_after=not_after)

    async def ids(self, skus: Sequence[str]) -> dict[str, int]:
        """The ids of products, by SKU as the shop spells it."""
        base = Search(sorts=(Sort("entity_id"),), page_size=LARGEST_PAGE, fields=("id", "sku"))
        found: dict[str, int] = {}
        for search in of_skus(base, skus):
            rows = await self._client.scoped("all").rows(PRODUCTS, search, key="sku")
            found |= {str(row["sku"]): int(row["id"]) for row in rows}
        return found

    async def add_image(self, sku: str, entry: Mapping[str, Any], *, not_after: datetime) -> None:
        """Add an image; the shop has it twice where it is added twice."""
        path, client = path_of(PRODUCTS, sku, "media"), self._client.scoped("all")
        await client.post(path, {"entry": dict(entry)}, not_after=not_after)

    async def remove_image(self, sku: str, number: int, *, not_after: datetime) -> None:
        """Remove an image."""
        path = path_of(PRODUCTS, sku, "media", number)
        await self._client.scoped("all").delete(path, not_after=not_after)

    async def stock_items(self, skus: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The stock items, by SKU as given, side by side; those of unknown products are left
        out."""
        found: dict[str, dict[str, Any]] = {}
        for part in in_groups(skus, SIDE_BY_SIDE):
            items = await asyncio.gather(*(self._stock_item(sku) for sku in part))
            found |= {sku: item for sku, item in zip(part, items, strict=True) if item}
        return found

    async def _stock_item(self, sku: str) -> dict[str, Any]:
        try:
            found = await self._client.scoped("all").get(path_of("stockItems", sku))
        except NotThere:
            return {}
        return found if isinstance(found, dict) else {}

    async def change_stock_item(
        self, sku: str, values: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Make the stock item hold these values; others, the quantity among them, stay."""
        path, client = path_of(PRODUCTS, sku, "stockItems", 1), self._client.scoped("all")
        await client.put(path, {"stockItem": dict(values)}, not_after=not_after)

    async def tax_classes(self) -> dict[str, str]:
        """The ids of product tax classes, by name without case."""
        search = Search(page_size=LARGEST_PAGE).having(where("class_type", Op.EQ, "PRODUCT"))
        rows = await self._client.rows(TAX_CLASSES, search, key="class_id")
        return {str(row["class_name"]).casefold(): str(row["class_id"]) for row in rows}

    async def attributes(self, codes: Sequence[str]) -> dict[str, ShopAttribute]:
        """The attributes of these codes, by code; unknown ones are left out."""
        if not codes:
            return {}
        base = Search(sorts=(Sort("attribute_code"),), page_size=LARGEST_PAGE, fields=ATTRIBUTE)
        rows = [
            row
            for search in split(base, "attribute_code", codes)
            for row in await self._client.scoped("all").rows(ATTRIBUTES, search, key="attribute_id")
        ]
        found = {str(row["attribute_code"]): attribute_from(row) for row in rows}
        self._kinds |= found
        return found

    async def kinds(self, codes: Sequence[str]) -> dict[str, ShopAttribute]:
        """As `attributes`, as they were seen last; their options may be others by now."""
        unseen = [code for code in codes if code not in self._kinds]
        await self.attributes(unseen)
        return {code: self._kinds[code] for code in codes if code in self._kinds}

    async def add_option(self, code: str, label: str, *, not_after: datetime) -> None:
        """Add an option to a select attribute. Two at a time would make two of one label: one
        process does it."""
        path = path_of(*ATTRIBUTES.split("/"), code, "options")
        await self._client.scoped("all").post(
            path, {"option": {"label": label}}, not_after=not_after
        )

    async def attribute_set(self, number: int) -> str | None:
        """The name of an attribute set; None where the shop has none of this id."""
        try:
            found = await self._client.get(path_of(*ATTRIBUTE_SETS.split("/"), number))
        except NotThere:
            return None
        return str(found.get("attribute_set_name") or "")


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A product as REST answers it, its custom attributes beside everything else."""
    found = {name: value for name, value in row.items() if name != "custom_attributes"}
    for attribute in row.get("custom_attributes") or []:
        found.setdefault(str(attribute.get("attribute_code")), attribute.get("value"))
    return found


def body_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """A product as REST takes it: the opposite of `flat`."""
    product = {name: value for name, value in values.items() if name in OWN_COLUMNS}
    attributes = [
        {"attribute_code": name, "value": value}
        for name, value in values.items()
        if name not in OWN_COLUMNS
    ]
    return {"product": {**product, **({"custom_attributes": attributes} if attributes else {})}}


def url_key(name: str, sku: str) -> str:
    """The part of a product's address that no other product has: two of one name would be refused
    for it."""
    letters = [one if one.isascii() and one.isalnum() else "-" for one in f"{name} {sku}".lower()]
    return "-".join(part for part in "".join(letters).split("-") if part)
