"""Where the stock publication writes: source items, or the stock item of a shop without them."""

from asyncio import TaskGroup
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from typing_extensions import override

from sync.commerce.errors import NotAccepted, NotThere
from sync.commerce.inventory import MOST_ITEMS
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.targets import rows_of
from sync.mapping.stock import as_shown
from sync.mapping_tables.records import normal_sku

PATH: Final = "inventory/source-items"
REQUEST: Final = 10
"""What a request weighs, in source items."""
READ_BACK: Final = 40
"""Rows of a chunk that are read back."""
GIVEN_UP_AT: Final = 8
"""So many rows, refused one by one, show that it is not the rows that are wrong."""
NOTHING: Final = as_shown(Decimal(0), backorders=False)


@dataclass(frozen=True)
class SourceStock(RowTarget):
    """Stock in Commerce, a chunk of SKUs at a time; how it is kept is the connection's setting."""

    most: int = 2000

    @override
    def weight(self, row: Shown, systems: Systems) -> int:
        """A row has an item in every source, or takes a request of its own."""
        stock = systems.settings.stock
        return len(stock.source_codes) if stock.inventory == "sources" else REQUEST

    @override
    def timing(self, systems: Systems) -> Target:
        return rows_of(systems)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        if systems.settings.stock.inventory == "sources":
            return [
                Request("POST", f"/V1/{PATH}", {"sourceItems": items})
                for items in _in_calls(source_items(rows, systems))
            ]
        return [
            Request("PUT", f"/V1/products/{row.key}/stockItems/1", {"stockItem": stock_item(row)})
            for row in rows
        ]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        if systems.settings.stock.inventory == "sources":
            refused = await self._source_items(rows, systems, not_after)
        else:
            refused = await self._stock_items(rows, systems, not_after)
        kept = [row for row in rows if row.key not in refused][:READ_BACK]
        return {**refused, **await self._not_shown(kept, systems)}

    async def _source_items(
        self, rows: Sequence[Shown], systems: Systems, not_after: datetime
    ) -> dict[str, Never]:
        """One row that is refused takes its whole call along: the call is then halved."""
        inventory = systems.commerce.inventory
        try:
            await inventory.save(source_items(rows, systems), not_after=not_after)
        except NotAccepted as error:
            if len(rows) == 1:
                return {rows[0].key: error}
            half = len(rows) // 2
            first = await self._source_items(rows[:half], systems, not_after)
            if len(first) == half and half >= GIVEN_UP_AT:
                raise
            return first | await self._source_items(rows[half:], systems, not_after)
        return {}

    async def _stock_items(
        self, rows: Sequence[Shown], systems: Systems, not_after: datetime
    ) -> dict[str, Never]:
        """One request for each row, side by side as far as the shop's pace allows."""
        inventory, refused = systems.commerce.inventory, dict[str, Never]()

        async def save(row: Shown) -> None:
            try:
                await inventory.save_stock_item(row.key, stock_item(row), not_after=not_after)
            except NotThere as error:
                if row.content is not None:
                    refused[row.key] = error
            except NotAccepted as error:
                refused[row.key] = error

        try:
            async with TaskGroup() as group:
                for row in rows:
                    group.create_task(save(row))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return refused

    @override
    def same(self, key: str) -> str:
        return normal_sku(key)

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        inventory, stock = systems.commerce.inventory, systems.settings.stock
        found: dict[str, dict[str, Any]] = {}
        if stock.inventory == "sources":
            async for item in inventory.source_items(stock.source_codes, keys):
                one = found.setdefault(normal_sku(str(item["sku"])), {})
                one[str(item["source_code"])] = _content(item["quantity"], item["status"])
            return found
        for sku in await inventory.skus() if keys is None else keys:
            item_now = await inventory.stock_item(sku)
            if item_now is not None:
                content = _content(item_now["qty"], item_now["is_in_stock"])
                found[normal_sku(sku)] = dict.fromkeys(stock.source_codes, content)
        return found

    async def _not_shown(self, rows: Sequence[Shown], systems: Systems) -> dict[str, Never]:
        """Rows that the shop does not show although it took them. A 200 is not believed."""
        found = await self.shown(systems, [row.key for row in rows])
        refused: dict[str, Never] = {}
        for row in rows:
            wanted = row.content or dict.fromkeys(systems.settings.stock.source_codes, NOTHING)
            there = found.get(normal_sku(row.key), {})
            if row.content is not None and there != wanted:
                refused[row.key] = Never(
                    f"{row.key}: the shop took {in_words(wanted)} and shows {in_words(there)}",
                    remedy=(
                        "Look what else writes the stock of this product in Commerce (an import,"
                        " another integration), then run: touch the sku again."
                    ),
                )
        return refused


def _content(quantity: Any, status: Any) -> dict[str, Any]:
    return {"quantity": Decimal(quantity or 0), "status": int(status)}


def in_words(content: Mapping[str, Any]) -> str:
    """Quantities by source, for people."""
    parts = [
        f"{source} {one['quantity']:f} ({'in' if one['status'] else 'out of'} stock)"
        for source, one in content.items()
    ]
    return ", ".join(parts) or "no stock"


def source_items(rows: Sequence[Shown], systems: Systems) -> list[dict[str, Any]]:
    """Rows as source items. A SKU that is no longer ours has nothing in our sources."""
    codes = systems.settings.stock.source_codes
    return [
        {"sku": row.key, "source_code": source, **one}
        for row in rows
        for source, one in (row.content or dict.fromkeys(codes, NOTHING)).items()
    ]


def stock_item(row: Shown) -> dict[str, Any]:
    """A row as a stock item."""
    (one,) = (row.content or {"": NOTHING}).values()
    return {"qty": one["quantity"], "is_in_stock": bool(one["status"])}


def _in_calls(items: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    return [items[start : start + MOST_ITEMS] for start in range(0, len(items), MOST_ITEMS)]
