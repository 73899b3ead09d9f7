"""What links a configurable product of the shop with its variants."""

from collections.abc import Mapping
from typing import Any, Final

from sync.commerce.models.product_attribute import ShopAttribute
from sync.engine.systems import Systems
from sync.mapping.configurables import AXES, CHILDREN
from sync.mapping_tables.records import normal_sku

LINKS: Final = "configurable_product_links"
OPTIONS: Final = "configurable_product_options"


async def variants_shown(
    linked: Mapping[str, Mapping[str, Any]],
    attributes: Mapping[str, ShopAttribute],
    systems: Systems,
) -> dict[str, dict[str, Any]]:
    """What configurable products offer, by SKU, as contents have it. `linked`: their extension
    attributes."""
    ids = {int(one) for row in linked.values() for one in row.get(LINKS) or []}
    skus = await systems.commerce.products.skus(ids)
    codes = {one.number: code for code, one in attributes.items()}

    def code_of(option: Mapping[str, Any]) -> str:
        number = int(option["attribute_id"])
        return codes.get(number, str(number))

    return {
        sku: {
            CHILDREN: sorted(normal_sku(skus.get(int(n), str(n))) for n in row.get(LINKS) or []),
            AXES: sorted(code_of(one) for one in row.get(OPTIONS) or []),
        }
        for sku, row in linked.items()
    }  # fmt: skip


async def links_of(values: Mapping[str, Any], systems: Systems) -> dict[str, Any]:
    """The whole list of variants, and what tells them apart. Repeating it changes nothing; a
    variant that is not in it is let go. One value of each attribute is enough: the shop takes the
    others from the variants (measured)."""
    shop = systems.commerce.product_data
    ids = {normal_sku(sku): one for sku, one in (await shop.ids(values[CHILDREN])).items()}
    known = await shop.attributes(values[AXES])
    options = [
        {
            "attribute_id": str(known[code].number), "label": code, "position": place,
            "values": [{"value_index": int(one)} for one in [*known[code].options.values()][:1]],
        }
        for place, code in enumerate(values[AXES])
    ]  # fmt: skip
    links = [ids[sku] for sku in values[CHILDREN] if sku in ids]
    return {"extension_attributes": {OPTIONS: options, LINKS: links}}
