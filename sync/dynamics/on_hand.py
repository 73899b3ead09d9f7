"""On-hand quantities, units and order quantities of released products, as F&O's entities answer.

Quantities are in the item's inventory unit. A warehouse without a row holds nothing of an item.
None of these sets has a time of change, so whole warehouses are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.core.packed import Packed
from sync.dynamics.field_values import amount_of
from sync.dynamics.free_quantities import (
    AVAILABLE,
    DIMENSIONS,
    PLACE,
    STATUS,
    FreeQuantities,
)
from sync.dynamics.inventory_visibility import InventoryVisibility
from sync.dynamics.odata import Filter
from sync.dynamics.reader import ODataReader

BY_WAREHOUSE: Final = "WarehousesOnHandV2"
BY_STATUS: Final = "WarehouseInventoryStatusesOnHandV2"
ON_ORDER: Final = ("OnOrderQuantity", "ReservedOrderedQuantity")
ORDER_SETTINGS: Final = "ProductDefaultOrderSettings"
MULTIPLES: Final = "SalesQuantityMultiples"
RELEASED: Final = "ReleasedProductsV2"
UNITS: Final = ("ItemNumber", "ProductNumber", "InventoryUnitSymbol", "SalesUnitSymbol")
MOST_TERMS: Final = 20
"""Values that a filter names; more are sorted out here."""


def set_of(statuses: Sequence[str]) -> str:
    """The entity set that tells what is on hand."""
    return BY_STATUS if statuses else BY_WAREHOUSE


@dataclass(frozen=True)
class Units:
    """The units of an item, by symbol."""

    product: str
    inventory: str
    sales: str


class ItemUnits:
    """The units of items, held packed."""

    def __init__(self) -> None:
        self._packed = Packed()

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """A page of rows."""
        for row in rows:
            units = [str(row.get(name) or "") for name in UNITS[1:]]
            self._packed.put(str(row.get("ItemNumber") or "").casefold(), "\t".join(units))

    def of(self, item: str) -> Units | None:
        """The units of an item number; None for what is not released."""
        packed = self._packed.get(item.casefold())
        return Units(*packed.split("\t", 2)) if packed is not None else None


class OnHand:
    """What a legal entity has. Raises as the client does. `item`: only this one. `visibility`:
    what tells quantities instead of F&O's entities."""

    def __init__(self, client: ODataReader, visibility: InventoryVisibility | None = None) -> None:
        self._client, self._visibility = client, visibility

    async def free(
        self,
        company: str,
        warehouses: Sequence[str],
        statuses: Sequence[str] = (),
        *,
        is_reserved: bool,
        item: str = "",
    ) -> FreeQuantities:
        """What can be promised: available on hand in these inventory statuses, less what is on
        order in any, where orders are not reserved as they arrive."""
        if self._visibility is not None:
            return await self._visibility.free(
                company, warehouses, statuses, is_reserved=is_reserved, item=item
            )
        entity_set, less = set_of(statuses), () if is_reserved else ON_ORDER
        key = ("ItemNumber", *DIMENSIONS, *PLACE, *((STATUS,) if statuses else ()))
        condition = _where(company, item)
        if 0 < len(warehouses) <= MOST_TERMS:
            condition &= Filter.any_of(PLACE[1], warehouses)
        sellable = frozenset(one.casefold() for one in statuses) if statuses else None
        wanted = frozenset(one.casefold() for one in warehouses)
        found = FreeQuantities(entity_set, wanted, sellable, less)
        pages = self._client.pages(
            entity_set, where=condition, select=(*key, AVAILABLE, *less), order_by=key
        )
        async for rows in pages:
            found.take(rows)
        return found

    async def units(self, company: str, item: str = "") -> ItemUnits:
        """The units of released products."""
        found = ItemUnits()
        pages = self._client.pages(
            RELEASED, where=_where(company, item), select=UNITS, order_by=("ItemNumber",)
        )
        async for rows in pages:
            found.take(rows)
        return found

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
            if (found := amount_of(row, MULTIPLES)) > 0
        }


def _where(company: str, item: str) -> Filter:
    condition = Filter.eq("dataAreaId", company)
    return condition & Filter.eq("ItemNumber", item) if item else condition
