"""What matching reads, against a shop and a ledger in this process."""

import json
from typing import Any, cast

import httpx
import pytest

from sandbox.dynamics import DynamicsState, Item, dynamics_app
from sync.cli.match_sources import (
    accounts,
    ordered_with_options,
    products,
    released_items,
    shoppers,
)
from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.config.connections import Commerce, Dynamics, Store
from sync.dynamics.client import DynamicsClient
from sync.dynamics.transport import http_client
from sync.mapping_tables.customer_matching import Account
from tests.checks.conftest import Drawer, Sandboxed
from tests.commerce.shop import CREDENTIALS, Reply, Shop
from tests.contracts.hand_clock import HandClock
from tests.mapping.connection import connection
from tests.mapping.samples import PAYLOADS
from tests.pacing.paces import pace_of

SHIRT = Item("SHIRT", variants=({"ProductSizeId": "S"}, {"ProductSizeId": "M"}))
SETTINGS = {"url": "https://shop.example.com", "page_size": 2} | {
    name.replace("-", "_"): name for name in CREDENTIALS
}


class Received:
    """Counts what was heard."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def received() -> Received:
    return Received()


def client_of(shop: Shop, http: httpx.AsyncClient) -> CommerceClient:
    secrets = Drawer(dict(CREDENTIALS))
    return CommerceClient(
        Access(
            Commerce.model_validate(SETTINGS),
            secrets=secrets,
            http=http,
            clock=HandClock(),
            pace=pace_of(HandClock()),
        )
    )


async def test_products_of_every_page_are_read(received: Received) -> None:
    rows = [
        {"id": n, "entity_id": n, "sku": f"SKU-{n}", "type_id": "simple", "name": "A product"}
        for n in range(1, 6)
    ]
    shop = Shop(HandClock().now, lists={"products": rows})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", shop))) as http:
        found = [product async for product in products(client_of(shop, http), "ean", received)]
    assert [product.sku for product in found] == [f"SKU-{n}" for n in range(1, 6)]
    assert received.count == 5


async def test_skus_with_custom_options_are_read_from_recent_orders(received: Received) -> None:
    path = PAYLOADS / "field_reports" / "order-000000014-custom-option-skus.json"
    order = json.loads(path.read_text())
    now = HandClock().now()
    rows = [{**order, "entity_id": 1, "store_id": 1, "created_at": f"{now:%Y-%m-%d %H:%M:%S}"}]
    shop = Shop(HandClock().now, lists={"orders": rows})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", shop))) as http:
        found = await ordered_with_options(client_of(shop, http), connection(), received)
    assert "ENG-1-TXT-MAT" in found
    assert received.count == 1


async def test_customers_are_read_with_the_number_they_name(received: Received) -> None:
    named = [
        {"attribute_code": "fno_account", "value": "US-007"},
        {"attribute_code": "list", "value": ["a"]},
    ]
    rows = [
        {"id": 1, "entity_id": 1, "email": "ann@example.com", "custom_attributes": named},
        {"id": 2, "entity_id": 2, "email": "bo@example.com", "store_id": 1, "website_id": 1},
        {
            "id": 3,
            "entity_id": 3,
            "email": "of.another.store@example.com",
            "store_id": 3,
            "website_id": 1,
        },
        {
            "id": 4,
            "entity_id": 4,
            "email": "of.another.website@example.com",
            "store_id": 0,
            "website_id": 2,
        },
    ]
    shop = Shop(HandClock().now, replies=[Reply(200, {"items": rows, "total_count": 4})])
    ours = connection().model_copy(update={"stores": {"1": Store()}})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", shop))) as http:
        found = [
            shopper
            async for shopper in shoppers(client_of(shop, http), ours, frozenset({1}), received)
        ]
    assert [(one.id, one.account_number) for one in found] == [("1", "US-007"), ("2", "")]


async def test_items_variants_and_accounts_are_those_of_the_company(received: Received) -> None:
    state = DynamicsState.seeded(items=["A0001", SHIRT])
    state.release("dat", "ELSEWHERE")
    async with http_client(transport=httpx.ASGITransport(dynamics_app(state))) as http:
        client = DynamicsClient(
            Dynamics(url="http://localhost", company="usmf"),
            http=http,
            tokens=Sandboxed(),
            pace=pace_of(HandClock()),
            clock=HandClock(),
        )
        items = await released_items(client, "usmf", received)
        found = [account async for account in accounts(client, "usmf", received)]
        await client.aclose()
    numbers = [(item.item_number, item.variant_number, item.size, item.is_master) for item in items]
    assert ("A0001", "", "", False) in numbers
    assert ("SHIRT", "", "", True) in numbers
    assert ("SHIRT", "SHIRT:2", "M", False) in numbers
    assert "ELSEWHERE" not in {item.item_number for item in items}
    assert found == [Account("US-001")]
    assert received.count == len(items) + 1
