"""Auth flows, step by step, and what runs them."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.sign_in import (
    ASKED_AGAIN,
    IN_A_ROW,
    TOLD_AGAIN,
    BearerAuth,
    RefusedSignIns,
    send_signed,
)
from tests.contracts.hand_clock import HandClock

Send = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


class Tokens:
    """Cached until somebody asks to renew."""

    def __init__(self) -> None:
        self.renewals = 0

    async def token(self, *, renew: bool = False) -> str:
        await asyncio.sleep(0)
        self.renewals += renew
        return f"token-{self.renewals}"


def request() -> httpx.Request:
    return httpx.Request("POST", "https://env.test/data/Orders", json={"Number": 1})


def server(*valid: str) -> tuple[list[str], Send]:
    """What was sent, and a system that takes the tokens in `valid`."""
    sent: list[str] = []

    async def send(signed: httpx.Request) -> httpx.Response:
        token = signed.headers["Authorization"].removeprefix("Bearer ")
        sent.append(token)
        await asyncio.sleep(0)
        return httpx.Response(200 if token in valid else 401)

    return sent, send


@pytest.mark.parametrize(
    ("valid", "status", "tried"),
    [
        (("token-0",), 200, ["token-0"]),
        (("token-1",), 200, ["token-0", "token-1"]),
        ((), 401, ["token-0", "token-1"]),
    ],
)
async def test_a_refused_token_is_renewed_once(
    valid: tuple[str, ...], status: int, tried: list[str]
) -> None:
    sent, send = server(*valid)
    response = await send_signed(BearerAuth(Tokens()), request(), send)
    assert (response.status_code, sent) == (status, tried)


async def test_requests_refused_together_share_one_renewal() -> None:
    tokens = Tokens()
    auth = BearerAuth(tokens)
    _, send = server("token-1")
    answers = await asyncio.gather(*(send_signed(auth, request(), send) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert tokens.renewals == 1


async def test_a_request_refused_after_another_renewed_takes_the_new_token() -> None:
    tokens = Tokens()
    auth = BearerAuth(tokens)
    early, late = (auth.async_auth_flow(request()) for _ in range(2))
    for flow in (early, late):
        assert (await anext(flow)).headers["Authorization"] == "Bearer token-0"
    for flow in (early, late):
        assert (await flow.asend(httpx.Response(401))).headers["Authorization"] == "Bearer token-1"
    assert tokens.renewals == 1


async def test_a_sending_that_fails_ends_the_flow_with_its_error() -> None:
    async def lost(_: httpx.Request) -> httpx.Response:
        raise Later("no answer")

    with pytest.raises(Later, match="no answer"):
        await send_signed(BearerAuth(Tokens()), request(), lost)


async def test_httpx_itself_can_run_a_flow() -> None:
    _, send = server("token-1")
    async with httpx.AsyncClient(transport=httpx.MockTransport(send)) as http:
        response = await http.send(request(), auth=BearerAuth(Tokens()))
    assert response.status_code == 200


async def _asked(sign_ins: RefusedSignIns, outcome: Exception | None, asked: list[int]) -> None:
    with suppress(Later, Never), sign_ins.watched():
        asked.append(1)
        if outcome is not None:
            raise outcome


@pytest.mark.parametrize(
    ("between", "after", "is_asked"),
    [
        ((), timedelta(), False),
        ((), ASKED_AGAIN - timedelta(seconds=1), False),
        ((), ASKED_AGAIN, True),
        ((), -timedelta(minutes=10), True),
        ((None,), timedelta(), True),
        ((Never("no such order", remedy="Look."),), timedelta(), True),
        ((Paused("shop", after=timedelta(seconds=1)),), timedelta(), False),
    ],
)
async def test_after_some_refusals_in_a_row_nobody_signs_in_for_a_while(
    between: tuple[Exception | None, ...], after: timedelta, is_asked: bool
) -> None:
    clock, asked = HandClock(), list[int]()
    sign_ins, refusal = (
        RefusedSignIns(clock),
        SignInRefused("the token was revoked", said="by Ann", remedy="Store another."),
    )
    for outcome in (*[refusal] * (IN_A_ROW - 1), *between, refusal):
        await _asked(sign_ins, outcome, asked)
    clock.at += after
    before = len(asked)
    await _asked(sign_ins, None, asked)
    assert (len(asked) > before) is is_asked
    if not is_asked:
        with pytest.raises(SignInRefused, match="revoked") as caught, sign_ins.watched():
            raise AssertionError
        assert (caught.value.said, caught.value.remedy) == ("by Ann", "Store another.")
        assert caught.value.after == TOLD_AGAIN
