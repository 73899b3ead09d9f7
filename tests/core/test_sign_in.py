"""Auth flows, step by step, and what runs them."""

import asyncio
from collections.abc import Callable, Coroutine

import httpx
import pytest

from sync.core.errors import Later
from sync.core.sign_in import BearerAuth, send_signed

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
