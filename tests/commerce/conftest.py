"""A shop, a network to it, and a client that signs with its credentials."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.config.connections import Commerce
from sync.pacing.pace import Pace
from tests.commerce.doubles import HandClock, KnownSecrets, Network
from tests.commerce.shop import CREDENTIALS, Shop
from tests.pacing.paces import pace_of

MakeClient = Callable[..., CommerceClient]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def shop(clock: HandClock) -> Shop:
    return Shop(clock.now)


@pytest.fixture
def network(shop: Shop) -> Network:
    return Network(httpx.ASGITransport(app=shop))  # type: ignore[arg-type]


@pytest.fixture
def secrets() -> KnownSecrets:
    return KnownSecrets(CREDENTIALS)


@pytest.fixture
async def http(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=network) as client:
        yield client


@pytest.fixture
def make(http: httpx.AsyncClient, clock: HandClock, secrets: KnownSecrets) -> MakeClient:
    def made(pace: Pace | None = None, **settings: Any) -> CommerceClient:
        named = {name.replace("-", "_"): name for name in CREDENTIALS}
        chosen = Commerce(**{"url": "https://shop.example.com", **named, **settings})
        return CommerceClient(
            Access(
                chosen,
                secrets=secrets,
                http=http,
                clock=clock,
                pace=pace or pace_of(clock, system=chosen.system),
            )
        )

    return made


@pytest.fixture
def client(make: MakeClient) -> CommerceClient:
    return make()
