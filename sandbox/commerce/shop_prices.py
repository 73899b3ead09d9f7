"""The prices that a shop has stored beside its products' own."""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.commerce.assortment import Product
from sandbox.commerce.conditions import as_text
from sandbox.commerce.records import Columns

TierKey = tuple[str, str, Decimal]


@dataclass
class ShopPrices:
    """Prices of all websites, by SKU without case; tiers by SKU, group (both without case) and
    quantity. `by_store` and `specials` by store view and SKU."""

    base: dict[str, Decimal] = field(default_factory=dict)
    tiers: dict[TierKey, Columns] = field(default_factory=dict)
    by_store: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    specials: dict[tuple[int, str], Columns] = field(default_factory=dict)

    def base_of(self, product: Product) -> Decimal:
        """The base price."""
        return self.base.get(as_text(product.sku), product.price)
