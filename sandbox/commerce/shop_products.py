"""What was written of a shop's products: in all store views, and in single ones, which show what is
written there before it."""

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.commerce.assortment import Product
from sandbox.commerce.attributes import Attributes
from sandbox.commerce.conditions import as_text
from sandbox.commerce.records import Columns

ALL: Final = "all"
RULES: Final[Columns] = {
    "use_config_min_sale_qty": 1, "min_sale_qty": 1, "use_config_max_sale_qty": True,
    "max_sale_qty": 10000, "use_config_qty_increments": True, "qty_increments": 0,
    "use_config_enable_qty_inc": True, "enable_qty_increments": False,
}  # fmt: skip
"""The limits of an order in a stock item nobody changed, as recorded."""


@dataclass
class ShopProducts:
    """Values by SKU without case, and by scope: attribute code -> value. `rules`: those of stock
    items. `members`: ids of categories by SKU. `links`: what configurable products offer,
    `media`: images, both by SKU.
    `stamps`: time of change by SKU. `tax_classes`, `attribute_sets`: names by id."""

    values: dict[tuple[str, str], Columns] = field(default_factory=dict)
    attributes: Attributes = field(default_factory=Attributes)
    categories: dict[int, str] = field(default_factory=lambda: {3: "Lamps", 4: "Sale", 5: "New"})
    members: dict[str, set[int]] = field(default_factory=dict)
    media: dict[str, list[Columns]] = field(default_factory=dict)
    last_image: int = 0
    links: dict[str, Columns] = field(default_factory=dict)
    rules: dict[str, Columns] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)
    tax_classes: dict[int, str] = field(default_factory=lambda: {2: "Taxable Goods", 5: "Reduced"})
    attribute_sets: dict[int, str] = field(default_factory=lambda: {4: "Default"})

    def shown(self, product: Product, scope: str) -> Columns:
        """What a scope shows of a product that was written."""
        sku = as_text(product.sku)
        return {**self.values.get((sku, ALL), {}), **self.values.get((sku, scope), {})}

    def write(self, product: Product, scope: str, values: Columns, before: Columns) -> None:
        """Write values in a scope. `before`: what all store views show. In a store view null takes
        a value back, and one that all show is not kept (measured)."""
        stored = self.values.setdefault((as_text(product.sku), scope), {})
        for code, value in values.items():
            is_own = scope == ALL or (value is not None and value != before.get(code))
            if is_own:
                stored[code] = value
            else:
                stored.pop(code, None)

    def rules_of(self, sku: str) -> Columns:
        """The limits of an order of a SKU."""
        return {**RULES, **self.rules.get(as_text(sku), {})}

    def set_rules(self, sku: str, sent: Columns) -> None:
        """Those that are sent; a value without its flag is ignored (measured)."""
        kept: dict[str, Any] = {name: value for name, value in sent.items() if name in RULES}
        for name in ("min_sale_qty", "max_sale_qty", "qty_increments"):
            if f"use_config_{name}" not in kept:
                kept.pop(name, None)
        self.rules.setdefault(as_text(sku), {}).update(kept)
