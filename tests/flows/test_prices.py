"""Sales prices on their way into the shop: found as F&O finds them, shown where a shop can show
them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from sync.engine.drift import drift
from sync.engine.publication import EVERYTHING
from sync.flows.catalogue.prices import prices
from tests.flows.test_stock import mapped
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

SKU, OTHER, BOX = "SIMPLE-001", "SIMPLE-002", "SIMPLE-003"
PRICES: dict[str, Any] = {
    "flows": ("orders", "prices"),
    "prices": {"currency": "USD", "groups": {"RETAIL": "Retailer"}},
}
MORE: dict[str, Any] = {
    **PRICES,
    "prices": {
        **PRICES["prices"], "customers": {"US-777": "Wholesale"}, "line_discounts": True,
        "special_prices": "dated",
    },
}  # fmt: skip
RECORDS: Iterator[int] = iter(range(1, 10_000))


def released(harness: Harness) -> None:
    """Every product has a price of 10 in F&O."""
    for product in harness.commerce.catalogue.products:
        sells(harness, product.sku, price=Decimal(10))
    harness.commerce.prices.base |= {SKU.casefold(): Decimal(1)}


def sells(harness: Harness, item: str, *, price: Decimal, quantity: int = 1) -> None:
    values = {"SalesPrice": price, "SalesPriceQuantity": Decimal(quantity)}
    harness.dynamics.put("ReleasedProductsV2", dataAreaId=COMPANY, ItemNumber=item, **values)


def agrees(harness: Harness, price: Any, group: str = "", **more: Any) -> None:
    """A trade agreement is posted."""
    whole = {
        "ItemNumber": SKU, "PriceCustomerGroupCode": group, "Price": Decimal(price),
        "SalesPriceQuantity": Decimal(1), "PriceCurrencyCode": "USD", "QuantityUnitySymbol": "ea",
        "WillSearchContinue": "Yes", "RecordId": next(RECORDS), **more,
    }  # fmt: skip
    harness.dynamics.put("SalesPriceAgreements", dataAreaId=COMPANY, **whole)


async def publishes(harness: Harness, key: str = EVERYTHING, origin: str = "poll") -> None:
    await harness.services.intake.accept("prices", "shop", [key], origin)
    await harness.works_until_idle()


def shown(harness: Harness, sku: str = SKU) -> dict[str, str]:
    """The base price and the tiers of a product."""
    shop = harness.commerce.prices
    found = {"base": f"{shop.base[sku.casefold()]:f}"}
    for (name, group, quantity), row in shop.tiers.items():
        if name == sku.casefold():
            found[f"{group}|{quantity:f}"] = f"{row['price']:f}"
    return found


async def drifts(harness: Harness) -> list[Any]:
    systems = await harness.services.systems_pool.open("shop")
    return [one async for one in drift(prices, systems, harness.services.ledger)]


@in_harness(**PRICES)
async def test_base_prices_and_tiers_are_shown_and_only_what_differs_is_sent(
    harness: Harness,
) -> None:
    released(harness)
    sells(harness, OTHER, price=Decimal("99.99"), quantity=100)
    agrees(harness, 9, FromQuantity=Decimal(5))
    agrees(harness, 7, "RETAIL")
    agrees(harness, 6, "OTHERS")
    await publishes(harness)
    assert shown(harness) == {"base": "10.00", "all groups|5": "9.00", "retailer|1": "7.00"}
    assert shown(harness, OTHER) == {"base": "1.00"}
    assert await drifts(harness) == []
    writes = harness.commerce.requests["POST products/base-prices"]
    await publishes(harness)
    assert harness.commerce.requests["POST products/base-prices"] == writes


@in_harness(**MORE)
async def test_prices_of_journals_that_nobody_has_posted_are_not_even_read(
    harness: Harness,
) -> None:
    """F&O shows open lines in sets of their own; agreements are what was posted."""
    asked = set[str]()

    def where(arrival: Arrival) -> bool:
        asked.add(arrival.path.rpartition("/")[2])
        return False

    harness.ledger_dials.next(Kind.LOST, where=where)
    released(harness)
    agrees(harness, 9, FromQuantity=Decimal(5))
    await publishes(harness)
    assert shown(harness) == {"base": "10.00", "all groups|5": "9.00"}
    named = {one for one in asked if "Price" in one or "Journal" in one or "Agreement" in one}
    assert named == {"SalesPriceAgreements", "SalesLineDiscountAgreements"}


@in_harness(**PRICES)
async def test_a_tier_that_is_gone_in_f_and_o_goes_and_those_of_others_stay(
    harness: Harness,
) -> None:
    released(harness)
    agrees(harness, 7, "RETAIL", PriceApplicableToDate=noon(days=1))
    await publishes(harness)
    for group in ("Wholesale", "Retailer"):
        key = (SKU.casefold(), group.casefold(), Decimal(50))
        harness.commerce.prices.tiers[key] = {
            "sku": SKU, "price": Decimal(2), "price_type": "fixed", "website_id": 0,
            "customer_group": group, "quantity": Decimal(50),
        }  # fmt: skip
    await harness.works_for(timedelta(days=2).total_seconds())
    await publishes(harness)
    assert shown(harness) == {"base": "10.00", "wholesale|50": "2"}
    assert await drifts(harness) == []


def noon(**later: Any) -> datetime:
    return datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(**later)


@in_harness(**PRICES)
async def test_date_windows_begin_and_end_by_themselves(harness: Harness) -> None:
    released(harness)
    agrees(harness, 8, PriceApplicableFromDate=noon(days=2), PriceApplicableToDate=noon(days=3))
    seen = []
    for _ in range(5):
        await publishes(harness)
        seen.append(shown(harness)["base"])
        await harness.works_for(timedelta(days=1).total_seconds())
    assert seen == ["10.00", "10.00", "8.00", "8.00", "10.00"]


@in_harness(**PRICES)
async def test_what_cannot_be_shown_parks_alone_and_keeps_its_price(harness: Harness) -> None:
    released(harness)
    sells(harness, SKU, price=Decimal(0))
    agrees(harness, 12, "RETAIL", ItemNumber=OTHER, WillSearchContinue="No")
    agrees(harness, -3, ItemNumber="SIMPLE-004")
    generic = {"PriceCurrencyCode": "EUR", "IsGenericCurrencySearchEnabled": "Yes"}
    agrees(harness, 9, ItemNumber="SIMPLE-005", **generic)
    await publishes(harness)
    parked = await harness.parked("prices")
    assert sorted(parked) == [SKU, OTHER, "SIMPLE-004", "SIMPLE-005"]
    assert "generic currency" in (await harness.claim("SIMPLE-005", "prices")).reason
    assert "the price -3.00" in (await harness.claim("SIMPLE-004", "prices")).reason
    assert shown(harness) == {"base": "1"}
    assert shown(harness, BOX) == {"base": "10.00"}
    claim = await harness.claim(OTHER, "prices")
    assert "price group RETAIL" in claim.reason
    sells(harness, SKU, price=Decimal(5))
    await publishes(harness, SKU, "touch")
    assert shown(harness) == {"base": "5.00"}
    assert await harness.parked("prices") == [OTHER, "SIMPLE-004", "SIMPLE-005"]


@in_harness(**PRICES)
async def test_a_price_and_its_tiers_that_change_between_two_reads_are_read_again(
    harness: Harness,
) -> None:
    """F&O has no read of both: an old base price below a new tier is nobody's mistake."""
    released(harness)
    agrees(harness, 9, "RETAIL", FromQuantity=Decimal(10), RecordId=77)

    def changed_before(arrival: Arrival) -> bool:
        if arrival.path.endswith("/SalesPriceAgreements"):
            sells(harness, SKU, price=Decimal(15))
            agrees(harness, 12, "RETAIL", FromQuantity=Decimal(10), RecordId=77)
        return False

    await publishes(harness)
    harness.ledger_dials.next(Kind.LOST, where=changed_before)
    await publishes(harness, SKU, "touch")
    assert shown(harness) == {"base": "15.00", "retailer|10": "12.00"}
    claim = await harness.services.ledger.claim("shop", "prices", SKU)
    assert claim.state is State.DELIVERED


