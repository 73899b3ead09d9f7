from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.commerce.app import commerce_app
from sandbox.commerce.ims import Client
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials, Kind
from sandbox.gate import LostAnswer
from tests.sandbox.commerce.shop import SetClock, client_of

FORM = {
    "grant_type": "client_credentials",
    "client_id": "cloud",
    "client_secret": "p8e-test",
    "scope": "openid,AdobeID,commerce.accs",
}
ORDERS = "/tenant-1/V1/orders?searchCriteria="


@pytest.fixture
def cloud(clock: SetClock) -> CommerceState:
    state = CommerceState(
        clock, tenant="tenant-1", client=Client("cloud", "p8e-test", "1@AdobeOrg")
    )
    state.place_new(2)
    return state


@pytest.fixture
async def gateway(cloud: CommerceState) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(commerce_app(cloud, Dials())) as client:
        yield client


async def token(client: httpx.AsyncClient) -> dict[str, str]:
    answer = (await client.post("/ims/token/v3", data=FORM)).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 86399)
    return {"Authorization": f"Bearer {answer['access_token']}", "Store": "all"}


async def test_the_cloud_edition_takes_the_tokens_of_its_identity_service(
    gateway: httpx.AsyncClient,
) -> None:
    headers = await token(gateway)
    assert (await gateway.get(ORDERS, headers=headers)).json()["total_count"] == 2
    ours = {**headers, "x-gw-ims-org-id": "1@AdobeOrg"}
    assert (await gateway.get("/tenant-1/V1/orders/1", headers=ours)).status_code == 200


async def test_a_token_ends_and_belongs_to_one_organisation(
    gateway: httpx.AsyncClient, cloud: CommerceState, clock: SetClock
) -> None:
    headers = await token(gateway)
    other = await gateway.get(ORDERS, headers={**headers, "x-gw-ims-org-id": "2@AdobeOrg"})
    assert other.status_code == 403
    clock.pass_by(seconds=86399)
    assert (await gateway.get(ORDERS, headers=headers)).status_code == 401
    headers = await token(gateway)
    cloud.ims.expire()
    assert (await gateway.get(ORDERS, headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "openid"}, 400, "invalid_scope"),
    ],
)
async def test_the_identity_service_refuses_what_is_wrong(
    gateway: httpx.AsyncClient, changes: dict[str, str], status: int, error: str
) -> None:
    response = await gateway.post("/ims/token/v3", data={**FORM, **changes})
    assert (response.status_code, response.json()["error"]) == (status, error)


async def test_the_cloud_edition_has_no_rest_path_and_knows_its_stores(
    gateway: httpx.AsyncClient,
) -> None:
    headers = await token(gateway)
    assert (await gateway.get("/rest/all/V1/orders", headers=headers)).status_code == 404
    assert (await gateway.get(ORDERS, headers={**headers, "Store": "nosuch"})).status_code == 400


async def test_a_throttle_is_told_with_its_wait(shop: httpx.AsyncClient, dials: Dials) -> None:
    dials.next(Kind.THROTTLE, seconds=7)
    response = await shop.get("/rest/all/V1/orders?searchCriteria=")
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.json() == {"message": "Too Many Requests", "trace": None}


async def test_a_lost_answer_leaves_its_effect(
    shop: httpx.AsyncClient, state: CommerceState, dials: Dials
) -> None:
    (order,) = state.place_new(payment="checkmo")
    dials.next(Kind.LOST, writes=True)
    with pytest.raises(LostAnswer):
        await shop.post("/rest/all/V1/orders/1/hold")
    assert order.row["state"] == "holded"
    dials.next(Kind.ERROR_BEFORE, status=503)
    response = await shop.post("/rest/all/V1/orders/1/unhold")
    assert (response.status_code, response.headers["content-type"]) == (
        503,
        "text/html; charset=utf-8",
    )
    assert order.row["state"] == "holded"


async def test_the_sandbox_places_orders_and_tells_what_there_is(
    shop: httpx.AsyncClient, dials: Dials
) -> None:
    dials.next(Kind.ERROR_BEFORE, times=99)  # no fault touches these paths
    placed = await shop.post(
        "/sandbox/orders", json={"count": 3, "skus": ["SIMPLE-006"], "store": "de"}
    )
    assert placed.status_code == 201
    assert [order["increment_id"] for order in placed.json()] == [
        "2000000001",
        "2000000002",
        "2000000003",
    ]
    dials.plan.clear()
    await shop.get("/rest/all/V1/orders/1")
    await shop.get("/rest/all/V1/orders/2")
    whole = (await shop.get("/sandbox/state")).json()
    assert (whole["orders"], whole["visible"]) == (3, 3)
    assert whole["totals"]["EUR"]["orders"] == 3
    assert whole["requests"] == {"GET orders/{id}": 2}
    assert (await shop.delete("/sandbox/requests")).json() == {}
    assert len((await shop.get("/sandbox/orders")).json()) == 3


async def test_the_sandbox_does_what_administrators_do(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    state.place_new(payment="checkmo", skus=["SIMPLE-006"])
    assert (await shop.post("/sandbox/orders/1/edit")).json()["increment_id"].endswith("-1")
    assert (await shop.post("/sandbox/orders/1/cancel")).status_code == 409
    assert (await shop.post("/sandbox/orders/2/address")).status_code == 200
    assert (await shop.post("/sandbox/orders/2/invoice")).json()["state"] == "processing"
    assert (await shop.post("/sandbox/orders/2/ship")).json()["state"] == "complete"
    assert (await shop.post("/sandbox/orders/2/burn")).status_code == 404
    assert (await shop.post("/sandbox/orders/9/cancel")).status_code == 404
    assert (await shop.post("/sandbox/orders", json={"count": "many"})).status_code == 400
    assert (await shop.post("/sandbox/orders", json={"skus": ["NOSUCH"]})).status_code == 400


async def test_the_dials_are_turned_over_http(
    shop: httpx.AsyncClient, state: CommerceState, dials: Dials
) -> None:
    assert (await shop.put("/sandbox/notifications", json={"lost_rate": 0.25})).json()[
        "lost_rate"
    ] == 0.25
    assert state.notification_dials.lost_rate == 0.25
    assert (await shop.put("/sandbox/notifications", json={"nosuch": 1})).status_code == 400
    assert (await shop.put("/sandbox/dials", json={"lost_rate": 0.5})).status_code == 200
    assert dials.lost_rate == 0.5
