"""What matching compares, read from both systems page by page. `on_page` is called for every
record."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from sync.commerce.client import CommerceClient
from sync.commerce.filters import Op, of_any, where
from sync.commerce.models.item import Item
from sync.commerce.search import Direction, Search, Sort
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics.client import DynamicsClient
from sync.dynamics.odata import Filter
from sync.flows.keys import whole_in
from sync.mapping.custom_options import longer_skus
from sync.mapping.whose import elsewhere
from sync.mapping_tables.customer_matching import Account, Shopper
from sync.mapping_tables.matching import Product, ReleasedItem

OnPage = Callable[[], None]
Barcodes = defaultdict[str, list[str]]

DYNAMIC: Final = "0"
"""The `price_type` of bundles that cost what their parts cost: orders ship the parts."""

ATTRIBUTES: Final = ("custom_attributes", ("attribute_code", "value"))

RECENT: Final = timedelta(days=90)
MOST_ORDERS: Final = 2000

_DIMENSIONS = (
    "ProductColorId",
    "ProductSizeId",
    "ProductStyleId",
    "ProductConfigurationId",
    "ProductVersionId",
)


async def products(
    client: CommerceClient, barcode_attribute: str, on_page: OnPage
) -> AsyncIterator[Product]:
    """Every product of the shop."""
    search = Search(
        sorts=(Sort("entity_id"),), page_size=client.settings.page_size,
        fields=("id", "sku", "name", "type_id", ATTRIBUTES),
    )  # fmt: skip
    async for page in client.pages("products", search, key="id"):
        for row in page.items:
            on_page()
            yield _product(row, _attribute(row, barcode_attribute))


def _product(row: Mapping[str, Any], barcode: str) -> Product:
    kind = str(row.get("type_id") or "simple")
    is_dynamic = kind == "bundle" and _attribute(row, "price_type") == DYNAMIC
    sku, name = str(row.get("sku") or ""), str(row.get("name") or "")
    return Product(sku, kind, name, barcode, is_dynamic, whole_in(row.get("id")) or 0)


async def ordered_with_options(
    client: CommerceClient, connection: Connection, on_page: OnPage
) -> dict[str, int]:
    """The skus that custom options made longer in recent orders, each with its product's id: of
    the newest orders of 90 days, at most `MOST_ORDERS`."""
    stores = [] if "default" in connection.stores else list(connection.stores)
    search = Search(
        tuple((one,) for one in of_any("store_id", stores)),
        (Sort("entity_id", Direction.DESC),), client.settings.page_size,
        fields=("entity_id", ("items", ("sku", "product_id", "product_type", "product_option"))),
    ).having(where("created_at", Op.GTEQ, await client.settled() - RECENT))  # fmt: skip
    found: dict[str, int] = {}
    read = 0
    async for page in client.pages("orders", search):
        for row in page.items:
            on_page()
            found |= longer_skus(_readable(row.get("items")))
        if (read := read + len(page.items)) >= MOST_ORDERS:
            break
    return found


def _readable(items: Sequence[Mapping[str, Any]] | None) -> Iterator[Item]:
    """The rows of an order; one that cannot be read parks its order, and nothing else."""
    for item in items or ():
        with suppress(ValidationError):
            yield Item.model_validate(item)


async def shoppers(
    client: CommerceClient, connection: Connection, websites: frozenset[int] | None, on_page: OnPage
) -> AsyncIterator[Shopper]:
    """Every registered customer of the connection's websites (None: of all) and stores."""
    code = connection.customers.customer_number_attribute
    search = Search(
        tuple((one,) for one in of_any("website_id", websites)), (Sort("entity_id"),),
        client.settings.page_size, fields=("id", "email", "store_id", "website_id", ATTRIBUTES),
    )  # fmt: skip
    async for page in client.pages("customers/search", search, key="id"):
        for row in page.items:
            on_page()
            store, website = whole_in(row.get("store_id")), whole_in(row.get("website_id"))
            if not elsewhere(store, website, connection, websites):
                yield Shopper(str(row["id"]), str(row.get("email") or ""), _attribute(row, code))


def _attribute(row: Mapping[str, Any], code: str) -> str:
    """A custom attribute as text; empty where it is absent or no single value."""
    for attribute in (row.get("custom_attributes") or []) if code else ():
        value = attribute.get("value")
        if attribute.get("attribute_code") == code and isinstance(value, str | int):
            return str(value)
    return ""


async def accounts(client: DynamicsClient, company: str, on_page: OnPage) -> AsyncIterator[Account]:
    """Every customer account of the legal entity."""
    rows = client.query(
        "CustomersV3", where=Filter.eq("dataAreaId", company),
        select=("CustomerAccount", "PrimaryContactEmail"),
        order_by=("dataAreaId", "CustomerAccount"),
    )  # fmt: skip
    async for row in rows:
        on_page()
        yield Account(str(row["CustomerAccount"]), str(row.get("PrimaryContactEmail") or ""))


async def released_items(
    client: DynamicsClient, company: str, on_page: OnPage
) -> list[ReleasedItem]:
    """Every released product of the legal entity, and every variant, with their barcodes where
    there are any."""
    barcodes, found = await _barcodes(client, company), []
    for entity_set, select, order_by, released in RELEASED:
        async for row in client.query(
            entity_set, where=Filter.eq("dataAreaId", company), select=select, order_by=order_by
        ):
            on_page()
            found.append(released(row, barcodes))
    return found


def _released_product(row: Mapping[str, Any], barcodes: Barcodes) -> ReleasedItem:
    return ReleasedItem(
        str(row["ItemNumber"]), search_name=str(row.get("ProductSearchName") or ""),
        is_master=row.get("ProductSubType") == "ProductMaster",
        barcodes=tuple(barcodes[str(row.get("ProductNumber") or row["ItemNumber"])]),
    )  # fmt: skip


def _released_variant(row: Mapping[str, Any], barcodes: Barcodes) -> ReleasedItem:
    number = str(row.get("ProductVariantNumber") or "")
    color, size, style, configuration, version = (str(row.get(name) or "") for name in _DIMENSIONS)
    return ReleasedItem(
        str(row["ItemNumber"]), number, color, size, style, configuration, version,
        search_name=str(row.get("ProductSearchName") or ""), barcodes=tuple(barcodes[number]),
    )  # fmt: skip


RELEASED: Final = (
    (
        "ReleasedProductsV2",
        ("ItemNumber", "ProductNumber", "ProductSearchName", "ProductSubType"),
        ("dataAreaId", "ItemNumber"), _released_product,
    ),
    (
        "ReleasedProductVariantsV2",
        ("ItemNumber", "ProductVariantNumber", "ProductSearchName", *_DIMENSIONS),
        ("dataAreaId", "ProductMasterNumber", *_DIMENSIONS), _released_variant,
    ),
)  # fmt: skip
"""What is released: entity set, its fields, their order, and how a row is read."""


async def _barcodes(client: DynamicsClient, company: str) -> Barcodes:
    """Barcodes by product number; none where the environment does not publish them."""
    found = Barcodes(list)
    try:
        rows = client.query(
            "ProductNumberIdentifiedBarcodes", where=Filter.eq("dataAreaId", company),
            select=("ProductNumber", "Barcode"),
            order_by=("dataAreaId", "ProductNumber", "Barcode"),
        )  # fmt: skip
        async for row in rows:
            found[str(row["ProductNumber"])].append(str(row["Barcode"]))
    except Never:  # no such entity set, or no right to it: the other rules do without
        return Barcodes(list)
    return found