@in_harness(**PRICES)
async def test_prices_are_of_the_piece_that_the_shop_sells(harness: Harness) -> None:
    harness.dynamics.put(
        "UnitOfMeasureConversions", FromUnitSymbol="box", ToUnitSymbol="ea", Factor=Decimal(12),
        Numerator=1, Denominator=1,
    )  # fmt: skip
    released(harness)
    await mapped(harness, BOX, "box")
    agrees(harness, 100, ItemNumber=BOX, FromQuantity=Decimal(5), QuantityUnitySymbol="box")
    agrees(harness, 1, ItemNumber=BOX)
    await publishes(harness)
    assert shown(harness, BOX) == {"base": "120.00", "all groups|5": "100.00"}


@in_harness(**PRICES)
async def test_a_unit_without_conversion_parks_unless_an_agreement_is_in_it(
    harness: Harness,
) -> None:
    released(harness)
    for sku in (SKU, BOX):
        await mapped(harness, sku, "kg")
    agrees(harness, 4, ItemNumber=BOX, QuantityUnitySymbol="kg")
    await publishes(harness)
    assert await harness.parked("prices") == [SKU]
    assert "no conversion from kg to ea" in (await harness.claim(SKU, "prices")).reason
    assert shown(harness, BOX) == {"base": "4.00"}


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE])
@pytest.mark.parametrize("path", ["base-prices", "tier-prices"])
@in_harness(**PRICES)
async def test_a_lost_answer_leaves_what_f_and_o_says_last(
    harness: Harness, kind: Kind, path: str
) -> None:
    released(harness)
    agrees(harness, 7, "RETAIL", RecordId=77)
    await publishes(harness)

    def where(arrival: Arrival) -> bool:
        return arrival.path.endswith(path)

    harness.shop_dials.next(kind, where=where, seconds=40)
    sells(harness, SKU, price=Decimal(11))
    agrees(harness, 6, "RETAIL", RecordId=77)
    await harness.services.intake.accept("prices", "shop", [EVERYTHING], "poll")
    await harness.works_for(5)
    sells(harness, SKU, price=Decimal(12))
    await harness.shop_dials.settle()
    await publishes(harness)
    assert shown(harness) == {"base": "12.00", "retailer|1": "6.00"}
    assert (await harness.claim(EVERYTHING, "prices")).state is State.DELIVERED


