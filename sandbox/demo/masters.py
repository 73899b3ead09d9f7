"""What F&O sells beside the shelf in the demo: product masters with variants in colours and sizes,
which the shops have from the product flow alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from sandbox.demo.systems import Ledger
from sandbox.terms import COLORS, SIZES, UNIT, item_numbers
from sync.mapping_tables.tables import ItemMapping

EACH: Final = len(COLORS) * len(SIZES) + 1
"""Products of a master, itself among them."""
GERMAN: Final = "Mütze"


@dataclass(frozen=True)
class Masters:
    """So many in each shop; an item's number is the SKU of its master."""

    count: int = 0

    @classmethod
    def beside(cls, products: int, shops: int) -> Self:
        """As many as make so many products in all shops together."""
        missing = products - shops * len(item_numbers())
        return cls(max(0, -(-missing // (shops * EACH))))

    @property
    def numbers(self) -> list[str]:
        """Their item numbers."""
        return [f"CAP-{number:03}" for number in range(1, self.count + 1)]

    def some(self) -> "Masters":
        """One in four, which waves change."""
        return Masters(-(-self.count // 4))

    def variants(self) -> list[ItemMapping]:
        """The row of each variant."""
        return [
            ItemMapping(f"{item}-{color}-{size}".upper(), item, unit=UNIT, color=color, size=size)
            for item in self.numbers for color in COLORS for size in SIZES
        ]  # fmt: skip

    def mappings(self) -> Iterator[ItemMapping]:
        """The rows of all."""
        yield from (ItemMapping(item, item, unit=UNIT) for item in self.numbers)
        yield from self.variants()

    def goods(self, pieces: int) -> list[Mapping[str, Any]]:
        """So many pieces of each variant, as F&O takes them in."""
        return [
            {
                "item": one.item_number, "quantity": pieces, "ProductColorId": one.color,
                "ProductSizeId": one.size,
            }
            for one in self.variants()
        ]  # fmt: skip

    async def release(self, ledger: Ledger) -> None:
        """F&O releases them, named in two languages."""
        names = {item: f"Cap {item}" for item in self.numbers}
        body = {"names": names, "colors": COLORS, "sizes": SIZES}
        await ledger.ask("POST", "/sandbox/masters", body)
        german = {item: f"{GERMAN} {item}" for item in self.numbers}
        await ledger.ask("POST", "/sandbox/translations", {"language": "de", "names": german})
