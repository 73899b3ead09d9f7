"""The rows of the publication of options: of each select attribute, the labels that are needed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from sync.commerce.models.product_attribute import folded_label
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.chosen_items import chosen_items, mapped_items
from sync.flows.catalogue.product_reading import described, read, released_products, variant_of
from sync.mapping.product_attributes import labels_to_show
from sync.mapping.unshowable import Unshowable

OPTIONS: Final = "options"


@dataclass(frozen=True)
class ShownOptions(Shown):
    """The options of an attribute. `labels`: as F&O spells them."""

    labels: tuple[str, ...] = ()


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All select attributes that F&O owns; none where options are not to be made."""
    if systems.settings.products.options != "create":
        return
    for code, labels in (await _labels(systems)).items():
        yield ShownOptions(code, content_of([*labels.values()]), labels=tuple(labels.values()))


async def one(code: str, systems: Systems, ledger: Ledger) -> Shown:
    """One attribute; what is none is asked nobody for, as the SKU that a person touches."""
    if code not in systems.settings.products.attribute_codes:
        return Shown(code, None)
    async for row in every(systems, ledger):
        if row.key == code:
            return row
    return Shown(code, None)


def content_of(labels: list[str]) -> dict[str, Any]:
    """As contents have options: the shop compares labels without case."""
    return {OPTIONS: dict.fromkeys(sorted(map(folded_label, labels)), True)}


async def _labels(systems: Systems) -> dict[str, dict[str, str]]:
    """By attribute and label without case. A product that cannot be shown asks for none."""
    released = await released_products(systems)
    chosen = await chosen_items(systems, await mapped_items(systems), released)
    reading = await read(systems, chosen, {})
    found: dict[str, dict[str, str]] = {}
    for product in chosen:
        if product.item is None:
            continue
        try:
            variant = variant_of(product.item, product.released, reading)
            known = described(product, product.item, variant, reading)
            labels = [*labels_to_show(known.sku, known.attributes, systems.settings.products)]
        except (LookupError, Unshowable):
            continue
        for code, label in labels:
            found.setdefault(code, {}).setdefault(folded_label(label), label)
    return found