@in_harness(**PRICES)
async def test_a_group_that_the_shop_lacks_parks_its_rows_and_not_the_others(
    harness: Harness,
) -> None:
    released(harness)
    agrees(harness, 7, "RETAIL")
    settings = harness.services.connections["shop"].prices.groups
    settings["RETAIL"] = "Nobody"
    await publishes(harness)
    assert await harness.parked("prices") == [SKU]
    assert "No such entity with Customer Group" in (await harness.claim(SKU, "prices")).reason
    assert shown(harness, OTHER) == {"base": "10.00"}


@pytest.mark.parametrize("key", [EVERYTHING, SKU], ids=["run", "row"])
@in_harness(**PRICES)
async def test_a_price_that_was_taken_in_part_goes_when_the_former_one_is_wanted_again(
    harness: Harness, key: str
) -> None:
    """The shop takes the base price of a promotion and refuses its tier."""
    released(harness)
    await publishes(harness)
    settings = harness.services.connections["shop"].prices.groups
    settings["RETAIL"] = "Nobody"
    sells(harness, SKU, price=Decimal(3))
    agrees(harness, 2, "RETAIL")
    await publishes(harness, key)
    assert await harness.parked("prices") == [SKU]
    assert shown(harness) == {"base": "3.00"}
    sells(harness, SKU, price=Decimal(10))
    store = harness.dynamics.store
    (agreement,) = store.table("SalesPriceAgreements").records.values()
    store.delete("SalesPriceAgreements", agreement)
    await publishes(harness)
    assert shown(harness) == {"base": "10.00"}
    assert await harness.parked("prices") == []


