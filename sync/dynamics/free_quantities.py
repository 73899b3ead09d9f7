"""What can be promised of each product in each warehouse, held packed: an environment has hundreds
of thousands of these rows."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sync.core.packed import Packed
from sync.dynamics.faults import error_from_nonsense
from sync.dynamics.refusals import ODataCall

DIMENSIONS: Final = (
    "ProductColorId", "ProductSizeId", "ProductStyleId", "ProductConfigurationId",
    "ProductVersionId",
)  # fmt: skip
PLACE: Final = ("InventorySiteId", "InventoryWarehouseId")
AVAILABLE: Final = "AvailableOnHandQuantity"
STATUS: Final = "InventoryStatusId"

Values = tuple[str | None, ...]


def product_key(values: Iterable[str | None]) -> str:
    """The key of a product by item number and the five dimensions, without case; they may be
    None."""
    return "\x1f".join([(value or "").strip() for value in values]).casefold()


class FreeQuantities:
    """Quantities by product and warehouse, taken from the rows of one set. `warehouses` and
    `statuses` without case; `less`: fields that are taken off, of rows in any status: an order need
    not have the status that it is shipped from."""

    def __init__(
        self,
        entity_set: str,
        warehouses: frozenset[str],
        statuses: frozenset[str] | None,
        less: Sequence[str],
    ) -> None:
        self._set, self._less, self._packed = entity_set, less, Packed()
        self._warehouses, self._statuses = warehouses, statuses
        self._places = dict[Values, int | None]()
        self._warehouse_of, self._is_sold = list[str](), list[bool]()
        self._product: Values | None = None
        self._at = dict[int, Any]()

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """A page of rows. Those of one product follow each other, as a rule; one that comes twice
        counts once. Raises `Later` for a row that lacks a field."""
        status = () if self._statuses is None else (STATUS,)
        product_of = itemgetter("ItemNumber", *DIMENSIONS)
        place_of, places = itemgetter(*PLACE, *status), self._places
        try:
            for row in rows:
                product, place = product_of(row), place_of(row)
                if product != self._product:
                    self._keep()
                    self._product = product
                at = places[place] if place in places else self._place(place)
                if at is not None:
                    self._at[at] = self._free(row, is_sold=self._is_sold[at])
        except KeyError as error:
            raise self._lacks(str(error.args[0])) from None

    def by_warehouse(self, product: str) -> Mapping[str, Decimal]:
        """The quantities of a product (`product_key`) by warehouse in lower case; statuses and
        sites together."""
        self._keep()
        found = dict[str, Decimal]()
        for at, quantity in self._known(product):
            warehouse, there = self._warehouse_of[at], _number(quantity)
            found[warehouse] = found[warehouse] + there if warehouse in found else there
        return found

    def _place(self, place: Values) -> int | None:
        """The number of a place; None where it does not matter."""
        _, warehouse, *status = (product_key([value]) for value in place)
        self._places[place] = None
        if warehouse in self._warehouses:
            self._places[place] = len(self._warehouse_of)
            self._warehouse_of.append(warehouse)
            self._is_sold.append(self._statuses is None or status[0] in self._statuses)
        return self._places[place]

    def _free(self, row: Mapping[str, Any], *, is_sold: bool) -> Any:
        free = row[AVAILABLE] if is_sold else 0
        for name in self._less:
            less = row[name]
            if less is None or free is None:
                raise self._lacks(name if less is None else AVAILABLE)
            free = free - less if less else free
        if free is None:
            raise self._lacks(AVAILABLE)
        return free

    def _lacks(self, name: str) -> Exception:
        return error_from_nonsense(ODataCall(f"list {self._set}"), f"it has no {name}")

    def _keep(self) -> None:
        """Pack what was read of the product."""
        if self._product is None or not self._at:
            return
        key = product_key(self._product)
        rows = {**dict(self._known(key)), **self._at}
        self._packed.put(key, ",".join([f"{at}:{quantity}" for at, quantity in rows.items()]))
        self._product, self._at = None, {}

    def _known(self, product: str) -> list[tuple[int, str]]:
        packed = self._packed.get(product)
        if not packed:
            return []
        numbers = packed.replace(":", ",").split(",")
        return [(int(at), free) for at, free in zip(numbers[::2], numbers[1::2], strict=True)]


_number = lru_cache(maxsize=10_000)(Decimal)
"""Quantities are alike more often than not."""
