"""One request to F&O: token, turn, headers, deadline, count, and the error when it fails.

A request waits for its turn (`pacing.pace`). It is sent only if no pause began meanwhile and its
deadline has not passed; so is the second try after a 401. A read whose connection broke is sent
once more; a write never.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, Final, NoReturn
from uuid import UUID

import httpx

from sync.core.errors import Never
from sync.core.http_reading import CookielessClient, read_whole_or_beginning
from sync.core.ports import Clock
from sync.core.sign_in import BearerAuth, RefusedSignIns, send_signed
from sync.dynamics import batch
from sync.dynamics.auth import Tokens, checked_url
from sync.dynamics.faults import TABLE, Rule, error_from, error_from_nonsense, error_from_silence
from sync.dynamics.refusals import ODataAnswer, ODataCall
from sync.pacing.limiter import MOST
from sync.pacing.pace import Pace

log = logging.getLogger(__name__)

CONNECT_TIMEOUT: Final = timedelta(seconds=10)
LIST_TIMEOUT: Final = timedelta(seconds=120)
READ_TIMEOUT: Final = timedelta(seconds=60)
JSON: Final = "application/json;odata.metadata=minimal"
HEADERS: Final = {"Accept": JSON, "OData-Version": "4.0", "OData-MaxVersion": "4.0"}

_TOO_MUCH: Final = frozenset({429, 503, 504})
_BROKEN: Final = (httpx.NetworkError, httpx.RemoteProtocolError)
_TIMED_OUT: Final = (httpx.TimeoutException, TimeoutError)


def http_client(*, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client to share for all requests: keep-alive, gzip, no cookies. Redirects are not
    followed: they lead to sign-in pages."""
    return CookielessClient(
        transport=transport,
        follow_redirects=False,
        limits=httpx.Limits(
            max_connections=MOST, max_keepalive_connections=MOST, keepalive_expiry=30.0
        ),
    )


@dataclass(frozen=True)
class Request:
    """A request as F&O is to see it. `path` starts with a slash and is encoded; `timeout` is for
    the whole exchange.

    `not_after`: when it has not been sent by then, it is not sent. `sink` takes a good answer's
    body in pieces.
    """

    method: str
    path: str
    call: ODataCall
    timeout: timedelta
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    not_after: datetime | None = None
    sink: Callable[[bytes], None] | None = None


class Transport:
    """The way to one environment. `counts`: requests sent, as reads and writes, and tokens that
    were new to us. `table`: what its refusals stand for."""

    def __init__(
        self,
        base_url: str,
        *,
        http: httpx.AsyncClient,
        tokens: Tokens,
        pace: Pace,
        clock: Clock,
        table: Sequence[Rule] = TABLE,
    ) -> None:
        self.origin = checked_url(base_url)
        self.counts: Counter[str] = Counter()
        self.clock = clock
        self._http = http
        self._auth = BearerAuth(tokens)
        self._sign_ins = RefusedSignIns(clock)
        self._pace = pace
        self._table = table
        self._authorization = ""

    async def send(self, request: Request) -> ODataAnswer:
        """The answer, of status 200 to 299. Raises what `faults.TABLE` says of any other, of
        silence, and what `Pace.turn` raises without sending."""
        with self._sign_ins.watched():
            return await self._answered(request)

    async def _answered(self, request: Request) -> ODataAnswer:
        response = await send_signed(
            self._auth, self._request(request), partial(self._once, request)
        )
        answer = _answer(response, body_was_taken=request.sink is not None)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            log.error("dynamics.unauthorised activity=%s", answer.headers.get("ms-dyn-aid", ""))
        if not 200 <= answer.status < 300:
            await self.refuse(answer, request.call)
        await self._pace.answered()
        return answer

    def next_path(self, link: Any, call: ODataCall, *, below: str, remedy: str) -> str:
        """Where the next page lies; empty for none. Only the path is taken, so the token stays with
        this host, over this scheme. Raises `Never` where it is not `below` this host's path."""
        if not link:
            return ""
        origin = httpx.URL(self.origin)
        try:
            url = origin.join(str(link))
        except httpx.InvalidURL:
            raise error_from_nonsense(call, "its next page has no address") from None
        if (url.host, url.port) != (origin.host, origin.port) or not url.path.startswith(below):
            reason = f"{call.what}: the next page lies on {url.host}, not on {origin.host}"
            raise Never(reason, remedy=remedy)
        return url.raw_path.decode("ascii")

    async def refuse(self, answer: ODataAnswer, call: ODataCall) -> NoReturn:
        """Raise the error that `answer` stands for; a pause is told to everybody first."""
        error = error_from(answer, call, now=self.clock.now(), table=self._table)
        await self._pace.failed(error)
        raise error

    async def _once(self, request: Request, signed: httpx.Request) -> httpx.Response:
        turn = self._pace.turn(request.call.what, request.not_after)
        async with turn as slot:
            try:
                response = await self._asked(request, signed)
            except (httpx.RequestError, TimeoutError) as error:
                if isinstance(error, _TIMED_OUT):
                    slot.overloaded()
                silence = error_from_silence(error, request.call)
                await self._pace.failed(silence)
                raise silence from error
            if _is_too_much(response):
                slot.overloaded()
            return response

    async def _asked(self, request: Request, signed: httpx.Request) -> httpx.Response:
        async with asyncio.timeout(request.timeout.total_seconds()):
            try:
                return await self._exchange(request, signed)
            except _BROKEN:
                if request.call.writes or request.sink is not None:
                    raise
                return await self._exchange(request, signed)

    async def _exchange(self, request: Request, signed: httpx.Request) -> httpx.Response:
        self._count(request, signed)
        signed.headers["x-ms-client-request-id"] = str(UUID(hex=self.clock.unique()))
        response = await self._http.send(signed, stream=True, auth=None, follow_redirects=False)
        try:
            if request.sink is not None and response.is_success:
                async for piece in response.aiter_bytes():
                    request.sink(piece)
            else:
                response = await read_whole_or_beginning(response)
        finally:
            await response.aclose()
        return response

    def _count(self, request: Request, signed: httpx.Request) -> None:
        self.counts["writes" if request.call.writes else "reads"] += 1
        if signed.headers["Authorization"] != self._authorization:
            self._authorization = signed.headers["Authorization"]
            self.counts["tokens"] += 1

    def _request(self, request: Request) -> httpx.Request:
        seconds = request.timeout.total_seconds()
        timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT.total_seconds()))
        return self._http.build_request(
            request.method,
            _url(self.origin + request.path),
            content=request.content,
            headers={**HEADERS, **request.headers},
            timeout=timeout,
        )


@lru_cache(64)
def _url(text: str) -> httpx.URL:
    """Parsed once: most requests are written to the same few addresses."""
    return httpx.URL(text)


def _is_too_much(response: httpx.Response) -> bool:
    """Whether the answer says that the system has too much to do; a batch says so in its parts, and
    is one complaint however many do."""
    if response.status_code in _TOO_MUCH:
        return True
    kind = response.headers.get("content-type", "")
    is_batch = response.is_success and kind.startswith("multipart/")
    return is_batch and not _TOO_MUCH.isdisjoint(batch.statuses(response.content))


def _answer(response: httpx.Response, *, body_was_taken: bool) -> ODataAnswer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = b"" if body_was_taken and response.is_success else response.content
    return ODataAnswer(response.status_code, headers, body)