@in_harness(**PRICES)
async def test_a_product_that_is_deleted_between_base_prices_and_tiers_holds_up_no_other(
    harness: Harness,
) -> None:
    """One unknown SKU makes a whole call of tiers fail: it is found by one question."""
    released(harness)
    for sku in (SKU, OTHER, BOX):
        agrees(harness, 7, "RETAIL", ItemNumber=sku)
    shop = harness.commerce

    def and_delete(arrival: Arrival) -> bool:
        if arrival.path.endswith("tier-prices-information"):
            left = tuple(one for one in shop.catalogue.products if one.sku != OTHER)
            shop.catalogue = replace(shop.catalogue, products=left)
        return False

    harness.shop_dials.next(Kind.LOST, where=and_delete)
    await publishes(harness)
    assert await harness.parked("prices") == []
    assert all(shown(harness, sku)["retailer|1"] == "7.00" for sku in (SKU, BOX))
    assert harness.commerce.requests["POST products/tier-prices"] <= 4


@in_harness(**PRICES)
async def test_cost_and_margin_are_not_even_read(harness: Harness) -> None:
    released(harness)
    asked: list[str] = []
    parts = harness.systems.edition_parts(asked=lambda request: asked.append(str(request.url)))
    await harness.services.close()
    harness.services = type(harness.services)(
        harness.systems.connections, tuple(harness.services.flows.values()), parts
    )
    await publishes(harness)
    assert any("SalesPrice" in url for url in asked)
    assert not [url for url in asked if "Cost" in url or "Purchase" in url or "Margin" in url]


def discounts(harness: Harness, percent: int, group: str = "", **more: Any) -> None:
    """A line discount is posted."""
    whole = {
        "LineDiscountCustomerGroupCode": group, "DiscountPercentage1": Decimal(percent),
        "DiscountCurrencyCode": "USD", "WillSearchContinue": "Yes", "RecordId": next(RECORDS),
        **more,
    }  # fmt: skip
    harness.dynamics.put("SalesLineDiscountAgreements", dataAreaId=COMPANY, **whole)


@in_harness(**{**PRICES, "prices": {**PRICES["prices"], "searched": ["group"]}})
async def test_agreements_that_f_and_o_does_not_search_are_left_out(harness: Harness) -> None:
    released(harness)
    agrees(harness, 9, "RETAIL")
    agrees(harness, 7)
    await publishes(harness, SKU)
    assert shown(harness) == {"base": "10.00", "retailer|1": "9.00"}


@in_harness(**MORE)
async def test_a_mapped_customer_has_prices_of_its_own_less_its_discounts(
    harness: Harness,
) -> None:
    released(harness)
    harness.dynamics.put(
        "CustomersV3", dataAreaId=COMPANY, CustomerAccount="US-777", LineDiscountCode="LD1",
        DiscountPriceGroupId="RETAIL",
    )  # fmt: skip
    agrees(harness, 9, "RETAIL")
    agrees(harness, 8, CustomerAccountNumber="US-777")
    agrees(harness, 1, CustomerAccountNumber="US-778")
    discounts(harness, 10, "LD1", ItemNumber=SKU, DiscountPercentage2=Decimal(50))
    discounts(harness, 5, "LD1", LineDiscountProductGroupCode="OTHERS")
    await publishes(harness)
    assert shown(harness) == {"base": "10.00", "retailer|1": "9.00", "wholesale|1": "3.60"}
    assert shown(harness, OTHER) == {"base": "10.00"}
    assert await drifts(harness) == []


