"""Base and tier prices of the shop, as recorded on 2.4.7-p8."""

from decimal import Decimal
from typing import Any

import httpx

from sandbox.commerce.assortment import Product
from sandbox.commerce.state import CommerceState
from sync.core.encoding import from_json, to_json

SKU, ATTRIBUTE = "SIMPLE-001", "Invalid attribute %fieldName = %fieldValue."
UNKNOWN = "The product that was requested doesn't exist. Verify the product and try again."
ROW = " Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty."


async def sent(shop: httpx.AsyncClient, path: str, **body: Any) -> tuple[int, Any]:
    headers = {"content-type": "application/json"}
    answer = await shop.post(
        f"/rest/all/V1/products/{path}", content=to_json(body), headers=headers
    )
    return answer.status_code, from_json(answer.content)


def base(sku: str, price: Any) -> dict[str, Any]:
    return {"sku": sku, "price": price, "store_id": 0}


def tier(price: Any, **more: Any) -> dict[str, Any]:
    return {"sku": SKU, "price": price, "price_type": "fixed", "website_id": 0,
            "customer_group": "ALL GROUPS", "quantity": 5, **more}  # fmt: skip


async def test_base_prices_are_kept_but_for_those_that_are_listed(shop: httpx.AsyncClient) -> None:
    rows = [base(SKU.lower(), Decimal("53.1")), base("NO-SUCH", 1), base("BOOK-7", -1),
            base("TEE", 5)]  # fmt: skip
    failures = [
        {"message": ATTRIBUTE, "parameters": parameters}
        for parameters in (["SKU", "NO-SUCH"], ["Price", "-1"], ["SKU", "TEE"])
    ]
    assert await sent(shop, "base-prices", prices=rows) == (200, failures)
    found = await sent(shop, "base-prices-information", skus=[SKU, "NO-SUCH"])
    assert found == (200, [{"price": Decimal("53.1"), "store_id": 0, "sku": SKU}])
    status, said = await sent(shop, "base-prices", prices=[base(SKU, "abc")])
    assert (status, '"float" type was expected' in said["message"]) == (400, True)


async def test_tiers_merge_and_are_deleted_by_their_price(shop: httpx.AsyncClient) -> None:
    rows = [tier(40), tier(35, customer_group="wholesale"), tier(38, quantity=10)]
    assert await sent(shop, "tier-prices", prices=rows) == (200, [])
    assert await sent(shop, "tier-prices", prices=[tier(41)]) == (200, [])
    assert await sent(shop, "tier-prices-delete", prices=[tier(40)]) == (200, [])
    assert await sent(shop, "tier-prices-delete", prices=[tier(38, quantity=10)]) == (200, [])
    _, found = await sent(shop, "tier-prices-information", skus=[SKU])
    shown = [(row["customer_group"], row["quantity"], row["price"]) for row in found]
    assert shown == [("all groups", 5, 41), ("Wholesale", 5, 35)]


async def test_tiers_that_are_refused_are_named_and_an_unknown_sku_fails_all(
    state: CommerceState, shop: httpx.AsyncClient
) -> None:
    rows = [tier(29), tier(10, customer_group="No such group"), tier(-5, quantity=6)]
    status, failures = await sent(shop, "tier-prices", prices=rows)
    assert (status, len(state.prices.tiers)) == (200, 1)
    assert failures[0]["message"] == f"No such entity with Customer Group = %customerGroup.{ROW}"
    assert failures[0]["parameters"] == [SKU, "0", "No such group", "5"]
    assert failures[1]["parameters"] == ["-5", SKU, "0", "ALL GROUPS", "6"]
    twice = await sent(shop, "tier-prices", prices=[tier(30, quantity=20), tier(31, quantity=20)])
    assert len(twice[1]) == 2
    rows = [tier(28, quantity=7), tier(1, sku="NO-SUCH")]
    assert await sent(shop, "tier-prices", prices=rows) == (404, {"message": UNKNOWN})
    assert len(state.prices.tiers) == 1


async def test_what_was_made_without_a_price_is_sold_at_its_first_one(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    for number, store in enumerate((0, 1)):
        state.sell(Product(f"CAP-{number}", 900 + number, Decimal(0)))
        price = {**base(f"cap-{number}", Decimal("12.5")), "store_id": store}
        await sent(shop, "base-prices", prices=[price])
        assert state.catalogue.product(f"CAP-{number}").price == Decimal("12.5")
