"""On-hand quantities, units and order quantities of released products, as F&O's entities answer.

Quantities are in the item's inventory unit. A warehouse without a row holds nothing of an item.
None of these sets has a time of change, so whole warehouses are read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sync.core.money import ZERO
from sync.dynamics.odata import Filter
from sync.dynamics.reader import ODataReader

DIMENSIONS: Final = (
    "ProductColorId", "ProductSizeId", "ProductStyleId", "ProductConfigurationId",
    "ProductVersionId",
)  # fmt: skip
BY_WAREHOUSE: Final = "WarehousesOnHandV2"
BY_STATUS: Final = "WarehouseInventoryStatusesOnHandV2"
PLACE: Final = ("InventorySiteId", "InventoryWarehouseId")
AVAILABLE: Final = "AvailableOnHandQuantity"
ON_ORDER: Final = ("OnOrderQuantity", "ReservedOrderedQuantity")
STATUS: Final = "InventoryStatusId"
ORDER_SETTINGS: Final = "ProductDefaultOrderSettings"
MULTIPLES: Final = "SalesQuantityMultiples"
RELEASED: Final = "ReleasedProductsV2"
UNITS: Final = ("ItemNumber", "ProductNumber", "InventoryUnitSymbol", "SalesUnitSymbol")
MOST_TERMS: Final = 20
"""Values that a filter names; more are sorted out here."""

ProductKey = tuple[str, ...]
"""Item number and the five dimensions, without case."""


def product_key(item: str, dimensions: Mapping[str, Any]) -> ProductKey:
    """The key of an item with its dimensions, which may be missing."""
    return _folded((item, *(str(dimensions.get(name) or "") for name in DIMENSIONS)))


@lru_cache(maxsize=1000)
def _folded(values: tuple[str, ...]) -> ProductKey:
    """The rows of one product come together, and warehouses are few."""
    return tuple([(value or "").strip().casefold() for value in values])


def set_of(statuses: Sequence[str]) -> str:
    """The entity set that tells what is on hand."""
    return BY_STATUS if statuses else BY_WAREHOUSE


@dataclass(frozen=True)
class Units:
    """The units of an item, by symbol."""

    product: str
    inventory: str
    sales: str


class OnHand:
    """What a legal entity has. Raises as the client does. `item`: only this one."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def free(
        self,
        company: str,
        warehouses: Sequence[str],
        statuses: Sequence[str] = (),
        *,
        is_reserved: bool,
        item: str = "",
    ) -> Mapping[ProductKey, Mapping[str, Decimal]]:
        """What can be promised, by product and warehouse (in lower case): available on hand in
        these inventory statuses, less what is on order in any, where orders are not reserved as
        they arrive: an order need not have the status that it is shipped from."""
        entity_set, less = set_of(statuses), () if is_reserved else ON_ORDER
        extra = (STATUS,) if statuses else ()
        key = ("ItemNumber", *DIMENSIONS, *PLACE, *extra)
        condition = _where(company, item)
        if 0 < len(warehouses) <= MOST_TERMS:
            condition &= Filter.any_of(PLACE[1], warehouses)
        wanted = {one.casefold() for one in warehouses}
        sellable = {one.casefold() for one in statuses}
        rows: dict[ProductKey, dict[tuple[str, ...], Decimal]] = defaultdict(dict)
        product_of, place_of = itemgetter("ItemNumber", *DIMENSIONS), itemgetter(*PLACE, *extra)
        async for row in self._client.query(
            entity_set, where=condition, select=(*key, AVAILABLE, *less), order_by=key
        ):
            place = _folded(place_of(row))
            if place[1] in wanted:
                is_sold = not extra or place[2] in sellable
                rows[_folded(product_of(row))][place] = _free(row, less, is_sold=is_sold)
        return {product: _summed(places) for product, places in rows.items()}

    async def units(self, company: str, item: str = "") -> Mapping[str, Units]:
        """The units of released products, by item number in lower case."""
        return {
            str(row["ItemNumber"]).casefold(): Units(
                str(row.get("ProductNumber") or ""),
                str(row.get("InventoryUnitSymbol") or ""),
                str(row.get("SalesUnitSymbol") or ""),
            )
            async for row in self._client.query(
                RELEASED, where=_where(company, item), select=UNITS, order_by=("ItemNumber",)
            )
        }

    async def multiples(self, company: str, item: str = "") -> Mapping[str, Decimal]:
        """The multiples in which items are sold, in inventory units, by item number in lower case;
        those with none are left out."""
        where = _where(company, item)
        select = ("ItemNumber", MULTIPLES)
        rows = self._client.query(
            ORDER_SETTINGS, where=where, select=select, order_by=("ItemNumber",)
        )
        return {
            str(row["ItemNumber"]).casefold(): found
            async for row in rows
            if (found := _number(row, MULTIPLES)) > 0
        }


def _where(company: str, item: str) -> Filter:
    condition = Filter.eq("dataAreaId", company)
    return condition & Filter.eq("ItemNumber", item) if item else condition


def _summed(places: Mapping[tuple[str, ...], Decimal]) -> dict[str, Decimal]:
    """Per warehouse: a row that came twice counts once, statuses and sites together."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for place, quantity in places.items():
        found[place[1]] += quantity
    return found


def _free(row: Mapping[str, Any], less: Sequence[str], *, is_sold: bool) -> Decimal:
    free = Decimal(row[AVAILABLE]) if is_sold else ZERO
    for name in less:
        if row[name]:
            free -= row[name]
    return free


def _number(row: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(row.get(name) or 0)
