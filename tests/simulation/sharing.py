"""Shared catalogs of the shop's B2B, whose products F&O chooses by its categories while people at
the shop put products into them and take them out; and what must be in them in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from sandbox.commerce.conditions import as_text
from tests.simulation.watching import EventLog
from tests.systems import SystemsUnderTest

SHARED: Final = "shared_catalogs"
PUBLIC, CUSTOM = "Default (General)", "Wholesale, DE"
HIERARCHY, CATEGORY, RECORD = "Web", "Lamps", 72
SETTINGS: Final[dict[str, Any]] = {
    "category_hierarchy": HIERARCHY, SHARED: {PUBLIC: ("*",), CUSTOM: (str(RECORD),)},
}  # fmt: skip
"""All products in the public one, those of one category in the other."""
ASSIGNED: Final = "ProductCategoryAssignments"


@dataclass
class Sharing:
    """`once`: what F&O or people have had in each, by name."""

    systems: SystemsUnderTest
    random: Random
    event_log: EventLog
    once: dict[str, set[str]] = field(default_factory=dict)

    def begin(self) -> None:
        """The shop has both, with something that people have put there."""
        shop = self.systems.commerce.shared_catalogs
        shop.share(PUBLIC, 1)
        shop.share(CUSTOM)
        self.once = {PUBLIC: {as_text(one) for one in self._released}, CUSTOM: set()}
        name = {"ProductCategoryHierarchyName": HIERARCHY, "CategoryName": CATEGORY}
        self.systems.dynamics.put("ProductCategories", **name, CategoryRecordId=RECORD)
        for sku in self.random.sample(self._released, k=6):
            self.change(sku)

    def change(self, sku: str) -> None:
        """A product enters the category in F&O or leaves it, or people at the shop move it."""
        if self.random.random() < 0.5:
            self._assign(sku)
        else:
            self._move(sku)

    def wrong(self) -> Iterator[str]:
        """What buyers see and shall not, or the other way round. What nobody chose is nowhere."""
        is_owned = self.systems.connection.products.shared_catalogs_owned
        wanted = {PUBLIC: {as_text(one) for one in self._released}, CUSTOM: self._chosen}
        for name, shown in self._shown():
            if lacking := wanted[name] - shown:
                yield f"the shared catalog {name} lacks {sorted(lacking)}"
            if others := shown - (wanted[name] if is_owned else self.once[name]):
                yield f"nobody has chosen {sorted(others)} for the shared catalog {name}"

    @property
    def _released(self) -> list[str]:
        """SKUs of the shop that are items of F&O."""
        rows = self.systems.dynamics.store.table("ReleasedProductsV2").records.values()
        items = {as_text(str(row["ItemNumber"])) for row in rows}
        products = self.systems.commerce.catalogue.products
        return [one.sku for one in products if as_text(one.sku) in items]

    @property
    def _chosen(self) -> set[str]:
        rows = self.systems.dynamics.store.table(ASSIGNED).records.values()
        return {as_text(str(row["ProductNumber"])) for row in rows}

    def _shown(self) -> Iterator[tuple[str, set[str]]]:
        """By name; guests see what is in the public one."""
        shop = self.systems.commerce.shared_catalogs
        for number, row in shop.rows.items():
            for group in shop.groups_of(number):
                yield row["name"], {*shop.items.get(group, {})}

    def _assign(self, sku: str) -> None:
        store = self.systems.dynamics.store
        rows = store.table(ASSIGNED).records.values()
        there = [row for row in rows if row["ProductNumber"] == sku]
        for row in there:
            store.delete(ASSIGNED, row)
        if not there:
            self.systems.dynamics.put(
                ASSIGNED, ProductNumber=sku, ProductCategoryName=CATEGORY,
                ProductCategoryHierarchyName=HIERARCHY,
            )  # fmt: skip
            self.once[CUSTOM].add(as_text(sku))
        self.event_log.note(f"F&O: {sku} is {'no more' if there else 'now'} in {CATEGORY}")

    def _move(self, sku: str) -> None:
        shop = self.systems.commerce.shared_catalogs
        number, row = self.random.choice([*shop.rows.items()])
        is_in = self.random.random() < 0.5
        for group in shop.groups_of(number):
            items = shop.items.setdefault(group, {})
            items.pop(as_text(sku), None)
            if is_in:
                items[as_text(sku)] = sku
        if is_in:
            self.once[row["name"]].add(as_text(sku))
        self.event_log.note(f"shop: people {'add' if is_in else 'remove'} {sku}: {row['name']}")
