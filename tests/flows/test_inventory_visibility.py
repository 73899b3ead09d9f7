"""Stock read from the Inventory Visibility service: its sign-in, its answers, and that it hears of
orders later than F&O.

The double follows Microsoft's inventory-visibility-api.md: two tokens, a redirect by 307, pairs of
site and warehouse, names of dimensions in lower case, zero measures left out, 512 rows at most.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from typing_extensions import override

from sandbox.dynamics.on_hand import refresh
from sync.app.services import Services
from sync.checks.finding import Level
from sync.checks.stock import visibility_has_measures
from sync.core.encoding import from_json, to_json
from sync.dynamics.visibility_tokens import WANTED
from sync.flows import FLOWS
from tests.flows.test_stock import SKU, publishes, shown, sold, stocked
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

ENVIRONMENT, GENERAL = "7d0b1e7a", "securityservice.operations365.dynamics.com"
REGIONAL, ENDPOINT = "gw.us-il101.gateway.prod.island.powerapps.com", "inventoryservice.test"
SECTION: dict[str, Any] = {"url": f"https://{ENDPOINT}", "environment": ENVIRONMENT}
COLUMNS = {
    "OnHandQuantity": "physicalinvent", "ReservedOnHandQuantity": "reservphysical",
    "OnOrderQuantity": "onorder",
}  # fmt: skip


def read_from(**section: Any) -> dict[str, Any]:
    return {
        "flows": ("orders", "stock"), "stock": {"sources": {"13": "default"}},
        "dynamics": {"visibility": {**SECTION, **section}},
    }  # fmt: skip


@dataclass
class Service(httpx.AsyncBaseTransport):
    """The service before F&O. `rows`: what it has heard of; `asked`: by host; `refuses`: the token
    that it does not take; `most`: rows of an answer."""

    inner: httpx.AsyncBaseTransport
    rows: list[dict[str, Any]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    refuses: str = ""
    signs_in: bool = True
    most: int = 512
    is_behind_a_page: bool = False

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host not in (GENERAL, REGIONAL, ENDPOINT):
            return await self.inner.handle_async_request(request)
        self.asked[host] += 1
        assert (request.method, request.headers["Api-Version"]) == ("POST", "1.0")
        body = from_json(await request.aread())
        if host == GENERAL:
            where = f"https://{REGIONAL}/securityservice/token"
            return httpx.Response(307, headers={"location": where})
        return self._token(body) if host == REGIONAL else self._quantities(request, body)

    def _token(self, body: dict[str, Any]) -> httpx.Response:
        fixed = {
            "grant_type": "client_credentials", "client_assertion_type": "aad_app",
            "scope": WANTED, "context": ENVIRONMENT, "context_type": "finops-env",
        }  # fmt: skip
        assert body.pop("client_assertion")
        if body != fixed or not self.signs_in:
            return httpx.Response(400, json={"error": "invalid_request"})
        token = f"iv-{self.asked[REGIONAL]}"
        return httpx.Response(200, json={"access_token": token, "expires_in": 3600})

    def _quantities(self, request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        assert request.url.path == f"/api/environment/{ENVIRONMENT}/onhand/exactquery"
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if not token.startswith("iv-") or token == self.refuses:
            return httpx.Response(401)
        if self.is_behind_a_page:
            return httpx.Response(200, html="<html><title>Sign in</title></html>")
        filters = body["filters"]
        assert (filters["organizationId"], body["returnNegative"]) == ([COMPANY], True)
        site, location = (filters["dimensions"].index(one) for one in ("siteId", "locationId"))
        places = {(one[site], one[location]) for one in filters["values"]}
        found = [
            row for row in self.rows
            if row["productId"] in filters["productId"]
            and (row["dimensions"]["siteid"], row["dimensions"]["locationid"]) in places
        ]  # fmt: skip
        return httpx.Response(200, content=to_json(found[: self.most]))


def served(harness: Harness) -> Service:
    """The service is there from now on, and has heard of nothing."""
    parts = harness.systems.edition_parts()
    made = parts.dynamics_http

    def client(settings: Any) -> httpx.AsyncClient:
        service.inner = made(settings)._transport
        return httpx.AsyncClient(transport=service)

    service = Service(httpx.MockTransport(lambda _: httpx.Response(500)))
    parts = replace(parts, dynamics_http=client)
    harness.services = Services(harness.systems.connections, FLOWS, parts)
    return service


def hears(harness: Harness, service: Service) -> None:
    """The service knows what F&O knows now."""
    refresh(harness.dynamics)
    service.rows = [
        {
            "productId": row["ItemNumber"],
            "dimensions": {
                "siteid": row["InventorySiteId"], "locationid": row["InventoryWarehouseId"],
                "ColorId": row.values.get("ProductColorId") or "",
            },
            "quantities": {
                "fno": {name: row[column] for column, name in COLUMNS.items() if row[column]},
                "iv": {"availabletoreserve": 99},
            },
        }
        for row in harness.dynamics.store.table("WarehousesOnHandV2").records.values()
    ]  # fmt: skip


@in_harness(**read_from())
async def test_quantities_are_those_of_the_service(harness: Harness) -> None:
    service = served(harness)
    for sku, pieces in ((SKU, 20), ("SIMPLE-002", 7)):
        harness.dynamics.receive(sku, pieces)
    hears(harness, service)
    await stocked(harness)
    assert (shown(harness), shown(harness, "SIMPLE-002")) == ((20, 1), (7, 1))
    assert (shown(harness, "SIMPLE-003"), await harness.parked("stock")) == ((0, 0), [])
    assert (service.asked[GENERAL], service.asked[REGIONAL]) == (1, 1)
    service.refuses = "iv-1"
    harness.dynamics.receive(SKU, 1)
    hears(harness, service)
    await publishes(harness, SKU, "touch")
    assert (shown(harness), service.asked[REGIONAL]) == ((21, 1), 2)


@in_harness(**read_from(lag_seconds=120))
async def test_an_order_that_the_service_has_not_heard_of_is_not_offered_again(
    harness: Harness,
) -> None:
    service = served(harness)
    harness.dynamics.receive(SKU, 20)
    hears(harness, service)
    await stocked(harness)
    order = sold(harness)
    left = 20 - order.items[0]["qty_ordered"]
    await harness.delivers(order)
    await publishes(harness)
    assert harness.commerce.salable(SKU) == left
    await asyncio.sleep(130)
    hears(harness, service)
    await publishes(harness)
    assert (harness.commerce.salable(SKU), shown(harness)) == (left, (20, 1))


@in_harness(**read_from(most_rows=2, products=50))
async def test_an_answer_that_may_be_cut_off_is_asked_for_in_halves(harness: Harness) -> None:
    service = served(harness)
    service.most = 2
    for sku in ("SIMPLE-001", "SIMPLE-002", "SIMPLE-003"):
        harness.dynamics.receive(sku, 5)
    hears(harness, service)
    await stocked(harness)
    assert [shown(harness, f"SIMPLE-00{one}") for one in (1, 2, 3)] == [(5, 1)] * 3
    assert await harness.parked("stock") == []


@pytest.mark.parametrize(
    ("says", "signs_in", "reason"),
    [
        ("nothing", True, "has no quantity of any product"),
        ("others", True, "answers none of the measures"),
        ("", False, "refuses the sign-in with 400"),
        ("a page", True, "answer cannot be read"),
    ],
)
@in_harness(**read_from())
async def test_what_it_does_not_tell_takes_nothing_off_the_shop(
    harness: Harness, says: str, signs_in: bool, reason: str
) -> None:
    service = served(harness)
    service.signs_in, service.is_behind_a_page = signs_in, says == "a page"
    harness.dynamics.receive(SKU, 20)
    if says != "nothing":
        hears(harness, service)
    for row in service.rows if says == "others" else ():
        row["quantities"].pop("fno")
    harness.commerce.stock.put(SKU, Decimal(9))
    await harness.services.intake.accept("stock", "shop", ["*"], "poll")
    await harness.works_for(3600)
    claim = await harness.claim("*", "stock")
    assert reason in claim.reason
    assert shown(harness) == (9, 1)


@in_harness(**read_from(available=("fno.physicalinvent", "-fno.nosuch")))
async def test_check_names_measures_that_no_answer_has(harness: Harness) -> None:
    service = served(harness)
    systems = await harness.services.systems_pool.open("shop")
    probe: Any = type("Probe", (), {"settings": systems.settings, "dynamics": systems.dynamics})
    (nothing,) = [one async for one in visibility_has_measures(probe)]
    harness.dynamics.receive(SKU, 20)
    hears(harness, service)
    (lacks,) = [one async for one in visibility_has_measures(probe)]
    assert (nothing.level, lacks.level) == (Level.WARN, Level.WARN)
    assert "fno.nosuch" in lacks.what
    for amount in (0, 3):
        service.rows[0]["quantities"]["iv"]["SoftReservPhysical"] = amount
        _, *soft = [one async for one in visibility_has_measures(probe)]
        assert ["iv.softreservphysical" in one.what for one in soft] == [True] * bool(amount)
