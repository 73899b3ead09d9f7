"""What a shop holds in stock: source items of Inventory Management, the stock item of a shop
without it, and what its open orders still wait for.

Quantities are absolute: repeating a write changes nothing. A call is all or nothing; an unknown SKU
is stored, an unknown source refuses the whole call (measured on 2.4.7).
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.bulks import Bulks
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, of_any, where
from sync.commerce.rest import RestClient
from sync.commerce.row_calls import RowCalls
from sync.commerce.search import LARGEST_PAGE, Node, Search, Sort, of_skus, split
from sync.core.ports import Clock

SOURCE_ITEMS: Final = "inventory/source-items"
SOURCES: Final = "inventory/sources"
MOST_ITEMS, FIRST_ITEMS = 2000, 1000
"""Source items in one call, and in the first one: a thousand take four seconds (measured)."""
FRESH_FOR: Final = timedelta(hours=12)
"""For so long deleted products may still be among those remembered."""
OVERLAP: Final = timedelta(minutes=5)
WITH_STOCK: Final = frozenset({"simple", "virtual", "downloadable"})
"""Product types that have a quantity; composite ones are as available as their parts."""
OPEN: Final = ("new", "pending_payment", "payment_review", "processing", "holded")
"""States of orders that may still have goods reserved."""
FINISHED: Final = ("complete", "closed", "canceled")
"""States of orders that are over: pieces may have been shipped; of a closed order that was paid
back by an adjustment, some may stay reserved."""
STATES: Final = (*OPEN, *FINISHED)
ORDER_FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "store_id", "created_at",
    ("items", (
        "item_id", "parent_item_id", "product_id", "sku", "product_type", "is_virtual",
        "qty_ordered", "qty_canceled", "qty_invoiced", "qty_refunded", "qty_shipped",
    )),
)  # fmt: skip


class Inventory:
    """The stock of one shop. Raises as the client does."""

    def __init__(self, client: RestClient, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._quantities = client.joined(self._held)
        self._calls = RowCalls(
            client, clock, SOURCE_ITEMS, "sourceItems", MOST_ITEMS, Bulks(client, clock),
            FIRST_ITEMS,
        )  # fmt: skip
        self._types = dict[str, str]()
        self._looked_until: datetime | None = None
        self._whole_at = clock.now() - FRESH_FOR

    async def skus(self) -> list[str]:
        """The SKUs of all products that have a quantity, as the shop spells them."""
        types = await self.types()
        return [sku for sku, kind in types.items() if kind in WITH_STOCK]

    async def types(self) -> dict[str, str]:
        """The types of all products, by SKU as the shop spells it. All are read twice a day, in
        between those that are new or changed."""
        search, since = _products(), self._looked_until
        is_whole = since is None or self._clock.now() - self._whole_at >= FRESH_FOR
        until = await self._client.settled("products")
        if since is not None and not is_whole:
            search = search.having(where("updated_at", Op.GTEQ, since - OVERLAP))
        found = {sku: kind async for sku, kind in self._products(search)}
        self._types = found if is_whole else {**self._types, **found}
        self._whole_at = self._clock.now() if is_whole else self._whole_at
        self._looked_until = until
        return self._types

    async def sku(self, sku: str) -> str | None:
        """This one as the shop spells it; None where no product with a quantity has it."""
        found = await self.type_of(sku)
        return next((one for one, kind in found.items() if kind in WITH_STOCK), None)

    async def type_of(self, sku: str) -> dict[str, str]:
        """The type of this one, by its SKU as the shop spells it; nothing where there is none."""
        search = _products().having(where("sku", Op.EQ, sku))
        return {one: kind async for one, kind in self._products(search)}

    async def _products(self, search: Search) -> AsyncIterator[tuple[str, str]]:
        async for page in self._client.pages("products", search, key="sku"):
            for row in page.items:
                if row.get("sku"):
                    yield str(row["sku"]), str(row.get("type_id"))

    async def open_orders(
        self, stores: Collection[int] | None, finished_since: datetime
    ) -> list[dict[str, Any]]:
        """Orders that may still have goods reserved, and those that were finished since
        (`ORDER_FIELDS`); of these store views where they are named. By one question, so that none
        is missed that is finished meanwhile."""
        search = _orders().having(
            where("state", Op.IN, OPEN), where("updated_at", Op.GTEQ, finished_since)
        )
        for condition in (where("state", Op.IN, STATES), *of_any("store_id", stores)):
            search = search.having(condition)
        return [row async for page in self._client.pages("orders", search) for row in page.items]

    async def orders_of(self, increment_ids: Collection[str]) -> list[dict[str, Any]]:
        """Orders of these numbers (`ORDER_FIELDS`), whatever their state."""
        found: list[dict[str, Any]] = []
        for search in split(_orders(), "increment_id", increment_ids):
            found += [row async for page in self._client.pages("orders", search)
                      for row in page.items]  # fmt: skip
        return found

    async def refunded_since(self, since: datetime) -> AsyncIterator[tuple[int, list[str]]]:
        """The id and the SKUs of credit memos, up to this very moment: they may put goods back into
        a source, or take them out."""
        search = Search(
            sorts=(Sort("entity_id"),), page_size=LARGEST_PAGE,
            fields=("entity_id", ("items", ("sku",))),
        ).having(where("updated_at", Op.GTEQ, since))  # fmt: skip
        async for page in self._client.pages("creditmemos", search):
            for row in page.items:
                yield int(row["entity_id"]), [str(one.get("sku")) for one in row.get("items") or []]

    async def sources(self) -> list[dict[str, Any]]:
        """All sources (source_code, name, enabled)."""
        search = Search(page_size=LARGEST_PAGE, fields=("source_code", "name", "enabled"))
        pages = self._client.pages(SOURCES, search, key="source_code")
        return [row async for page in pages for row in page.items]

    async def source_items(
        self, sources: Sequence[str], skus: Iterable[str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """`sku`, `source_code`, `quantity` and `status` of source items in these sources; of these
        SKUs where they are named."""
        base = Search(
            sorts=(Sort("sku"), Sort("source_code")), page_size=LARGEST_PAGE,
            fields=("sku", "source_code", "quantity", "status"),
        ).having(where("source_code", Op.IN, list(sources)))  # fmt: skip
        for search in [base] if skus is None else of_skus(base, skus):
            async for page in self._client.pages(SOURCE_ITEMS, search, key=""):
                for row in page.items:
                    yield row

    async def quantities(self, source: str, skus: Iterable[str]) -> dict[str, Decimal]:
        """What a source holds of these SKUs; those that it does not have are left out."""
        wanted = {(source, sku) for sku in skus}
        found = await self._quantities.get_all(sorted(wanted))
        return {sku: held for (_, sku), held in found.items() if held is not None}

    async def _held(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Decimal]:
        sources, skus = ({key[place] for key in keys} for place in (0, 1))
        held = {
            (str(row["source_code"]), str(row["sku"]).casefold()): Decimal(row["quantity"] or 0)
            async for row in self.source_items(sorted(sources), sorted(skus))
        }
        return {
            (source, sku): held[source, sku.casefold()]
            for source, sku in keys if (source, sku.casefold()) in held
        }  # fmt: skip

    async def fill(self, source: str, goods: Mapping[str, Decimal], *, not_after: datetime) -> None:
        """Make a source hold these pieces. Whether it is in stock stays as it is: what is out of
        stock can be shipped all the same (measured)."""
        found = [row async for row in self.source_items([source], goods)]
        statuses = {str(row["sku"]).casefold(): int(row["status"]) for row in found}
        items = [
            {"sku": sku, "source_code": source, "quantity": pieces,
             "status": statuses.get(sku.casefold(), 0)}
            for sku, pieces in goods.items()
        ]  # fmt: skip
        await self.save(items, not_after=not_after)

    async def save(self, items: Sequence[dict[str, Any]], *, not_after: datetime) -> None:
        """Make source items hold these quantities: `sku`, `source_code`, `quantity`, `status`."""
        async for _ in self._calls.post(items, not_after):
            pass

    async def stock_item(self, sku: str) -> dict[str, Any] | None:
        """The stock item (`qty`, `is_in_stock`); None where there is no such product."""
        try:
            found = await self._client.get(path_of("stockItems", sku))
        except NotThere:
            return None
        return found if isinstance(found, dict) else None

    async def save_stock_item(self, sku: str, item: dict[str, Any], *, not_after: datetime) -> None:
        """Make the stock item hold `qty` and `is_in_stock`. The id in the path is ignored by the
        shop (measured)."""
        path = path_of("products", sku, "stockItems", 1)
        await self._client.put(path, {"stockItem": item}, not_after=not_after)


def _products() -> Search:
    return Search(sorts=(Sort("entity_id"),), page_size=LARGEST_PAGE, fields=("sku", "type_id"))


def _orders() -> Search:
    return Search(sorts=(Sort("entity_id"),), page_size=LARGEST_PAGE, fields=ORDER_FIELDS)