@in_harness(**MORE)
async def test_a_price_of_everybody_that_ends_is_a_special_price_until_then(
    harness: Harness,
) -> None:
    released(harness)
    harness.commerce.prices.specials[0, OTHER.casefold()] = {
        "sku": OTHER, "store_id": 0, "price": Decimal(3), "price_from": None, "price_to": None,
    }  # fmt: skip
    agrees(harness, 9, "RETAIL")
    agrees(harness, 8, PriceApplicableToDate=noon(days=1), RecordId=77)
    await publishes(harness)
    (special,) = harness.commerce.prices.specials.values()
    assert special == {
        "sku": SKU, "store_id": 0, "price": Decimal(8), "price_from": "2026-03-02 00:00:00",
        "price_to": "2026-03-03 00:00:00",
    }  # fmt: skip
    assert shown(harness) == {"base": "10.00", "retailer|1": "9.00"}
    assert await drifts(harness) == []
    agrees(harness, 7, PriceApplicableToDate=noon(days=1), RecordId=77)
    await publishes(harness)
    assert [one["price"] for one in harness.commerce.prices.specials.values()] == [7]
    await harness.works_for(timedelta(days=2).total_seconds())
    await publishes(harness)
    assert (harness.commerce.prices.specials, await drifts(harness)) == ({}, [])


ENDS = {"dated": "2026-03-05 00:00:00", "scheduled": "2026-03-06 05:00:00"}
"""Of a price whose last day is 5 March in New York."""
SECOND = {"dated": "00", "scheduled": "01"}
"""Adobe Commerce puts one of two with the same end a second later (magento2 issue 34103)."""


@pytest.mark.parametrize("how", ["dated", "scheduled"])
@in_harness(**MORE)
async def test_special_prices_begin_and_end_with_their_windows(harness: Harness, how: str) -> None:
    """`scheduled`, as Adobe Commerce takes them: one that begins in the past would be refused."""
    released(harness)
    settings = harness.services.connections["shop"]
    prices = settings.prices.model_copy(update={"special_prices": how})
    object.__setattr__(settings, "prices", prices)
    object.__setattr__(settings.dynamics, "time_zone", "America/New_York")
    agrees(harness, 8, PriceApplicableFromDate=noon(days=2), PriceApplicableToDate=noon(days=3))
    seen = []
    for day in range(5):
        began = f"{harness.clock.now():%Y-%m-%d %H:%M:%S}"
        await publishes(harness)
        specials = [*harness.commerce.prices.specials.values()]
        seen.append((shown(harness)["base"], *(str(one["price"]) for one in specials)))
        if day == 2:
            assert (specials[0]["price_from"] > began) == (how == "scheduled")
            assert specials[0]["price_to"] == ENDS[how]
            specials[0]["price_to"] = ENDS[how][:-2] + SECOND[how]
            assert await drifts(harness) == []
        await harness.works_for(timedelta(days=1).total_seconds())
    assert seen == [("10.00",), ("10.00",), ("10.00", "8.00"), ("10.00", "8.00"), ("10.00",)]


@in_harness(**{**PRICES, "prices": {**PRICES["prices"], "website": 1, "store_view": 1}})
async def test_prices_of_one_website_leave_those_of_all_alone(harness: Harness) -> None:
    released(harness)
    agrees(harness, 7, "RETAIL")
    agrees(harness, 6, "RETAIL", ItemNumber=OTHER)
    key = (OTHER.casefold(), "retailer", Decimal(1))
    harness.commerce.prices.tiers[key] = {
        "sku": OTHER, "price": Decimal(2), "price_type": "fixed", "website_id": 0,
        "customer_group": "Retailer", "quantity": Decimal(1),
    }  # fmt: skip
    await publishes(harness)
    shop = harness.commerce.prices
    assert shop.base == {SKU.casefold(): Decimal(1)}
    assert shop.by_store[1, SKU.casefold()] == Decimal(10)
    assert shop.tiers[SKU.casefold(), "retailer", Decimal(1)]["website_id"] == 1
    assert await harness.parked("prices") == [OTHER]
    assert "duplicate website" in (await harness.claim(OTHER, "prices")).reason


