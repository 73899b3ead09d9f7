"""SKUs that chosen custom options made longer, through both systems: the shop tells the product's
own SKU, and F&O gets its item."""

from decimal import Decimal

from sandbox.commerce.assortment import Product
from sandbox.commerce.records import StoredOrder
from sync.mapping_tables.records import ItemMapping
from tests.harness import Harness, in_both_harnesses, key_of
from tests.systems import CONNECTION

SKU, LONGER = "ENG-1", "ENG-1-TXT-MAT"
ENGRAVED = Product(
    SKU, 90, Decimal("24.95"), options=(("1", Decimal(5)), ("2", Decimal(0))),
    option_skus=("TXT", "MAT"),
)  # fmt: skip


async def engraved(harness: Harness, **wishes: int) -> StoredOrder:
    """An order of an engraved piece, whose product is mapped to an item of another name."""
    harness.commerce.sell(ENGRAVED)
    systems = await harness.services.systems_pool.open(CONNECTION)
    await systems.items.put(ItemMapping(SKU, "SIMPLE-001"))
    return harness.place(skus=(SKU,), **wishes)


@in_both_harnesses(items={"rule": "none", "custom_options": "base"})
async def test_a_sku_with_custom_options_is_the_item_of_its_product(harness: Harness) -> None:
    order = await engraved(harness)
    assert [item["sku"] for item in order.items] == [LONGER]
    await harness.delivers(order)
    assert await harness.parked() == []
    assert list(harness.lines(order)) == ["SIMPLE-001"]
    assert harness.total(order) == order.amount("subtotal") + order.amount("shipping_amount")
    assert harness.commerce.requests["GET products"] == 1
    await harness.delivers(harness.place(skus=(SKU,)))
    assert harness.commerce.requests["GET products"] == 1


@in_both_harnesses(items={"rule": "none", "custom_options": "base"})
async def test_a_row_of_its_own_goes_before_that_of_the_product(harness: Harness) -> None:
    order = await engraved(harness)
    systems = await harness.services.systems_pool.open(CONNECTION)
    await systems.items.put(ItemMapping(LONGER, "SIMPLE-002"))
    await harness.delivers(order)
    assert list(harness.lines(order)) == ["SIMPLE-002"]
    assert harness.commerce.requests["GET products"] == 0


@in_both_harnesses(items={"rule": "none"})
async def test_without_the_setting_it_is_parked_with_the_key_that_helps(harness: Harness) -> None:
    order = await engraved(harness)
    await harness.delivers(order)
    assert await harness.parked() == [key_of(order)]
    claim = await harness.claim(order)
    assert LONGER in claim.reason
    assert 'items.custom_options = "base"' in claim.remedy


@in_both_harnesses(items={"rule": "none", "custom_options": "base"})
async def test_options_of_a_product_that_the_shop_has_deleted_are_parked(harness: Harness) -> None:
    order = await engraved(harness)
    order.items[0]["product_id"] = 999
    await harness.delivers(order)
    assert LONGER in (await harness.claim(order)).reason
    assert await harness.parked() == [key_of(order)]
