"""How on-hand quantities of F&O become stock in Commerce."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import DriftPolicy, Section, Whole, YesNo


class Stock(Section):
    """Which warehouses are shown as which sources, and how much of them."""

    inventory: Literal["sources", "stock-items"] = "sources"
    """`sources`: source items of Inventory Management. `stock-items`: a shop without it, which has
    one quantity per product and reserves nothing, but lowers it as it sells; every warehouse is
    then the source `default`."""
    sources: dict[str, str] = {}
    """Warehouse in F&O -> source code in Commerce; several may share a source."""
    statuses: tuple[str, ...] = ()
    """Inventory statuses that may be sold. Empty: warehouses are read without them."""
    reserved_on_arrival: YesNo = False
    """Whether F&O reserves sales orders as they arrive. Where it does not, what is on order is
    taken off as well."""
    safety: dict[str, Whole] = {}
    """Pieces per source that are never offered, by sku; `*` for all others."""
    multiples: YesNo = False
    """Whether only whole multiples of an item's sales quantity (default order settings) are
    offered."""
    decimals: Whole = Field(default=0, ge=0, le=4)
    """Decimals of a quantity; the rest is cut off."""
    backorders: YesNo = False
    """Whether products stay in stock at quantity 0, for Commerce's own backorders."""
    most_changed_percent: Whole = Field(default=30, ge=1, le=100)
    """A run that would change more of the products shown waits for `approve`."""
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)
    drift: DriftPolicy = {}
    """What becomes of single fields that the shop shows otherwise."""

    @property
    def reserves(self) -> bool:
        """Whether the shop reserves what is ordered, beside the quantity that it is shown."""
        return self.inventory == "sources"

    @property
    def source_codes(self) -> tuple[str, ...]:
        """Each source once."""
        return tuple(dict.fromkeys(self.sources.values()))

    def safety_of(self, sku: str) -> int:
        """Pieces of a sku that are never offered."""
        return self.safety.get(sku, self.safety.get("*", 0))
