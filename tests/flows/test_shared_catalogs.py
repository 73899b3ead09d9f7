"""Products on their way into the shared catalogs of B2B."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sandbox.commerce.conditions import as_text
from sandbox.dials import Arrival, Kind
from sync.core.errors import Later
from sync.engine.claim import State
from sync.engine.drift import drift
from sync.engine.publication import EVERYTHING
from sync.flows.catalogue.shared_catalogs import shared_catalogs
from sync.mapping_tables.records import ItemMapping
from tests.flows.test_products import OTHER, SKU, category, maps, releases, tee
from tests.harness import Harness, in_harness

FLOW, WHOLESALE, PUBLIC = "shared_catalogs", "Wholesale, DE", "Default (General)"
ALL: dict[str, Any] = {PUBLIC: ["*"], "2": ["72"]}


def assigning(shared: dict[str, Any] = ALL, **settings: Any) -> dict[str, Any]:
    """The flow, for all released products; the second shared catalog is named by its id."""
    own = {"which": "released", "category_hierarchy": "Web", "shared_catalogs": shared}
    return {"flows": ("orders", FLOW), "products": {**own, **settings}}


def shares(harness: Harness) -> None:
    """The shop has a public and a custom one; F&O has a category."""
    shop = harness.commerce.shared_catalogs
    assert (shop.share(PUBLIC, 1), shop.share(WHOLESALE)) == (1, 2)
    category(harness, 72, "Lamps", SKU)


async def publishes(harness: Harness, key: str = EVERYTHING, origin: str = "poll") -> None:
    await harness.services.intake.accept(FLOW, "shop", [key], origin)
    await harness.works_until_idle()


def seen(harness: Harness, sku: str) -> tuple[bool, bool, bool]:
    """Whether guests, buyers of no company, and those of the custom catalog see it."""
    shop = harness.commerce.shared_catalogs
    custom = shop.rows[2]["customer_group_id"]
    return shop.sees(0, sku), shop.sees(1, sku), shop.sees(custom, sku)


async def drifts(harness: Harness) -> list[tuple[str, str, Any, Any]]:
    systems = await harness.services.systems_pool.open("shop")
    rows = drift(shared_catalogs, systems, harness.services.ledger)
    return [(one.key, one.scope, one.shown, one.wanted) async for one in rows]


def calls(harness: Harness) -> int:
    asked = harness.commerce.requests
    return asked[ASSIGN] + asked["POST sharedCatalog/{id}/unassignProducts"]


ASSIGN = "POST sharedCatalog/{id}/assignProducts"


@in_harness(**assigning())
async def test_buyers_see_the_products_of_their_shared_catalog_alone(harness: Harness) -> None:
    shares(harness)
    tee(harness)
    await maps(harness, ItemMapping("TEE-BLACK-S", "TEE-M", color="Black"))
    category(harness, 72, "Lamps", SKU, "TEE-M")
    await publishes(harness)
    assert seen(harness, SKU) == seen(harness, "TEE-BLACK-S") == (True, True, True)
    assert seen(harness, OTHER) == (True, True, False)
    assert (await harness.parked(FLOW), await drifts(harness), calls(harness)) == ([], [], 2)
    await publishes(harness)
    assert calls(harness) == 2
    category(harness, 72, "Lamps", OTHER)
    await publishes(harness, OTHER, "touch")
    assert seen(harness, OTHER) == (True, True, True)


@pytest.mark.parametrize("is_owned", [False, True])
@in_harness(**assigning())
async def test_what_people_assign_stays_unless_f_and_o_owns_it(
    harness: Harness, is_owned: bool
) -> None:
    shares(harness)
    settings = harness.services.connections["shop"].products
    object.__setattr__(settings, "shared_catalogs_owned", is_owned)
    shop = harness.commerce.shared_catalogs
    custom = shop.items.setdefault(shop.rows[2]["customer_group_id"], {})
    custom[as_text(OTHER)] = OTHER.lower()
    await publishes(harness)
    assert seen(harness, OTHER) == (True, True, not is_owned)
    assert seen(harness, SKU) == (True, True, True)
    ended = {"ProductCategoryAssignments": SKU, "ReleasedProductsV2": OTHER}
    for name, item in ended.items():
        rows = [*harness.dynamics.store.table(name).records.values()]
        for row in [row for row in rows if row["ProductNumber"] == item]:
            harness.dynamics.store.delete(name, row)
    await publishes(harness)
    assert (seen(harness, SKU)[2], seen(harness, OTHER)[0]) == (not is_owned, not is_owned)
    custom.clear()
    assert (await harness.parked(FLOW), await drifts(harness)) == ([], [])


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.THROTTLE])
@in_harness(**assigning())
async def test_a_lost_answer_or_a_pause_leaves_all_assigned_once(
    harness: Harness, kind: Kind
) -> None:
    shares(harness)

    def where(arrival: Arrival) -> bool:
        return arrival.path.endswith("sharedCatalog/1/assignProducts")

    harness.shop_dials.next(kind, where=where, seconds=40)
    await publishes(harness)
    await harness.shop_dials.settle()
    assert seen(harness, SKU) == (True, True, True)
    assert (await harness.claim(EVERYTHING, FLOW)).state is State.DELIVERED
    assert (await harness.parked(FLOW), await drifts(harness)) == ([], [])


@in_harness(**assigning({PUBLIC: ["*"]}))
async def test_products_that_the_shop_refuses_park_alone(harness: Harness) -> None:
    """An older release wants the categories of a product in the shared catalog first."""
    shares(harness)
    shop = harness.commerce.shared_catalogs
    shop.adds_categories = False
    harness.commerce.products.members[as_text(SKU)] = {3}
    harness.commerce.products.members[as_text(OTHER)] = {4}
    await publishes(harness)
    claim = await harness.claim(SKU, FLOW)
    assert sorted(await harness.parked(FLOW)) == [SKU, OTHER]
    assert "its categories are there, and in the shared catalog" in claim.remedy
    assert seen(harness, "SIMPLE-003")[:2] == (True, True)
    shop.categories[1] = {3, 4}
    await publishes(harness, SKU, "replay")
    assert (seen(harness, SKU)[1], await harness.parked(FLOW)) == (True, [OTHER])


@in_harness(**assigning({"Nobody's": ["*"]}))
async def test_a_shared_catalog_that_is_not_there_parks_the_run(harness: Harness) -> None:
    shares(harness)
    await publishes(harness)
    claim = await harness.claim(EVERYTHING, FLOW)
    assert (claim.state, calls(harness)) == (State.PARKED, 0)
    assert "Nobody's" in claim.reason


@in_harness(**assigning({PUBLIC: ["*"]}))
async def test_a_product_deleted_meanwhile_refuses_no_other(harness: Harness) -> None:
    shares(harness)
    releases(harness, SKU, name="A lamp")
    catalogue = harness.commerce.catalogue
    systems = await harness.services.systems_pool.open("shop")
    await systems.commerce.inventory.types()  # remembered, as deleted products are for a while
    left = tuple(one for one in catalogue.products if one.sku != SKU)
    harness.commerce.catalogue = type(catalogue)(products=left)
    await publishes(harness)
    assert (seen(harness, OTHER)[1], await harness.parked(FLOW)) == (True, [])
    assert calls(harness) == 2


@in_harness(**assigning())
async def test_a_product_that_is_new_while_a_look_at_the_shop_fails_is_found_by_the_next(
    harness: Harness,
) -> None:
    shop, sku = harness.commerce, "LATE-1"
    systems = await harness.services.systems_pool.open("shop")
    assert sku not in await systems.commerce.inventory.types()
    await asyncio.sleep(3600)
    product = replace(shop.catalogue.by_sku[OTHER.casefold()], sku=sku, product_id=9001)
    shop.catalogue = type(shop.catalogue)(products=(*shop.catalogue.products, product))
    shop.products.stamps[sku] = f"{shop.clock.now():%Y-%m-%d %H:%M:%S}"
    await asyncio.sleep(600)

    def is_list(arrival: Arrival) -> bool:
        return arrival.method == "GET" and arrival.path.endswith("V1/products")

    harness.shop_dials.next(Kind.ERROR_BEFORE, where=is_list, times=20)
    with pytest.raises(Later):
        await systems.commerce.inventory.types()
    harness.shop_dials.plan.clear()
    await asyncio.sleep(3600)
    assert sku in await systems.commerce.inventory.types()
