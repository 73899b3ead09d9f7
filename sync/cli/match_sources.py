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

DYNAMIC: Final = "0"
"""The `price_type` of bundles that cost what their parts cost: orders ship the parts."""

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
        fields=("id", "sku", "name", "type_id", ("custom_attributes", ("attribute_code", "value"))),
    )  # fmt: skip
    async for page in client.pages("products", search, key="id"):
        for row in page.items:
            on_page()
            yield Product(
                str(row.get("sku") or ""), str(row.get("type_id") or "simple"),
                str(row.get("name") or ""),
                _attribute(row, barcode_attribute),
                row.get("type_id") == "bundle" and _attribute(row, "price_type") == DYNAMIC,
                whole_in(row.get("id")) or 0,
            )  # fmt: skip


async def ordered_with_options(
    client: CommerceClient, connection: Connection, on_page: OnPage
) -> dict[str, int]:
    """The skus that custom options made longer in recent orders, each with its product's id: of
    the newest orders of 90 days, at most `MOST_ORDERS`."""
    since = await client.settled() - RECENT
    stores = [] if "default" in connection.stores else list(connection.stores)
    search = Search(
        ((where("created_at", Op.GTEQ, since),), *((one,) for one in of_any("store_id", stores))),
        (Sort("entity_id", Direction.DESC),),
        client.settings.page_size,
        fields=("entity_id", ("items", ("sku", "product_id", "product_type", "product_option"))),
    )
    found: dict[str, int] = {}
    read = 0
    async for page in client.pages("orders", search):
        for row in page.items:
            on_page()
            found |= longer_skus(_readable(row.get("items")))
        read += len(page.items)
        if read >= MOST_ORDERS:
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
    number_attribute = connection.customers.customer_number_attribute
    search = Search(
        tuple((one,) for one in of_any("website_id", websites)),
        (Sort("entity_id"),),
        client.settings.page_size,
        fields=(
            "id",
            "email",
            "store_id",
            "website_id",
            ("custom_attributes", ("attribute_code", "value")),
        ),
    )
    async for page in client.pages("customers/search", search, key="id"):
        for row in page.items:
            on_page()
            if elsewhere(
                whole_in(row.get("store_id")), whole_in(row.get("website_id")), connection, websites
            ):
                continue
            yield Shopper(
                str(row["id"]), str(row.get("email") or ""), _attribute(row, number_attribute)
            )


def _attribute(row: Mapping[str, Any], code: str) -> str:
    """A custom attribute as text; empty where it is absent or no single value."""
    for attribute in row.get("custom_attributes") or []:
        if (
            code
            and attribute.get("attribute_code") == code
            and isinstance(attribute.get("value"), str | int)
        ):
            return str(attribute["value"])
    return ""


async def accounts(client: DynamicsClient, company: str, on_page: OnPage) -> AsyncIterator[Account]:
    """Every customer account of the legal entity."""
    select = ("CustomerAccount", "PrimaryContactEmail")
    where = Filter.eq("dataAreaId", company)
    async for row in client.query(
        "CustomersV3", where=where, select=select, order_by=("dataAreaId", "CustomerAccount")
    ):
        on_page()
        yield Account(str(row["CustomerAccount"]), str(row.get("PrimaryContactEmail") or ""))


async def released_items(
    client: DynamicsClient, company: str, on_page: OnPage
) -> list[ReleasedItem]:
    """Every released product of the legal entity, and every variant, with their barcodes where
    there are any."""
    where, barcodes = Filter.eq("dataAreaId", company), await _barcodes(client, company)
    found = []
    select = ("ItemNumber", "ProductNumber", "ProductSearchName", "ProductSubType")
    async for row in client.query(
        "ReleasedProductsV2", where=where, select=select, order_by=("dataAreaId", "ItemNumber")
    ):
        on_page()
        found.append(
            ReleasedItem(
                str(row["ItemNumber"]), search_name=str(row.get("ProductSearchName") or ""),
                is_master=row.get("ProductSubType") == "ProductMaster",
                barcodes=tuple(barcodes[str(row.get("ProductNumber") or row["ItemNumber"])]),
            )
        )  # fmt: skip
    async for row in client.query(
        "ReleasedProductVariantsV2", where=where,
        select=("ItemNumber", "ProductVariantNumber", "ProductSearchName", *_DIMENSIONS),
        order_by=("dataAreaId", "ProductMasterNumber", *_DIMENSIONS),
    ):  # fmt: skip
        on_page()
        color, size, style, configuration, version = (
            str(row.get(name) or "") for name in _DIMENSIONS
        )
        number = str(row.get("ProductVariantNumber") or "")
        found.append(
            ReleasedItem(
                str(row["ItemNumber"]), number, color, size, style, configuration, version,
                search_name=str(row.get("ProductSearchName") or ""),
                barcodes=tuple(barcodes[number]),
            )
        )  # fmt: skip
    return found


async def _barcodes(client: DynamicsClient, company: str) -> defaultdict[str, list[str]]:
    """Barcodes by product number; none where the environment does not publish them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    try:
        rows = client.query(
            "ProductNumberIdentifiedBarcodes", where=Filter.eq("dataAreaId", company),
            select=("ProductNumber", "Barcode"),
            order_by=("dataAreaId", "ProductNumber", "Barcode"),
        )  # fmt: skip
        async for row in rows:
            found[str(row["ProductNumber"])].append(str(row["Barcode"]))
    except Never:  # no such entity set, or no right to it: the other rules do without
        return defaultdict(list)
    return found
