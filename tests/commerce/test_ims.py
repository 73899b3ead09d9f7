"""Adobe's tokens for the cloud service: fetched once, kept, renewed early and after a refusal."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.config.connections import Commerce
from sync.core.errors import Later, Never, Paused, Unknown
from tests.commerce.doubles import HandClock, KnownSecrets
from tests.commerce.shop import Shop
from tests.pacing.paces import pace_of

URL = "https://na1.api.commerce.adobe.com/TeNaNt1"


class AdobeCloud(httpx.AsyncBaseTransport):
    """IMS and the service on one network: a token is good for as long as IMS says, unless it is
    revoked."""

    def __init__(self, shop: Shop) -> None:
        self._shop = httpx.ASGITransport(app=shop)  # type: ignore[arg-type]
        self.shop = shop
        self.secret = "s3cret"
        self.lifetime: Any = 86399
        self.asked = 0
        self.answers: list[httpx.Response | Exception] = []
        self.forms: list[dict[str, list[str]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "ims.example.com":
            return await self._shop.handle_async_request(request)
        await asyncio.sleep(0)
        self.asked += 1
        form = parse_qs(request.content.decode())
        self.forms.append(form)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if form["client_secret"] != [self.secret]:
            return httpx.Response(
                400, json={"error": "invalid_client", "error_description": "invalid client_secret"}
            )
        self.shop.bearer = f"token-{self.asked}"
        return httpx.Response(
            200, json={"access_token": self.shop.bearer, "expires_in": self.lifetime}
        )


@pytest.fixture
def cloud(shop: Shop) -> AdobeCloud:
    shop.bearer = "none yet"
    shop.prefix = "/TeNaNt1/V1"
    shop.records = {"orders/1": {"entity_id": 1}}
    return AdobeCloud(shop)


@pytest.fixture
def chosen() -> dict[str, Any]:
    return {
        "edition": "saas",
        "url": URL,
        "scope": "de",
        "client_id": "our-client",
        "client_secret": "ims-secret",
        "organisation": "ABC@AdobeOrg",
        "ims_url": "https://ims.example.com/",
    }


@pytest.fixture
async def saas(
    cloud: AdobeCloud, clock: HandClock, chosen: dict[str, Any]
) -> AsyncIterator[CommerceClient]:
    async with httpx.AsyncClient(transport=cloud) as http:
        secrets = KnownSecrets({"ims-secret": "s3cret\n"})
        settings = Commerce(**chosen)
        yield CommerceClient(
            Access(
                settings,
                secrets=secrets,
                http=http,
                clock=clock,
                pace=pace_of(clock, system=settings.system),
            )
        )


async def test_every_request_carries_token_key_organisation_and_store(
    saas: CommerceClient, cloud: AdobeCloud, shop: Shop
) -> None:
    assert await saas.get("orders/1") == {"entity_id": 1}
    method, target, headers, _ = shop.received[0]
    assert (method, target) == ("GET", "/TeNaNt1/V1/orders/1")
    assert headers["authorization"] == "Bearer token-1"
    assert headers["x-api-key"] == "our-client"
    assert headers["x-gw-ims-org-id"] == "ABC@AdobeOrg"
    assert headers["store"] == "de"
    assert headers["content-type"] == "application/json"
    assert cloud.forms[0]["grant_type"] == ["client_credentials"]
    assert cloud.forms[0]["scope"][0].endswith(",commerce.accs")


async def test_a_token_is_kept_until_five_minutes_before_its_end(
    saas: CommerceClient, cloud: AdobeCloud, clock: HandClock
) -> None:
    await saas.get("orders/1")
    clock.move(timedelta(seconds=86399 - 301))
    await saas.get("orders/1")
    assert cloud.asked == 1
    clock.move(timedelta(seconds=1))
    await saas.get("orders/1")
    assert cloud.asked == 2


async def test_concurrent_requests_wait_for_one_token(
    saas: CommerceClient, cloud: AdobeCloud
) -> None:
    await asyncio.gather(*(saas.get("orders/1") for _ in range(8)))
    assert cloud.asked == 1


async def test_a_refused_token_is_renewed_once_by_whoever_comes_first(
    saas: CommerceClient, cloud: AdobeCloud, shop: Shop
) -> None:
    await saas.get("orders/1")
    shop.bearer = "revoked"
    await asyncio.gather(*(saas.get("orders/1") for _ in range(4)))
    assert cloud.asked == 2


async def test_a_new_token_that_is_refused_too_is_later(
    saas: CommerceClient, cloud: AdobeCloud, shop: Shop
) -> None:
    cloud.answers = [
        httpx.Response(200, json={"access_token": "bad", "expires_in": 100}) for _ in range(2)
    ]
    with pytest.raises(Later, match=r"commerce\.accs"):
        await saas.post("orders/1/hold")
    assert cloud.asked == 2
    assert len(shop.received) == 2


async def test_a_missing_right_is_not_cured_by_a_new_token(
    saas: CommerceClient, cloud: AdobeCloud, shop: Shop
) -> None:
    shop.rights = lambda _: "Magento_Sales::actions_view"
    with pytest.raises(Never, match="Magento_Sales::actions_view"):
        await saas.get("orders/1")
    assert cloud.asked == 1


async def test_a_wrong_client_secret_is_later_and_names_the_secret_not_its_value(
    saas: CommerceClient, cloud: AdobeCloud
) -> None:
    cloud.secret = "rotated"
    with pytest.raises(Later, match=r"invalid client_secret.*'ims-secret'") as caught:
        await saas.post("orders/1/hold")
    assert "s3cret" not in caught.value.reason


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(503, text=""), "answered 503"),
        (httpx.Response(429, headers={"Retry-After": "17"}), "asked for a pause of 17 s"),
        (httpx.Response(429, text=""), "asked for a pause of 5 s"),
        (httpx.Response(200, text="<html>"), "not JSON"),
        (httpx.Response(200, json={"token": "x"}), "without an access_token"),
        (httpx.Response(200, json=["x"]), "without an access_token"),
        (httpx.ConnectError("x"), "did not answer"),
    ],
)
async def test_trouble_with_ims_is_later_and_no_write_is_unknown(
    saas: CommerceClient,
    cloud: AdobeCloud,
    shop: Shop,
    answer: httpx.Response | Exception,
    words: str,
) -> None:
    cloud.answers = [answer]
    with pytest.raises(Later, match=words) as caught:
        await saas.post("orders/1/hold")
    assert not isinstance(caught.value, Unknown)
    assert not shop.received


@pytest.mark.parametrize("processes", [None, 0, "soon", -5, 1])
async def test_a_token_without_a_usable_lifetime_is_used_and_soon_renewed(
    saas: CommerceClient, cloud: AdobeCloud, clock: HandClock, processes: Any
) -> None:
    cloud.lifetime = processes
    await saas.get("orders/1")
    clock.move(timedelta(seconds=1))
    await saas.get("orders/1")
    assert cloud.asked == 2


async def test_a_lifetime_of_years_is_not_believed(
    saas: CommerceClient, cloud: AdobeCloud, clock: HandClock
) -> None:
    cloud.lifetime = 10**12
    await saas.get("orders/1")
    clock.move(timedelta(days=1))
    await saas.get("orders/1")
    assert cloud.asked == 2


@pytest.mark.parametrize("field", ["client_id", "client_secret"])
async def test_a_connection_without_ims_credentials_is_told_which_one_is_missing(
    cloud: AdobeCloud, clock: HandClock, chosen: dict[str, Any], field: str
) -> None:
    async with httpx.AsyncClient(transport=cloud) as http:
        settings = Commerce(**{**chosen, field: None})
        client = CommerceClient(
            Access(
                settings,
                secrets=KnownSecrets({"ims-secret": "x"}),
                http=http,
                clock=clock,
                pace=pace_of(clock),
            )
        )
        with pytest.raises(Never, match=f"names no {field}"):
            await client.get("orders/1")


async def test_a_429_of_ims_pauses_the_whole_shop_and_is_not_asked_again_at_once(
    saas: CommerceClient, cloud: AdobeCloud
) -> None:
    cloud.answers = [httpx.Response(429, headers={"Retry-After": "17"})]
    with pytest.raises(Paused) as caught:
        await saas.get("orders/1")
    assert caught.value.after == timedelta(seconds=17)
    assert caught.value.system == saas.system
    assert cloud.asked == 1
