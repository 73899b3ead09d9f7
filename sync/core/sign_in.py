"""How an httpx auth flow signs the requests of a client that paces and times each sending itself.

A flow is an `httpx.Auth`: it signs a request, sees the answer, and may sign it once more after a
401. A 401 had no effect, so the second sending is safe for writes too.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, Protocol

import httpx

from sync.core.errors import Never, SignInRefused
from sync.core.ports import Clock

TOLD_AGAIN: Final = timedelta(minutes=5)
"""When a record comes again that was refused without asking: a person must act first."""
IN_A_ROW: Final = 3
ASKED_AGAIN: Final = timedelta(seconds=30)
"""After so many refusals in a row nobody signs in for so long: it is not the request that is
refused, and an issuer locks out those who ask without end."""


class TokenSource(Protocol):
    """Bearer tokens, cached by the source. Safe for concurrent use."""

    async def token(self, *, renew: bool = False) -> str:
        """A valid token. `renew`: the last one was refused, get another."""
        ...


class BearerAuth(httpx.Auth):
    """A bearer token, renewed once after a 401. Of concurrent refused requests one renews the
    token, and the others use what it got."""

    requires_response_body = True

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens
        self._renewing = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Raises what the source of tokens raises, before anything is sent."""
        token = await self._tokens.token()
        request.headers.update(self.headers(token))
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED and self.may_renew(response):
            request.headers.update(self.headers(await self._renewed(token)))
            yield request

    def headers(self, token: str) -> dict[str, str]:
        """The headers that carry `token`."""
        return {"Authorization": f"Bearer {token}"}

    def may_renew(self, response: httpx.Response) -> bool:  # noqa: ARG002 - for subclasses
        """Whether another token may cure this 401."""
        return True

    async def _renewed(self, refused: str) -> str:
        async with self._renewing:
            token = await self._tokens.token()
            return token if token != refused else await self._tokens.token(renew=True)


async def send_signed(
    auth: httpx.Auth,
    request: httpx.Request,
    send: Callable[[httpx.Request], Awaitable[httpx.Response]],
) -> httpx.Response:
    """The last answer of `auth`'s flow for `request`.

    As httpx runs a flow, but each sending goes through `send`, which waits for its own slot, looks
    at the deadline again and counts. Tokens are fetched outside of all three.
    """
    flow = auth.async_auth_flow(request)
    try:
        response = await send(await anext(flow))
        while True:
            try:
                following = await flow.asend(response)
            except StopAsyncIteration:
                return response
            response = await send(following)
    except (Exception, asyncio.CancelledError):
        await flow.aclose()
        raise


class RefusedSignIns:
    """What one client knows of its sign-ins: while they are refused, few requests find out whether
    they still are, and the others hear it without asking."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._last: tuple[SignInRefused, datetime] | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """For the length of a request. Raises the last refusal again where another is to be
        expected."""
        if self._last is not None and self._in_a_row >= IN_A_ROW:
            known, at = self._last
            if timedelta() <= self._clock.now() - at < ASKED_AGAIN:  # not where it was set back
                raise SignInRefused(
                    known.reason, after=TOLD_AGAIN, said=known.said, remedy=known.remedy
                )
        try:
            yield
        except SignInRefused as refusal:
            self._in_a_row += 1
            self._last = refusal, self._clock.now()
            raise
        except Never:
            self._in_a_row = 0
            raise
        else:
            self._in_a_row = 0
