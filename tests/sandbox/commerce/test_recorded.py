"""Requests recorded on the live shop are sent to the double: it must answer in the same shape."""

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.app import commerce_app
from sandbox.commerce.assortment import Product
from sandbox.commerce.shape import stored_order
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sync.core.encoding import from_json, to_json
from tests.conftest import ABSENT, SHARED_SAMPLES
from tests.sandbox.commerce.shop import SetClock, client_of, recordings

OURS = re.compile(
    r"/(orders|invoices|invoices/\d+|creditmemos|creditmemo/9+|shipments|customers/search|"
    r"customers/\d+|store/\w+"
    r"|products|products/[A-Z]+-\d+"
    r"|orders/\w+|orders/items|orders/\d+/(comments|statuses)|nosuchroute)/?$"
)
SCALE = 150
"""The recordings were made with 150 orders, the last three of them changed in the shop's last
second."""
PRODUCTS = 47
"""The recordings were made with so many products."""


def replayable(recording: dict[str, Any]) -> bool:
    request = recording.get("request", {})
    authorised = "all resources" in request.get("headers", {}).get("Authorization", "")
    return (
        request.get("method") == "GET" and authorised and OURS.search(request["path"]) is not None
    )


LIVE = [
    (name, recording) for name, recording in recordings("commerce_live") if replayable(recording)
]


@pytest.fixture
def busy(clock: SetClock) -> CommerceState:
    state = CommerceState(clock, seed=1, checks_access=False)
    clock.pass_by(seconds=-1)
    orders = state.place_new(SCALE - 3, payment="checkmo")
    orders[0].row |= {"state": "closed", "status": "closed"}
    orders[1].row |= {
        "state": "complete",
        "status": "complete",
        "customer_email": "cust1@example.com",
    }
    state.invoice(orders[2])
    clock.pass_by(seconds=1)
    state.place_new(3, payment="checkmo")
    for number in range(len(state.catalogue.products), PRODUCTS):
        state.sell(Product(f"MORE-{number}", 100 + number, Decimal(1)))
    return state


async def answer_to(recording: dict[str, Any], state: CommerceState) -> httpx.Response:
    request = recording["request"]
    query = f"?{request['raw_query']}" if request["raw_query"] else ""
    async with client_of(commerce_app(state, Dials())) as client:
        return await client.get(
            f"{request['path']}{query}", headers={"Accept": request["headers"]["Accept"]}
        )


@pytest.mark.parametrize(("name", "recording"), LIVE, ids=[name for name, _ in LIVE])
async def test_a_recorded_request_is_answered_in_the_recorded_shape(
    name: str, recording: dict[str, Any], busy: CommerceState
) -> None:
    await check(recording, busy)


@pytest.mark.live_samples
async def test_every_recorded_request_beside_the_project_is_answered_in_the_recorded_shape(
    busy: CommerceState,
) -> None:
    everything = sorted((SHARED_SAMPLES / "commerce-live").glob("[a-z]*.json"))
    paths = [
        path for path in everything if not path.name.startswith("s2_")
    ]  # recorded on another shop's data
    if not paths:
        pytest.skip(ABSENT)
    found = [
        recording
        for recording in (from_json(path.read_bytes()) for path in paths)
        if replayable(recording)
    ]
    assert len(found) > 50
    for recording in found:
        before = dict(busy.orders), dict(busy.customers), busy.catalogue
        await check(recording, busy)
        busy.orders, busy.customers, busy.catalogue = before


async def check(recording: dict[str, Any], state: CommerceState) -> None:
    expected, request = recording["response"], recording["request"]
    whole = expected["status"] == 200 and isinstance(expected["body"], dict)
    if whole and re.search(r"/orders/\d+$", request["path"]):
        state.place(stored_order(expected["body"]))
    if whole and request["path"].endswith("/comments"):
        state.comment(
            state.orders[int(request["path"].split("/")[-2])], {"comment": "Exported"}, None
        )
    if whole and re.search(r"/customers/\d+$", request["path"]):
        state.customers[expected["body"]["id"]] = expected["body"]
    if whole and "/products/" in request["path"]:
        state.sell(product_of(request, expected["body"]))
    response = await answer_to(recording, state)
    assert response.status_code == expected["status"]
    if isinstance(expected["body"], str) and expected["body"].startswith("<"):
        assert response.headers["content-type"].startswith("text/html")
        return
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    body = from_json(response.content)
    if whole and re.search(r"/(orders|customers)/\d+$", request["path"]):
        assert to_json(body, sort=True) == to_json(expected["body"], sort=True)
    elif expected["status"] >= 400:
        assert masked(body) == masked(expected["body"])
    elif "search_criteria" in expected["body"] or "total_count" in expected["body"]:
        same_list(body, expected["body"], request)
    elif "/products/" in request["path"]:
        assert set(body) == set(expected["body"])
        same_options(body.get("options", []), expected["body"].get("options", []))
    else:
        assert kind(body) == kind(expected["body"])


def product_of(request: dict[str, Any], body: dict[str, Any]) -> Product:
    """A recorded product, as far as the sandbox's have its traits and the recording shows them."""
    return Product(
        request["path"].rpartition("/")[2], body.get("id", 99), body["price"],
        body.get("type_id", "simple"), weight=Decimal(body.get("weight", 0)),
        options=tuple((str(one["option_id"]), Decimal(1)) for one in body.get("options", [])),
    )  # fmt: skip


def same_options(mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """The sandbox has lists to choose from only."""
    expected = [option for option in theirs if option["type"] == "drop_down"]
    assert bool(mine) == bool(expected)
    for option, recorded in zip(mine, expected, strict=False):
        assert set(option) == set(recorded)
        assert {*option["values"][0]} == {*recorded["values"][0]}


def same_list(body: dict[str, Any], expected: dict[str, Any], request: dict[str, Any]) -> None:
    assert set(body) == set(expected)
    assert body.get("search_criteria") == expected.get("search_criteria")
    if "items" not in expected or re.search(r"/(invoices|creditmemos|shipments)", request["path"]):
        return
    assert kind(body["items"]) == kind(expected["items"])
    assert bool(body["items"]) == bool(expected["items"])
    for mine in body["items"] or []:
        theirs = set.union(*(set(item) for item in expected["items"]))
        if "fields" in request["raw_query"]:
            assert set(mine) <= theirs
    reporting = ("status", "store_id&", "customer", "=store_id")
    if request["path"].endswith("/orders") and not any(
        word in request["raw_query"] for word in reporting
    ):
        assert body["total_count"] == expected["total_count"]


def masked(body: Any) -> Any:
    return from_json(re.sub(rb"webapi-[0-9a-f]{13}", b"webapi", to_json(body)))


def kind(value: Any) -> str:
    return "number" if isinstance(value, int | Decimal) else type(value).__name__
