"""Products that F&O names, and whose material an attribute of the shop shows: what becomes of both
while a world lasts, and what the shop must show in the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from sandbox.commerce.products import columns_of, known_product
from sync.commerce.models.product_attribute import folded_label
from tests.simulation.watching import EventLog
from tests.systems import SystemsUnderTest

MATERIAL: Final = "material"
MATERIALS: Final = ("Oak", "Elm", "Ash")
SETTINGS: Final = {
    "which": "released", "fields": ("name",), "options": "create", "poll_minutes": 10,
    "attributes": {MATERIAL: {"name": "Material"}},
}  # fmt: skip
"""What F&O owns of products."""


@dataclass
class Assortment:
    """`names`, `materials`: what F&O says by SKU."""

    systems: SystemsUnderTest
    skus: Sequence[str]
    random: Random
    event_log: EventLog
    names: dict[str, str] = field(default_factory=dict)
    materials: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Some products have a material; the shop has an option for one of them."""
        self.systems.commerce.products.attributes.define(MATERIAL, "select", MATERIALS[0])
        for sku in self.skus:
            self._rename(sku)
            if self.random.random() < 0.5:
                self._make_of(sku)

    def change(self, sku: str) -> None:
        """A product gets another name, or is made of something else."""
        (self._rename if self.random.random() < 0.5 else self._make_of)(sku)

    def _rename(self, sku: str) -> None:
        self.names[sku] = f"{sku} {self.random.randint(1, 999)}"
        self.systems.dynamics.put("ProductsV2", ProductNumber=sku, ProductName=self.names[sku])
        self.event_log.note(f"F&O: {sku} is called {self.names[sku]}")

    def _make_of(self, sku: str) -> None:
        self.materials[sku] = self.random.choice(MATERIALS)
        self.systems.dynamics.put(
            "ProductAttributeValuesV3", ProductNumber=sku, AttributeTypeName="Text",
            AttributeName="Material", DataType="Text", TextValue=self.materials[sku],
        )  # fmt: skip
        self.event_log.note(f"F&O: {sku} is made of {self.materials[sku]}")

    def wrong_products(self) -> Iterator[str]:
        """Names and materials that are not those of F&O."""
        labels = self._labels()
        for sku in self.skus:
            product = known_product(self.systems.commerce, sku)
            there: dict[str, Any] = (
                columns_of(self.systems.commerce, product, "all") if product else {}
            )
            shown = there.get("name"), labels.get(str(there.get(MATERIAL)))
            wanted = self.names[sku], self.materials.get(sku)
            if shown != wanted:
                yield f"{sku}: the shop shows {shown}, and F&O says {wanted}"

    def wrong_options(self) -> Iterator[str]:
        """Labels that the shop has twice, or that nobody needs."""
        labels = [folded_label(one) for one in self._labels().values()]
        if len(labels) != len({*labels}):
            yield f"an option of {MATERIAL} is there twice: {labels}"
        if others := {*labels} - {folded_label(one) for one in MATERIALS}:
            yield f"nobody needs {others}"

    def _labels(self) -> dict[str, str]:
        options = self.systems.commerce.products.attributes.by_code[MATERIAL].options
        return {str(number): label for number, label in options.items()}
