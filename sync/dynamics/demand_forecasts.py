"""Entries of forecast models in F&O (`DemandForecastEntries`).

An entry has a number of its own, by which it is known. That a number of ours is taken is inferred
from the entity, whose key may be written: `check` asks the metadata, and the first entry shows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sync.core.groups import in_groups
from sync.core.request import Request
from sync.dynamics.field_values import amount_of, text_of
from sync.dynamics.odata import Filter, instant_of, noon
from sync.dynamics.odata_client import ODataClient, Write
from sync.dynamics.on_hand import MOST_TERMS

SET: Final = "DemandForecastEntries"
NUMBER, MODEL, ITEM, START = (
    "ForecastEntryNumber", "ForecastModelId", "ItemNumber", "ForecastStartDate",
)  # fmt: skip
SITE, WAREHOUSE = "DeliveringSiteId", "DeliveringWarehouseId"
QUANTITY, UNIT = "ForecastedQuantity", "QuantityUnitSymbol"
DIMENSIONS: Final = (
    "ProductColorId", "ProductSizeId", "ProductStyleId", "ProductConfigurationId",
    "ProductVersionId",
)  # fmt: skip
FIELDS: Final = (
    "dataAreaId", NUMBER, MODEL, ITEM, *DIMENSIONS, START, SITE, WAREHOUSE, QUANTITY, UNIT,
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """An entry. `dimensions`: as `DIMENSIONS` has them. `quantity`: in `unit`."""

    company: str
    number: str
    model: str
    item: str
    dimensions: tuple[str, ...]
    start: date | None
    site: str
    warehouse: str
    quantity: Decimal
    unit: str

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Entry":
        """As F&O lists it."""
        start = instant_of(text_of(row, START))
        return cls(
            text_of(row, "dataAreaId").lower(), text_of(row, NUMBER), text_of(row, MODEL),
            text_of(row, ITEM), tuple(text_of(row, name) for name in DIMENSIONS),
            start.date() if start is not None else None, text_of(row, SITE),
            text_of(row, WAREHOUSE), amount_of(row, QUANTITY), text_of(row, UNIT),
        )  # fmt: skip

    def place(self, site: str, warehouse: str) -> tuple[str, ...]:
        """What it is the demand of, whatever its number is; without its site or warehouse where
        none is named: F&O may fill in its own."""
        told = (self.company, self.model, self.item, *self.dimensions, str(self.start))
        where = (self.site if site else "", self.warehouse if warehouse else "")
        return tuple(one.casefold() for one in (*told, *where))

    @property
    def changes(self) -> dict[str, Any]:
        """All but its key."""
        return {
            MODEL: self.model, ITEM: self.item,
            **{name: one for name, one in zip(DIMENSIONS, self.dimensions, strict=True) if one},
            **({START: noon(self.start)} if self.start is not None else {}),
            **({SITE: self.site} if self.site else {}),
            **({WAREHOUSE: self.warehouse} if self.warehouse else {}),
            QUANTITY: self.quantity, UNIT: self.unit,
        }  # fmt: skip

    @property
    def key(self) -> dict[str, str]:
        """Its key."""
        return {"dataAreaId": self.company, NUMBER: self.number}

    def created(self) -> Write:
        """As a new one. F&O refuses a second one of its number."""
        return Write("POST", SET, None, {**self.key, **self.changes})

    def changed(self) -> Write:
        """In place of what is there."""
        return Write("PATCH", SET, self.key, self.changes)


def removed(company: str, number: str) -> Write:
    """An entry goes."""
    return Write("DELETE", SET, {"dataAreaId": company, NUMBER: number})


def request_of(write: Write) -> Request:
    """What is sent, for people."""
    return Request(write.method, f"/data/{SET}", write.body)


class DemandForecasts:
    """Those of one environment. Raises as the client does."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def numbered(self, company: str, numbers: Sequence[str]) -> dict[str, Entry]:
        """Entries by their numbers in capitals, in whatever model."""
        found = await self._some(company, NUMBER, numbers)
        return {one.number.upper(): one for one in found}

    async def of_items(
        self, company: str, model: str, items: Collection[str], since: date
    ) -> list[Entry]:
        """Entries of items in a model, from this day on, of all who made one."""
        own = Filter.eq(MODEL, model) & Filter.ge(START, since)
        return await self._some(company, ITEM, sorted(set(items)), own)

    async def of_model(self, company: str, model: str, since: date) -> list[Entry]:
        """All entries of a model, from this day on."""
        where = Filter.eq("dataAreaId", company) & Filter.eq(MODEL, model) & Filter.ge(START, since)
        return await self._listed(where)

    async def write(self, writes: Sequence[Write], *, not_after: datetime) -> None:
        """All of them or none. Not safe to repeat: look for their numbers first. Where F&O gives
        new ones numbers of its own, they are deleted again: nobody would find them by ours."""
        answers = await self._client.changeset(writes, not_after=not_after)
        strays = [
            removed(str(body["dataAreaId"]), str(answer[NUMBER]))
            for write, answer in zip(writes, answers, strict=True)
            if (body := write.body) and write.method == "POST"
            and str(answer.get(NUMBER) or body[NUMBER]).casefold() != body[NUMBER].casefold()
        ]  # fmt: skip
        await self._client.changeset(strays, not_after=not_after)

    async def _some(
        self, company: str, field: str, values: Sequence[str], more: Filter | None = None
    ) -> list[Entry]:
        found: list[Entry] = []
        for some in in_groups(values, MOST_TERMS):
            where = Filter.any_of(field, some) & Filter.eq("dataAreaId", company)
            found += await self._listed(where if more is None else where & more)
        return found

    async def _listed(self, where: Filter) -> list[Entry]:
        pages = self._client.pages(
            SET, where=where, select=FIELDS, order_by=("dataAreaId", NUMBER)
        )  # fmt: skip
        return [Entry.read(row) async for rows in pages for row in rows]
