"""Sales prices of released products and posted trade agreements, as F&O's entities answer.

There is no account code: an agreement with a customer is that customer's, one with a group that
group's, one with neither everybody's. Lines of open journals are other sets, and are not read.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.packed import Packed
from sync.dynamics.documents.price_agreement import Agreement, Discount
from sync.dynamics.field_values import day_of
from sync.dynamics.odata import Filter
from sync.dynamics.reader import ODataReader

AGREEMENTS: Final = "SalesPriceAgreements"
DISCOUNTS: Final = "SalesLineDiscountAgreements"
RELEASED: Final = "ReleasedProductsV2"
CUSTOMERS: Final = "CustomersV3"
DIMENSIONS: Final = {
    "ProductColorId": "ProductColorId", "ProductSizeId": "ProductSizeId",
    "ProductStyleId": "ProductStyleId", "ProductconfigurationId": "ProductConfigurationId",
    "ProductConfigurationId": "ProductConfigurationId", "ProductVersionId": "ProductVersionId",
    "PriceSiteId": "PriceSiteId", "PriceWarehouseId": "PriceWarehouseId",
    "DiscountSiteId": "PriceSiteId", "DiscountWarehouseId": "PriceWarehouseId",
}  # fmt: skip
"""As these sets spell them -> as everything else does."""
OF_PRODUCT: Final = ("ProductColorId", "ProductSizeId", "ProductStyleId", "ProductVersionId")
LINE: Final = ("RecordId", "ItemNumber", "CustomerAccountNumber", "FromQuantity", "ToQuantity",
               "WillSearchContinue", "IsGenericCurrencySearchEnabled", *OF_PRODUCT)  # fmt: skip
FIELDS: Final = (
    *LINE, "PriceCustomerGroupCode", "Price", "SalesPriceQuantity", "PriceCurrencyCode",
    "FixedPriceCharges", "QuantityUnitySymbol", "PriceApplicableFromDate", "PriceApplicableToDate",
    "ProductconfigurationId", "PriceSiteId", "PriceWarehouseId",
)  # fmt: skip
DISCOUNT_FIELDS: Final = (
    *LINE, "LineDiscountCustomerGroupCode", "LineDiscountProductGroupCode", "DiscountPercentage1",
    "DiscountPercentage2", "DiscountAmount", "DiscountCurrencyCode", "QuantityUnitSymbol",
    "DiscountApplicableFromDate", "DiscountApplicableToDate", "ProductConfigurationId",
    "DiscountSiteId", "DiscountWarehouseId",
)  # fmt: skip
PRICE_FIELDS: Final = (
    "ItemNumber", "ProductNumber", "SalesPrice", "SalesPriceQuantity", "SalesUnitSymbol",
    "InventoryUnitSymbol", "SalesLineDiscountProductGroupCode", "FixedSalesPriceCharges",
)  # fmt: skip
GROUP_FIELDS: Final = ("CustomerAccount", "DiscountPriceGroupId", "LineDiscountCode")
NEVER_ENDS: Final = 2154
MOST_TERMS: Final = 20
"""Values that a filter names; with more, those of other customers are read and not looked at."""
HUNDRED: Final = Decimal(100)


@dataclass(frozen=True)
class SalesPrice:
    """The price of a released product, in the company's currency: of one `unit`; zero where none is
    entered. `discount_group`: the item's group for line discounts. `charges`: as `Agreement` has
    them."""

    product: str
    price: Decimal
    unit: str
    discount_group: str = ""
    charges: Decimal = Decimal(0)


class Lines:
    """Rows of a set by item number, in lower case, held packed."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields, self._packed = fields, Packed()

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """A page of rows."""
        found: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            item = str(row.get("ItemNumber") or "").casefold()
            found[item].append([row.get(name) for name in self._fields])
        for item, lines in found.items():
            before = from_json(self._packed.get(item) or "[]")
            self._packed.put(item, to_json([*before, *lines]).decode())

    def of(self, item: str) -> list[dict[str, Any]]:
        """The rows of an item; of an empty one, those that are of several items."""
        lines = from_json(self._packed.get(item.casefold()) or "[]")
        return [dict(zip(self._fields, line, strict=True)) for line in lines]


