"""Every cause that would park a record: it is mapped again as if the rows that it lacks were there,
until nothing more is missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from typing_extensions import override

from sync.checks.causes import OF_SKUS, Causes
from sync.config.connections import Connection, Payment, SegmentHome, TaxGroups
from sync.core.errors import Missing
from sync.engine.systems import Systems
from sync.mapping_tables.records import ItemMapping, normal_sku
from sync.mapping_tables.tables import ItemMappings
from sync.preview.input_files import Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview

SOMETHING: Final = "?"
SUPPOSED: Final[Mapping[str, Any]] = {
    "orders.payments": Payment(),
    "orders.deliveries": SOMETHING,
    "orders.taxes": TaxGroups(),
    "orders.segments": SegmentHome(item=SOMETHING),
    "customers.countries": SOMETHING,
    "customers.groups": SOMETHING,
    "customers.currency": "XTS",
    "invoices.banks": SOMETHING,
    "invoices.accounts": SOMETHING,
    "invoices.revenue_account": SOMETHING,
    "companies.sales_representatives": SOMETHING,
}
"""What a missing row is taken to be while the rest of the record is looked at."""
SUPPOSABLE: Final = frozenset({*OF_SKUS, *SUPPOSED})


class SupposedItems(ItemMappings):
    """The mapping table, asked once for each sku (`known`), and the items that are supposed to be
    in it."""

    def __init__(
        self, items: ItemMappings, known: dict[str, ItemMapping | None], rows: Iterable[Missing]
    ) -> None:
        self._there, self._known = items, known
        self._assumed = {
            normal_sku(one.key): ItemMapping(one.key, SOMETHING)
            for one in rows
            if one.table in OF_SKUS
        }

    @override
    async def many(self, skus: Iterable[str]) -> dict[str, ItemMapping]:
        wanted = {normal_sku(sku): sku for sku in skus}
        unseen = {key: sku for key, sku in wanted.items() if key not in self._known}
        found = await self._there.many(unseen.values()) if unseen else {}
        self._known |= {key: found.get(key) for key in unseen}
        known = {key: item for key in wanted if (item := self._known[key]) is not None}
        return {**self._assumed, **known}

    @override
    async def by_base(self, with_options: Mapping[str, int]) -> dict[str, ItemMapping]:
        return await self._there.by_base(with_options)


@dataclass(frozen=True)
class Supposing:
    """Collects causes. `known`: what the mapping table said of a sku, asked once for each."""

    causes: Causes
    known: dict[str, ItemMapping | None] = field(default_factory=dict)

    def items_of(self, items: ItemMappings, rows: Iterable[Missing] = ()) -> ItemMappings:
        """The mapping table as if these rows were in it."""
        return SupposedItems(items, self.known, rows)

    async def collect(self, kind: Kind, document: Any, found: Preview, systems: Systems) -> None:
        """Count a previewed record under each cause that would park it, or keep something of it
        back."""
        supposed: set[Missing] = set()
        if found.outcome == "deliver" and found.missing:
            self.causes.add(kind, found)
        while found.outcome == "park":
            self.causes.add(kind, found)
            fresh = {one for one in found.missing if one.table in SUPPOSABLE} - supposed
            if not fresh:
                return
            supposed |= fresh
            settings = with_rows(systems.settings, supposed)
            items = self.items_of(systems.items, supposed)
            found = await preview(kind, document, replace(systems, settings=settings, items=items))


def with_rows(settings: Connection, rows: Iterable[Missing]) -> Connection:
    """The settings as if these rows were written."""
    for row in rows:
        if row.table in OF_SKUS:
            continue
        section_name, _, name = row.table.partition(".")
        section, value = getattr(settings, section_name), SUPPOSED[row.table]
        table = getattr(section, name)
        written = {**table, row.key: value} if isinstance(table, Mapping) else value
        settings = settings.model_copy(
            update={section_name: section.model_copy(update={name: written})}
        )
    return settings
