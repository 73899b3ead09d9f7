"""How many pieces of the shop one inventory unit of an item is."""

from fractions import Fraction

from sync.core.errors import Never
from sync.dynamics.on_hand import Units
from sync.dynamics.unit_conversions import Conversions
from sync.mapping_tables.records import ItemMapping


def pieces_of(item: ItemMapping, units: Units, conversions: Conversions) -> Fraction | Never:
    """By the unit of the item's row, else its sales unit, and the row's factor; or why nobody
    knows."""
    sold = item.unit or units.sales or units.inventory
    factor = conversions.factor(units.product, units.inventory, sold)
    if factor is None:
        return Never(
            f"{item.sku}: F&O has no conversion from {units.inventory} to {sold} for item"
            f" {item.item_number}",
            remedy=(
                "Add the conversion in F&O (Organization administration > Units > Unit"
                " conversions), or correct the unit of the row: map items."
            ),
        )
    return factor if item.factor == 1 else factor / Fraction(item.factor)
