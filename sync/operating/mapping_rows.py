"""Rows of the mapping tables, a page at a time, and the SKUs that records wait for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sync.app.services import Services
from sync.mapping_tables.records import AccountMapping, ItemMapping, normal_sku
from sync.mapping_tables.table import MappingTable
from sync.operating.causes import Waiting


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


def unmatched_in(records: Iterable[Waiting]) -> list[Unmatched]:
    """The SKUs that parked records wait for, those that hold up most first."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in records:
        counts.update((one.connection, sku) for sku in {normal_sku(sku) for sku in one.skus})
    return [Unmatched(*place, count) for place, count in counts.most_common()]
