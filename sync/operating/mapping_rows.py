"""Rows of the mapping tables, a page at a time, and the SKUs that records wait for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sync.app.services import Services
from sync.core.errors import Later, Never
from sync.mapping_tables.records import AccountMapping, ItemMapping, normal_sku
from sync.mapping_tables.table import MappingTable
from sync.operating.causes import Waiting

RELEASED: Final = "ReleasedProductsV2"


@dataclass(frozen=True)
class Suggestion:
    """An item that a SKU probably is, and what F&O calls it."""

    item_number: str
    name: str


@dataclass(frozen=True)
class Unmatched:
    """A SKU that is mapped to nothing, and how many parked records wait for that."""

    connection: str
    sku: str
    count: int


def items_of(services: Services, connection: str) -> MappingTable[ItemMapping]:
    """The SKUs that are mapped."""
    tables = services.edition_parts.tables
    return MappingTable(tables, f"{connection}:items", ItemMapping.from_cells)


def accounts_of(services: Services, connection: str) -> MappingTable[AccountMapping]:
    """The customers, guests and companies that are mapped."""
    tables = services.edition_parts.tables
    return MappingTable(tables, f"{connection}:accounts", AccountMapping.from_cells)


async def suggested(services: Services, connection: str, sku: str) -> Suggestion | None:
    """The item of the same number, where F&O has released one. None also where F&O does not answer:
    a person can write the number all the same."""
    systems = await services.systems_pool.open(connection)
    select = ("ItemNumber", "ProductSearchName")
    try:
        rows = await systems.dynamics.find_by(
            RELEASED, "ItemNumber", sku, company=systems.settings.dynamics.company, select=select
        )
    except (Later, Never):
        return None
    found = [row for row in rows if normal_sku(str(row["ItemNumber"])) == normal_sku(sku)]
    if len(found) != 1:
        return None
    return Suggestion(str(found[0]["ItemNumber"]), str(found[0].get("ProductSearchName") or ""))


def unmatched_in(records: Iterable[Waiting]) -> list[Unmatched]:
    """The SKUs that parked records wait for, those that hold up most first."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in records:
        counts.update((one.connection, sku) for sku in {normal_sku(sku) for sku in one.skus})
    return [Unmatched(*place, count) for place, count in counts.most_common()]
