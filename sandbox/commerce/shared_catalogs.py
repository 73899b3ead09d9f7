"""Shared catalogs of B2B: what buyers see, by customer group.

Adobe's code is closed. Rules are those of its guide to B2B services, its public API tests and its
patches (Magento_SharedCatalog, `ProductManagement`): a catalog has a customer group of its own, of
its name; the public one is that of guests as well. Assigning is all or nothing, and knows no
duplicates. Older releases refuse products whose categories are not in the catalog, later ones add
the categories; a SKU that is not there was taken by B2B 1.5.1 and 1.5.2 (ACSD-68011).
"""

from dataclasses import dataclass, field

from sandbox.commerce.catalogue import GROUPS
from sandbox.commerce.conditions import as_text
from sandbox.commerce.records import Columns

CUSTOM, PUBLIC = 0, 1
GUESTS, GENERAL = 0, 1


@dataclass
class SharedCatalogs:
    """`rows`: by id. `items`: SKUs as they were sent, by SKU without case, of each customer group.
    `categories`: ids, by catalog. `groups`: all customer groups of the shop. `is_on`: the shop has
    B2B. `adds_categories`: a later release; `takes_unknown`: 1.5.1 or 1.5.2."""

    rows: dict[int, Columns] = field(default_factory=dict)
    items: dict[int, dict[str, str]] = field(default_factory=dict)
    categories: dict[int, set[int]] = field(default_factory=dict)
    groups: list[Columns] = field(default_factory=lambda: [dict(one) for one in GROUPS])
    is_on: bool = True
    adds_categories: bool = True
    takes_unknown: bool = False

    def share(self, name: str, kind: int = CUSTOM) -> int:
        """An administrator makes one. A custom one brings a customer group of its own."""
        number, group = max(self.rows, default=0) + 1, GENERAL
        if kind == CUSTOM:
            group = max(int(one["id"]) for one in self.groups) + 1
            self.groups.append({**self.groups[GENERAL], "id": group, "code": name})
        self.rows[number] = {
            "id": number, "name": name, "description": name, "customer_group_id": group,
            "type": kind, "store_id": 0, "tax_class_id": 3,
        }  # fmt: skip
        self.categories[number] = set()
        return number

    def groups_of(self, number: int) -> tuple[int, ...]:
        """The customer groups whose buyers see what is in one."""
        row = self.rows[number]
        own: int = row["customer_group_id"]
        return (own, GUESTS) if row["type"] == PUBLIC else (own,)

    def sees(self, group: int, sku: str) -> bool:
        """Whether buyers of a customer group see a product. Nothing is shared before there is a
        catalog."""
        return not self.rows or as_text(sku) in self.items.get(group, {})