class PriceAgreements:
    """The prices of a legal entity. Raises as the client does. `item`: only what may be of this
    one."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def sales_prices(self, company: str, item: str = "") -> Lines:
        """The prices of released products themselves (`sales_price_of`)."""
        where = Filter.eq("dataAreaId", company)
        where = where & Filter.eq("ItemNumber", item) if item else where
        return await self._lines(RELEASED, where, PRICE_FIELDS, ("ItemNumber",))

    async def agreements(
        self, company: str, item: str = "", customers: Collection[str] = ()
    ) -> Lines:
        """The posted agreements of customer groups, of everybody, and of these customers
        (`agreements_of`)."""
        where = Filter.eq("dataAreaId", company)
        where = where & Filter.eq("ItemNumber", item) if item else where
        if len(customers) < MOST_TERMS:
            where &= Filter.any_of("CustomerAccountNumber", ["", *customers])
        return await self._lines(AGREEMENTS, where, FIELDS, ("dataAreaId", "RecordId"))

    async def discounts(self, company: str) -> Lines:
        """The posted line discounts (`discounts_of`)."""
        where = Filter.eq("dataAreaId", company)
        return await self._lines(DISCOUNTS, where, DISCOUNT_FIELDS, ("dataAreaId", "RecordId"))

    async def groups_of(
        self, company: str, customers: Collection[str]
    ) -> Mapping[str, tuple[str, str]]:
        """The price group and the line discount group of customers, by account in lower case."""
        rows = await self._client.find_by(
            CUSTOMERS, GROUP_FIELDS[0], *customers, company=company, select=GROUP_FIELDS
        )
        texts = ([str(row.get(name) or "") for name in GROUP_FIELDS] for row in rows)
        return {account.casefold(): (price, discount) for account, price, discount in texts}

    async def _lines(
        self, entity_set: str, where: Filter, fields: Sequence[str], order_by: Sequence[str]
    ) -> Lines:
        found = Lines(fields)
        pages: AsyncIterator[list[dict[str, Any]]] = self._client.pages(
            entity_set, where=where, select=fields, order_by=order_by,
            number="RecordId" if "RecordId" in fields else "",
        )  # fmt: skip
        async for rows in pages:
            found.take(rows)
        return found


def sales_price_of(lines: Lines, item: str) -> SalesPrice | None:
    """The price of an item itself; None where it is not released."""
    row = next(iter(lines.of(item)), None)
    if row is None:
        return None
    unit = str(row.get("SalesUnitSymbol") or row.get("InventoryUnitSymbol") or "")
    group = str(row.get("SalesLineDiscountProductGroupCode") or "")
    charges = Decimal(row.get("FixedSalesPriceCharges") or 0)
    price = _of_one(row, "SalesPrice")
    return SalesPrice(str(row.get("ProductNumber") or ""), price, unit, group, charges)


def agreements_of(lines: Lines, item: str) -> list[Agreement]:
    """The price agreements of an item."""
    return [
        Agreement(
            **_line(row, "Price"),
            group=str(row.get("PriceCustomerGroupCode") or ""),
            unit=str(row.get("QuantityUnitySymbol") or ""),
            price=_of_one(row, "Price"),
            charges=Decimal(row.get("FixedPriceCharges") or 0),
        )
        for row in _once(lines.of(item))
    ]


def discounts_of(lines: Lines, item: str, item_group: str) -> list[Discount]:
    """The line discounts of an item, of its group, and of all items."""
    rows = [*lines.of(item), *(lines.of("") if item else [])]
    found = [
        Discount(
            **_line(row, "Discount"),
            group=str(row.get("LineDiscountCustomerGroupCode") or ""),
            unit=str(row.get("QuantityUnitSymbol") or ""),
            percent=_percent(row),
            is_double=bool(Decimal(row.get("DiscountPercentage2") or 0)),
            amount=Decimal(row.get("DiscountAmount") or 0),
            item=str(row.get("ItemNumber") or ""),
            item_group=str(row.get("LineDiscountProductGroupCode") or ""),
        )
        for row in _once(rows)
    ]
    groups = {"", item_group.casefold()}
    return [one for one in found if one.item or one.item_group.casefold() in groups]


def _once(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """A row that came on two pages counts once."""
    return {row["RecordId"]: row for row in rows}.values()


def _line(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What prices and discounts have in common; `name` begins the fields that differ."""
    ends = day_of(row.get(f"{name}ApplicableToDate"))
    filled = ((known, str(row.get(field) or "")) for field, known in DIMENSIONS.items())
    return {
        "record": int(row["RecordId"]),
        "currency": str(row.get(f"{name}CurrencyCode") or ""),
        "customer": str(row.get("CustomerAccountNumber") or ""),
        "from_quantity": Decimal(row.get("FromQuantity") or 0),
        "to_quantity": Decimal(row.get("ToQuantity") or 0),
        "begins": day_of(row.get(f"{name}ApplicableFromDate")),
        "ends": None if ends is None or ends.year >= NEVER_ENDS else ends,
        "finds_next": row.get("WillSearchContinue") != "No",
        "is_generic": row.get("IsGenericCurrencySearchEnabled") == "Yes",
        "dimensions": tuple((known, value.casefold()) for known, value in filled if value),
    }


def _percent(row: Mapping[str, Any]) -> Decimal:
    """The second percentage is of what the first has left."""
    first, second = (Decimal(row.get(f"DiscountPercentage{n}") or 0) for n in (1, 2))
    return first + second - first * second / HUNDRED


def _of_one(row: Mapping[str, Any], name: str) -> Decimal:
    """The price of one unit; entered is that of `SalesPriceQuantity`."""
    price, quantity = Decimal(row.get(name) or 0), Decimal(row.get("SalesPriceQuantity") or 0)
    return price / quantity if quantity else price
