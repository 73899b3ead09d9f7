"""Who buyers are: the Cloud Service's GraphQL, tokens that nobody knows, and floods of them."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
import respx

from sandbox.dials import Kind
from sync.config.connections import Commerce
from sync.core.errors import Later
from sync.portal.rate import EACH_PER_MINUTE, Rate, TooMany, address_in
from sync.portal.shop_tokens import NobodyKnown, customer_of
from tests.flows.finance import Finance, in_finance
from tests.portal.buyers import OURS, PORTAL, STRANGER, Buyers
from tests.systems import SAAS

AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED: Final = {"message": "no", "extensions": {"category": "graphql-authorization"}}
BROKEN: Final = {"message": "Internal server error", "extensions": {"category": "internal"}}


@in_finance(commerce=SAAS, **PORTAL)
async def test_the_cloud_service_tells_by_graphql_whose_token_it_is(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    number = buyers.invoices(OURS, "10.00")
    (one,) = (await buyers.get("/invoices", headers={"store": "default"})).json["items"]
    assert one["number"] == number
    assert (await buyers.get("/invoices", "theirs")).json["items"] == []
    assert (await buyers.get("/invoices", "nobody's")).status == 401
    assert (await buyers.get("/invoices", "theirs2", headers={"store": "no_such"})).status == 503
    assert finance.commerce.requests["GET customers/me"] == 0
    assert finance.commerce.requests["POST graphql"] == 4


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"data": {"customer": {"id": b64encode(b"17").decode()}}}, 17),
        (200, {"data": {"customer": {"id": 17}}}, 17),
        (200, {"data": {"customer": {"id": "17"}}}, 17),
        (200, {"data": {"customer": {"id": "bob"}}}, NobodyKnown),
        (200, {"data": {"customer": None}}, NobodyKnown),
        (200, {"data": None, "errors": [REFUSED]}, NobodyKnown),
        (200, {"data": {"customer": {"id": 17}}, "errors": [REFUSED]}, NobodyKnown),
        (401, {"errors": [REFUSED]}, NobodyKnown),
        (200, {"data": {"customer": None}, "errors": [BROKEN]}, Later),
        (200, [], Later),
        (500, {"errors": [REFUSED]}, Later),
        (404, {}, Later),
    ],
)
@respx.mock
async def test_an_answer_of_graphql_names_a_customer_or_nobody_or_says_nothing(
    status: int, body: Any, expected: Any
) -> None:
    shop = Commerce.model_validate({**SAAS, "url": "https://shop.test/t"})
    respx.post("https://shop.test/t/graphql").respond(status, json=body)
    async with httpx.AsyncClient() as http:
        if isinstance(expected, int):
            assert await customer_of(http, shop, "token", "default") == expected
        else:
            with pytest.raises(expected):
                await customer_of(http, shop, "token", "default")


@in_finance(portal={**PORTAL["portal"], "requests_per_minute": 6000})
async def test_a_flood_of_unknown_tokens_lets_no_buyer_wait(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    assert (await buyers.get("/balance")).status == 200

    async def stranger(number: int) -> int:
        place = {"x-forwarded-for": f"10.0.0.{number % 9}:{number}"}
        answer = await buyers.get("/balance", f"stranger {number}", headers=place)
        return int(answer.status)

    found = [await stranger(number) for number in range(800)]
    assert (found.count(401), found.count(429)) == (600, 200)
    assert finance.commerce.requests["GET customers/me"] == 601, "the rest cost Commerce nothing"
    assert (await buyers.get("/balance")).status == 200, "remembered"
    assert (await buyers.get("/balance", buyers.signed(STRANGER))).status == 200, "signed"
    await asyncio.sleep(61)
    found = [await stranger(number) for number in range(800, 1500)]
    assert found[-1] == 429
    assert (await buyers.get("/balance")).status == 200, "asked anew: it was confirmed before"
    answer = await buyers.get("/balance", "theirs", headers={"x-forwarded-for": "192.0.2.1"})
    assert answer.status == 429, "a token that was never confirmed"
    assert int(answer.headers["retry-after"]) >= 1


@in_finance(**PORTAL)
async def test_one_address_takes_no_more_than_its_share(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    here = {"x-forwarded-for": "198.51.100.7, 10.0.0.1:555"}
    asked = [
        (await buyers.get("/balance", f"stranger {number}", headers=here)).status
        for number in range(EACH_PER_MINUTE + 2)
    ]
    assert asked == [401] * EACH_PER_MINUTE + [429] * 2
    assert (await buyers.get("/balance", headers=here)).status == 429
    assert (await buyers.get("/balance", headers={"x-forwarded-for": "10.0.0.2"})).status == 200


@in_finance(**PORTAL)
async def test_a_confirmed_token_is_asked_about_once_whatever_store_it_names(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    for number in range(5):
        answer = await buyers.get("/balance", headers={"store": f"store_{number}" * (number > 0)})
        assert answer.status == 200
    assert finance.commerce.requests["GET customers/me"] == 1


@in_finance(**PORTAL)
async def test_while_commerce_is_away_a_known_buyer_is_no_stranger_afterwards(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    assert (await buyers.get("/balance")).status == 200
    await asyncio.sleep(61)
    finance.shop_dials.next(Kind.ERROR_BEFORE, times=1, status=503)
    assert (await buyers.get("/balance")).status == 503
    assert (await buyers.get("/balance")).status == 200
    del finance.commerce.customer_tokens["ours"]
    await asyncio.sleep(61)
    assert (await buyers.get("/balance")).status == 401, "its customer has signed out"


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("", ""),
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:4711", "10.0.0.1"),
        ("1.1.1.1, 10.0.0.1:4711", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "[2001:db8::1]"),
    ],
)
def test_a_caller_is_where_the_last_proxy_saw_it(sent: str, address: str) -> None:
    assert address_in({"x-forwarded-for": sent}) == address


def test_a_rate_refills_and_gives_back() -> None:
    rate = Rate(2)
    rate.take("a", AT)
    rate.take("a", AT)
    with pytest.raises(TooMany) as full:
        rate.take("a", AT)
    assert full.value.seconds == 30
    rate.give_back("a")
    rate.give_back("nobody")
    rate.take("a", AT)
    rate.take("a", AT + timedelta(seconds=30))
