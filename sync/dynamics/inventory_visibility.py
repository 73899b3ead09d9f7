"""On-hand quantities as the Inventory Visibility service answers them, an add-in of F&O of its own.

`exactquery` takes pairs of site and warehouse; `indexquery` would cross them. Dimensions are asked
for as `siteId` and answered as `siteid`, and a measure that is zero may be left out. An answer
holds at most 512 rows, says Microsoft of bulk calls; one of so many is asked for again in halves.
Names of measures are configuration. Source: Microsoft, inventory-visibility-api.md (2022-11-04).
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sync.config.connections.visibility import Visibility
from sync.core.encoding import to_json
from sync.core.errors import Never
from sync.core.groups import in_groups
from sync.dynamics.answers import document_in
from sync.dynamics.faults import error_from_nonsense
from sync.dynamics.free_quantities import AVAILABLE, DIMENSIONS, STATUS, FreeQuantities
from sync.dynamics.odata import Filter
from sync.dynamics.reader import ODataReader
from sync.dynamics.refusals import ODataCall
from sync.dynamics.transport import Request, Transport

NAME: Final = "Inventory Visibility"
WAREHOUSES: Final = ("Warehouses", "WarehouseId", "OperationalSiteId")
RELEASED: Final = ("ReleasedProductsV2", "ItemNumber")
ON_ORDER: Final = "OnOrderQuantity"
TIMEOUT: Final = timedelta(seconds=60)
HEADERS: Final = {
    "Accept": "application/json", "Content-Type": "application/json", "Api-Version": "1.0",
}  # fmt: skip
SAMPLE: Final = 20
"""Products that are asked for to see which measures there are."""


class InventoryVisibility:
    """What the service says of a legal entity. Raises as `Transport` does, and `Never` where the
    measures of the settings are in no answer, or it has nothing at all."""

    def __init__(self, settings: Visibility, client: ODataReader, transport: Transport) -> None:
        self._settings, self._client, self._transport = settings, client, transport

    async def free(
        self, company: str, warehouses: Sequence[str], statuses: Sequence[str], *,
        is_reserved: bool, item: str = "",
    ) -> FreeQuantities:  # fmt: skip
        """As `OnHand.free`."""
        sellable = frozenset(one.casefold() for one in statuses) if statuses else None
        wanted = frozenset(one.casefold() for one in warehouses)
        found = FreeQuantities(NAME, wanted, sellable, () if is_reserved else (ON_ORDER,))
        places = await self._places(company, warehouses)
        seen, rows_read = set[str](), 0
        async for rows in self._pages(company, places, item, has_status=bool(statuses)):
            rows_read += len(rows)
            seen |= {name for row in rows for name in _measures(row)}
            found.take(self._row(row) for row in rows)
        if not rows_read and not item:
            raise Never(
                f"{NAME} has no quantity of any product in the warehouses of stock.sources",
                remedy="See in the Inventory Visibility app that it is enabled and initialised for"
                " this legal entity; or read it without: leave out dynamics.visibility.",
            )
        if rows_read and not seen & _names(self._settings.available):
            raise self._no_measure(seen)
        return found

    async def measures(self, company: str, warehouses: Sequence[str]) -> Mapping[str, Decimal]:
        """The measures that some products have there, as `source.measure`, with the largest amount
        of one; nothing where they have no quantity at all."""
        places, found = await self._places(company, warehouses), dict[str, Decimal]()
        items = [one async for page in self._items(company) for one in page][:SAMPLE]
        for row in await self._rows(company, places, items, has_status=False):
            for name, amount in _measures(row).items():
                found[name] = max(found.get(name, Decimal(0)), abs(amount))
        return found

    def _no_measure(self, seen: set[str]) -> Never:
        return Never(
            f"{NAME} answers none of the measures {', '.join(self._settings.available)}; it has"
            f" {', '.join(sorted(seen)) or 'none'}",
            remedy="Correct dynamics.visibility.available in connections.toml by the data source"
            " settings of the Inventory Visibility app.",
        )

    async def _places(self, company: str, warehouses: Sequence[str]) -> list[tuple[str, str]]:
        """Site and warehouse; the service knows no warehouse without its site."""
        entity_set, warehouse, site = WAREHOUSES
        rows = self._client.query(
            entity_set, where=Filter.eq("dataAreaId", company), select=(warehouse, site),
            order_by=(warehouse,),
        )  # fmt: skip
        wanted = {one.casefold() for one in warehouses}
        return [
            (str(row[site]), str(row[warehouse]))
            async for row in rows if str(row[warehouse]).casefold() in wanted
        ]  # fmt: skip

    async def _pages(
        self, company: str, places: Sequence[tuple[str, str]], item: str, *, has_status: bool
    ) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        if item:
            yield await self._rows(company, places, [item], has_status=has_status)
            return
        async for items in self._items(company):
            yield await self._rows(company, places, items, has_status=has_status)

    async def _items(self, company: str) -> AsyncIterator[list[str]]:
        entity_set, number = RELEASED
        pages = self._client.pages(
            entity_set, where=Filter.eq("dataAreaId", company), select=(number,),
            order_by=(number,),
        )  # fmt: skip
        async for rows in pages:
            numbers = [str(row[number]) for row in rows]
            for some in in_groups(numbers, self._settings.products):
                yield some

    async def _rows(
        self, company: str, places: Sequence[tuple[str, str]], items: Sequence[str], *,
        has_status: bool,
    ) -> list[Mapping[str, Any]]:  # fmt: skip
        """The rows of these products, all of them."""
        if not (items and places):
            return []
        rows = await self._asked(company, places, items, has_status=has_status)
        if len(rows) != self._settings.most_rows:
            return rows
        if len(items) == 1:
            raise Never(
                f"{NAME} answers {len(rows)} rows of item {items[0]}, and may have more",
                remedy="Raise dynamics.visibility.most_rows in connections.toml, if the service"
                " answers more rows at once; or read this legal entity without it.",
            )
        half = len(items) // 2
        first = await self._rows(company, places, items[:half], has_status=has_status)
        return first + await self._rows(company, places, items[half:], has_status=has_status)

    async def _asked(
        self, company: str, places: Sequence[tuple[str, str]], items: Sequence[str], *,
        has_status: bool,
    ) -> list[Mapping[str, Any]]:  # fmt: skip
        settings = self._settings
        status = [settings.status] if has_status else []
        body = {
            "dimensionDataSource": settings.data_source,
            "filters": {
                "organizationId": [company], "productId": list(items),
                "dimensions": ["siteId", "locationId"], "values": [list(one) for one in places],
            },
            "groupByValues": [*settings.dimensions.values(), *status], "returnNegative": True,
        }  # fmt: skip
        call = ODataCall(f"ask {NAME}")
        path = f"/api/environment/{settings.environment}/onhand/exactquery"
        request = Request("POST", path, call, TIMEOUT, to_json(body), HEADERS)
        answer = document_in(await self._transport.send(request), call)
        if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
            raise error_from_nonsense(call, "it is no list of quantities")
        return answer

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """As the entities of F&O have it."""
        settings, measures = self._settings, _measures(row)
        names = {str(name): there for name, there in settings.dimensions.items()}
        named = {str(k).casefold(): v for k, v in (row.get("dimensions") or {}).items()}
        dimensions = {
            field: named.get(names.get(name, "").casefold(), "")
            for name, field in zip(NAMES, DIMENSIONS, strict=True)
        }  # fmt: skip
        return {
            "ItemNumber": str(row.get("productId") or ""), **dimensions,
            "InventorySiteId": named.get("siteid"), "InventoryWarehouseId": named.get("locationid"),
            STATUS: named.get(settings.status.casefold()),
            AVAILABLE: _sum(settings.available, measures),
            ON_ORDER: _sum(settings.on_order, measures),
        }  # fmt: skip


NAMES: Final = ("color", "size", "style", "configuration", "version")
"""Of the dimensions, in the order of `DIMENSIONS`."""


def _measures(row: Mapping[str, Any]) -> dict[str, Decimal]:
    return dict(_each_measure(row))


def _each_measure(row: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for source, values in (row.get("quantities") or {}).items():
        for name, value in values.items():
            yield f"{source}.{name}".casefold(), Decimal(value or 0)


def _sum(terms: Sequence[str], measures: Mapping[str, Decimal]) -> Decimal:
    """Measures, those with a minus taken off; one that is left out is zero."""
    found = Decimal(0)
    for term in terms:
        value = measures.get(term.lstrip("-").casefold(), Decimal(0))
        found += -value if term.startswith("-") else value
    return found


def _names(terms: Sequence[str]) -> set[str]:
    return {term.lstrip("-").casefold() for term in terms}