@pytest.mark.parametrize("ours", [0, 1])
@in_harness(**PRICES)
async def test_prices_of_another_scope_that_count_too_are_told(harness: Harness, ours: int) -> None:
    """Those of all websites where ours are of one, which park their products, and those of one
    where ours are of all; not those that change nothing."""
    settings = harness.services.connections["shop"]
    here = {"website": ours, "store_view": ours, "special_prices": "dated"}
    object.__setattr__(settings, "prices", settings.prices.model_copy(update=here))
    released(harness)
    agrees(harness, 9, "RETAIL", FromQuantity=Decimal(5))
    agrees(harness, 8, ItemNumber=BOX, PriceApplicableToDate=noon(days=1))
    shop, there = harness.commerce.prices, 1 - ours
    for sku, quantity, price in ((SKU, 4, 11), (SKU, 7, 8), (OTHER, 2, 10), (BOX, 3, 9)):
        key = (sku.casefold(), "retailer", Decimal(quantity))
        shop.tiers[key] = {
            "sku": sku, "price": Decimal(price), "price_type": "fixed", "website_id": there,
            "customer_group": "Retailer", "quantity": Decimal(quantity),
        }  # fmt: skip
    for sku, price, end in ((SKU, 7, "2026-03-01"), (OTHER, 7, "2026-04-01"), (BOX, 7, "")):
        shop.specials[there, sku.casefold()] = {
            "sku": sku, "store_id": there, "price": Decimal(price), "price_from": None,
            "price_to": f"{end} 00:00:00" if end else None,
        }  # fmt: skip
    if not ours:
        shop.by_store[1, OTHER.casefold()] = Decimal(10)
        shop.by_store[1, BOX.casefold()] = Decimal(12)
    await publishes(harness)
    told = {(one.key, one.scope, str(one.shown)) for one in await drifts(harness)}
    view = f"store view {there}: "
    of_one = {(BOX, f"{view}base", "12"), (BOX, f"{view}special", "7"), (BOX, f"{view}special", "")}
    assert told == {
        (SKU, f"website {there}: Retailer|7", "8"), (OTHER, f"{view}special", "7"),
        (OTHER, f"{view}special", "2026-04-01 00:00:00"),
        (BOX, f"website {there}: Retailer|3", "9"), *(() if ours else of_one),
    }  # fmt: skip
    assert await harness.parked("prices") == ([SKU, OTHER, BOX] if ours else [])
    if ours:
        assert "website 0: Retailer|7 8" in (await harness.claim(SKU, "prices")).reason


@in_harness(**PRICES)
async def test_an_agreement_is_found_though_another_goes_between_two_pages(
    harness: Harness,
) -> None:
    released(harness)
    for sku in (BOX, OTHER, SKU):
        agrees(harness, 7, "RETAIL", ItemNumber=sku)
    harness.dynamics.settings.page_size = 2
    store, asked = harness.dynamics.store, list[str]()

    def gone_before(arrival: Arrival) -> bool:
        if arrival.path.endswith("/SalesPriceAgreements"):
            asked.append(arrival.path)
            if len(asked) == 2:
                first = next(iter(store.table("SalesPriceAgreements").records.values()))
                store.delete("SalesPriceAgreements", first)
        return False

    harness.ledger_dials.next(Kind.LOST, where=gone_before)
    await publishes(harness)
    assert [shown(harness, sku)["retailer|1"] for sku in (BOX, OTHER, SKU)] == ["7.00"] * 3
