"""Released products of a legal entity, with texts and order settings, as F&O's entities answer.

Texts are of the shared product: its own, and translations by language. None of these sets has a
time of change, so they are read whole. Cost and margin are not read.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final

from sync.core.groups import in_groups
from sync.dynamics.answers import Record
from sync.dynamics.documents.released_product import (
    OrderSettings,
    ReleasedProduct,
    Texts,
    TextsByLanguage,
    Variant,
)
from sync.dynamics.field_values import amount_of, day_of, text_of
from sync.dynamics.free_quantities import DIMENSIONS, product_key
from sync.dynamics.odata import Filter
from sync.dynamics.on_hand import MOST_TERMS, ORDER_SETTINGS
from sync.dynamics.reader import ODataReader

RELEASED: Final = "ReleasedProductsV2"
RELEASED_FIELDS: Final = (
    "ItemNumber", "ProductNumber", "ProductType", "ProductSubType", "ProductGroupId",
    "ProductLifecycleStateId", "SalesSalesTaxItemGroupCode", "NetProductWeight",
    "TareProductWeight", "InventoryUnitSymbol", "SalesUnitSymbol", "SellStartDate", "SellEndDate",
)  # fmt: skip
ALTERNATIVE_FIELDS: Final = ("ItemNumber", "AlternativeItemNumber")
VARIANTS: Final = "ReleasedProductVariantsV2"
VARIANT_FIELDS: Final = (
    "ItemNumber", *DIMENSIONS, "ProductVariantNumber", "ProductLifecycleStateId",
)  # fmt: skip
PRODUCTS: Final = "ProductsV2"
PRODUCT_FIELDS: Final = ("ProductNumber", "ProductName", "ProductDescription")
TRANSLATIONS: Final = "ProductTranslations"
TRANSLATION_FIELDS: Final = ("ProductNumber", "LanguageId", "ProductName", "Description")
QUANTITY_FIELDS: Final = (
    "ItemNumber", "MinimumSalesOrderQuantity", "MaximumSalesOrderQuantity",
    "SalesQuantityMultiples", "IsSalesProcessingStopped",
)  # fmt: skip
KEY: Final = frozenset({"ProductNumber", "LanguageId"})
NEVER_ENDS: Final = 2154


class ReleasedProducts:
    """The products of one environment. Raises as the client does. `item`: only this one."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def released(self, company: str, item: str = "") -> Mapping[str, ReleasedProduct]:
        """By item number without case."""
        rows = self._client.query(
            RELEASED, where=_of(company, item), select=RELEASED_FIELDS, order_by=("ItemNumber",)
        )
        return {str(row["ItemNumber"]).casefold(): _released(row) async for row in rows}

    async def alternatives(self, company: str, items: Collection[str]) -> Mapping[str, str]:
        """Item number -> the item that F&O sends instead of it; those without one are left out.
        Without case."""
        rows = await self._client.find_by(
            RELEASED, "ItemNumber", *items, company=company, select=ALTERNATIVE_FIELDS
        )
        named = (
            (text_of(row, "ItemNumber"), text_of(row, "AlternativeItemNumber")) for row in rows
        )
        return {item.casefold(): other.casefold() for item, other in named if other}

    async def variants(self, company: str, item: str = "") -> Mapping[str, Variant]:
        """By item number and dimensions."""
        key = ("ItemNumber", *DIMENSIONS)
        rows = self._client.query(
            VARIANTS, where=_of(company, item), select=VARIANT_FIELDS, order_by=key
        )
        return {
            product_key(row.get(name) for name in key): Variant(
                text_of(row, "ProductVariantNumber"), text_of(row, "ProductLifecycleStateId")
            )
            async for row in rows
        }

    async def texts(
        self, products: Collection[str], languages: Collection[str], *, is_few: bool = False
    ) -> TextsByLanguage:
        """The texts of these products, their own and those in these languages (without case).
        `is_few`: they are asked for by number; otherwise all are read."""
        wanted = {one.casefold() for one in products}
        found: dict[tuple[str, str], Texts] = {}
        async for row in self._texts(PRODUCTS, PRODUCT_FIELDS, products, is_few=is_few):
            if (number := text_of(row, "ProductNumber").casefold()) in wanted:
                description = text_of(row, "ProductDescription")
                found[number, ""] = Texts(text_of(row, "ProductName"), description)
        if not languages:
            return found
        async for row in self._texts(TRANSLATIONS, TRANSLATION_FIELDS, products, is_few=is_few):
            number, language = (text_of(row, name).casefold() for name in TRANSLATION_FIELDS[:2])
            if number in wanted and language in languages:
                texts = Texts(text_of(row, "ProductName"), text_of(row, "Description"))
                found[number, language] = texts
        return found

    async def _texts(
        self, entity_set: str, fields: Sequence[str], products: Collection[str], *, is_few: bool
    ) -> AsyncIterator[Record]:
        """Rows of the shared products, by as few requests as name some of them each."""
        numbers, key = [*products], [name for name in fields if name in KEY]
        parts = in_groups(numbers, MOST_TERMS)
        wheres = [Filter.any_of("ProductNumber", part) for part in parts] if is_few else [None]
        for where in wheres if numbers else ():
            async for row in self._client.query(
                entity_set, where=where, select=fields, order_by=key
            ):
                yield row

    async def order_settings(self, company: str, item: str = "") -> Mapping[str, OrderSettings]:
        """By item number without case."""
        rows = self._client.query(
            ORDER_SETTINGS, where=_of(company, item), select=QUANTITY_FIELDS,
            order_by=("ItemNumber",),
        )  # fmt: skip
        return {str(row["ItemNumber"]).casefold(): _order_settings(row) async for row in rows}


def _of(company: str, item: str) -> Filter:
    condition = Filter.eq("dataAreaId", company)
    return condition & Filter.eq("ItemNumber", item) if item else condition


def _released(row: Mapping[str, Any]) -> ReleasedProduct:
    ends = day_of(row.get("SellEndDate"))
    return ReleasedProduct(
        item=str(row["ItemNumber"]),
        product=text_of(row, "ProductNumber"),
        is_service=row.get("ProductType") == "Service",
        is_master=row.get("ProductSubType") == "ProductMaster",
        group=text_of(row, "ProductGroupId"),
        lifecycle=text_of(row, "ProductLifecycleStateId"),
        tax_group=text_of(row, "SalesSalesTaxItemGroupCode"),
        net_weight=amount_of(row, "NetProductWeight"),
        tare_weight=amount_of(row, "TareProductWeight"),
        inventory_unit=text_of(row, "InventoryUnitSymbol"),
        sales_unit=text_of(row, "SalesUnitSymbol"),
        sells_from=day_of(row.get("SellStartDate")),
        sells_until=None if ends is None or ends.year >= NEVER_ENDS else ends,
    )


def _order_settings(row: Mapping[str, Any]) -> OrderSettings:
    minimum, maximum, multiple = (amount_of(row, name) for name in QUANTITY_FIELDS[1:4])
    return OrderSettings(minimum, maximum, multiple, row.get(QUANTITY_FIELDS[4]) == "Yes")
