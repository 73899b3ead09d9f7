"""Sales prices of released products and posted price agreements, as F&O's entities answer.

There is no account code: an agreement with a customer is that customer's, one with a group that
group's, one with neither everybody's. Lines of open journals are other sets, and are not read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sync.dynamics.documents.price_agreement import Agreement
from sync.dynamics.odata import Filter, instant_of
from sync.dynamics.reader import ODataReader

AGREEMENTS: Final = "SalesPriceAgreements"
RELEASED: Final = "ReleasedProductsV2"
DIMENSIONS: Final = {
    "ProductColorId": "ProductColorId", "ProductSizeId": "ProductSizeId",
    "ProductStyleId": "ProductStyleId", "ProductconfigurationId": "ProductConfigurationId",
    "ProductVersionId": "ProductVersionId", "PriceSiteId": "PriceSiteId",
    "PriceWarehouseId": "PriceWarehouseId",
}  # fmt: skip
"""As the set spells them -> as everything else does."""
FIELDS: Final = (
    "RecordId", "ItemNumber", "CustomerAccountNumber", "PriceCustomerGroupCode", "Price",
    "SalesPriceQuantity", "PriceCurrencyCode", "QuantityUnitySymbol", "FromQuantity", "ToQuantity",
    "PriceApplicableFromDate", "PriceApplicableToDate", "WillSearchContinue", *DIMENSIONS,
)  # fmt: skip
PRICE_FIELDS: Final = (
    "ItemNumber", "ProductNumber", "SalesPrice", "SalesPriceQuantity", "SalesUnitSymbol",
    "InventoryUnitSymbol",
)  # fmt: skip
NEVER_ENDS: Final = 2154


@dataclass(frozen=True)
class SalesPrice:
    """The price of a released product, in the company's currency: of one `unit`; zero where none is
    entered."""

    product: str
    price: Decimal
    unit: str


class PriceAgreements:
    """The prices of a legal entity, by item number in lower case. Raises as the client does.
    `item`: only this one."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def sales_prices(self, company: str, item: str = "") -> Mapping[str, SalesPrice]:
        """The prices of released products themselves."""
        rows = self._client.query(
            RELEASED, where=_where(company, item), select=PRICE_FIELDS, order_by=("ItemNumber",)
        )
        return {str(row["ItemNumber"]).casefold(): _sales_price(row) async for row in rows}

    async def agreements(self, company: str, item: str = "") -> Mapping[str, Sequence[Agreement]]:
        """The posted agreements of customer groups and of everybody; those of single customers are
        left out."""
        where = _where(company, item) & Filter.eq("CustomerAccountNumber", "")
        rows = self._client.query(
            AGREEMENTS, where=where, select=FIELDS, order_by=("dataAreaId", "RecordId")
        )
        found: dict[str, list[Agreement]] = defaultdict(list)
        async for row in rows:
            if not row.get("CustomerAccountNumber"):
                found[str(row["ItemNumber"]).casefold()].append(_agreement(row))
        return found


def _where(company: str, item: str) -> Filter:
    condition = Filter.eq("dataAreaId", company)
    return condition & Filter.eq("ItemNumber", item) if item else condition


def _sales_price(row: Mapping[str, Any]) -> SalesPrice:
    unit = str(row.get("SalesUnitSymbol") or row.get("InventoryUnitSymbol") or "")
    return SalesPrice(str(row.get("ProductNumber") or ""), _of_one(row, "SalesPrice"), unit)


def _agreement(row: Mapping[str, Any]) -> Agreement:
    ends = _day(row.get("PriceApplicableToDate"))
    filled = ((name, str(row.get(field) or "")) for field, name in DIMENSIONS.items())
    return Agreement(
        record=int(row["RecordId"]),
        group=str(row.get("PriceCustomerGroupCode") or ""),
        price=_of_one(row, "Price"),
        currency=str(row.get("PriceCurrencyCode") or ""),
        unit=str(row.get("QuantityUnitySymbol") or ""),
        from_quantity=Decimal(row.get("FromQuantity") or 0),
        to_quantity=Decimal(row.get("ToQuantity") or 0),
        begins=_day(row.get("PriceApplicableFromDate")),
        ends=None if ends is None or ends.year >= NEVER_ENDS else ends,
        finds_next=row.get("WillSearchContinue") != "No",
        dimensions=tuple((name, value.casefold()) for name, value in filled if value),
    )


def _day(value: str | None) -> date | None:
    """The day in an answer, in no time zone; 1900-01-01 is none."""
    moment = instant_of(value)
    return None if moment is None else moment.date()


def _of_one(row: Mapping[str, Any], name: str) -> Decimal:
    """The price of one unit; entered is that of `SalesPriceQuantity`."""
    price, quantity = Decimal(row.get(name) or 0), Decimal(row.get("SalesPriceQuantity") or 0)
    return price / quantity if quantity else price
