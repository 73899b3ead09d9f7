from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.commerce.app import commerce_app
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from tests.sandbox.commerce.shop import SetClock, Subscriber, client_of


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def state(clock: SetClock) -> CommerceState:
    return CommerceState(clock, seed=7, checks_access=False)


@pytest.fixture
def dials() -> Dials:
    return Dials()


@pytest.fixture
async def shop(state: CommerceState, dials: Dials) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(commerce_app(state, dials)) as client:
        yield client


@pytest.fixture
def placed(state: CommerceState, clock: SetClock) -> list[int]:
    """Six orders, one per second."""
    found = []
    for _ in range(6):
        found += [order.entity_id for order in state.place_new(payment="checkmo")]
        clock.pass_by(seconds=1)
    return found


@pytest.fixture
def subscriber() -> Subscriber:
    return Subscriber()


@pytest.fixture
async def client(subscriber: Subscriber) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(
        Starlette(routes=[Route("/hooks", subscriber.listen, methods=["POST"])])
    ) as client:
        yield client
