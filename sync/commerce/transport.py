"""One request to Commerce and its answer: signed, counted, paced, tried again only where that is
safe.

Reads are tried once more at once after a lost connection or a 5xx; writes never, because POST is
never idempotent in Commerce. A request that was refused with 401 had no effect, so it may be signed
again once whatever it does. Cookies are not kept: a PHP session would make our requests wait for
each other.
"""

import asyncio
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self

import httpx

from sync.commerce import errors
from sync.commerce.access import Access
from sync.commerce.address import Query, url_of
from sync.commerce.auth import Method, OAuth
from sync.commerce.ims import Ims, ImsTokens
from sync.core.encoding import NotJson, from_json, to_json
from sync.core.errors import Later, Never, Paused
from sync.core.http_reading import CookielessClient, http_date, read_whole_or_beginning
from sync.core.sign_in import RefusedSignIns, send_signed
from sync.pacing.limiter import NoTurn

READ_TIMEOUT: Final = timedelta(seconds=60)
"""What takes longer is cut off by PHP or a proxy anyway."""
CONNECT_TIMEOUT: Final = 10.0
CONNECTIONS: Final = 64
"""More than `commerce.concurrency` can be."""

DATES_APART: Final = timedelta(seconds=1.5)
"""How far apart dates are that were told by the same clock; beyond, the shop's clock was set."""

_TOO_MUCH: Final = frozenset({429, 503, 504})


def shop_client(*, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client for requests to a shop: as many connections as may be asked for at a time, and
    some for tokens."""
    limits = httpx.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=30.0
    )
    return CookielessClient(
        transport=transport, timeout=READ_TIMEOUT.total_seconds(), follow_redirects=False,
        limits=limits,
    )  # fmt: skip


@dataclass(frozen=True)
class RestAnswer:
    """A successful answer: parsed JSON (numbers as int and Decimal; None for an empty body, which
    only a write may have: every read of Commerce's answers JSON) and the server's time."""

    document: Any
    server_time: datetime | None


@dataclass(frozen=True)
class _Request:
    """A request before it is signed. `path` names it in errors, without query or body."""

    method: Method
    path: str
    url: httpx.URL
    content: bytes | None
    not_after: datetime | None

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def what(self) -> str:
        return f"{self.method} {self.path}"


class Transport:
    """The connection to one shop. `counts`: requests sent, by kind; second tries count too."""

    def __init__(self, access: Access) -> None:
        self.settings = access.settings
        self.system = access.pace.system
        self.counts = {"reads": 0, "writes": 0}
        self._told: tuple[datetime, float] | None = None
        self._clock, self._http, self._pace = access.clock, access.http, access.pace
        self._sign_ins = RefusedSignIns(access.clock)
        self._auth: httpx.Auth = (
            Ims(access.settings, ImsTokens(access))
            if access.settings.edition == "saas"
            else OAuth(access.settings, secrets=access.secrets, clock=access.clock)
        )

    def scoped(self, scope: str) -> Self:
        """The same connection in the scope of a store view, or in `all`; counted together."""
        made = copy(self)
        made.settings = self.settings.model_copy(update={"scope": scope})
        return made

    @property
    def server_time(self) -> datetime | None:
        """The shop's time by the `Date` of its answers, behind rather than ahead; None before one.

        A date has whole seconds and takes its time to arrive, so it is late by up to a second and
        more: of dates that are close, the one that came soonest is the best. Since then the loop
        has counted the seconds: our own clock may be set meanwhile.
        """
        if self._told is None:
            return None
        told, at = self._told
        return told + timedelta(seconds=asyncio.get_running_loop().time() - at)

    async def call(
        self,
        method: Method,
        path: str,
        query: Query = (),
        body: Any = None,
        *,
        not_after: datetime | None = None,
    ) -> RestAnswer:
        """Send one request. `path` is escaped and below /V1; `body` None sends none.

        Raises `Later`, `Never`, `Paused`, `Unknown` by `errors`, and what `Pace.turn` raises
        without sending. Not safe to repeat for writes.
        """
        content = None if body is None else to_json(body)
        request = _Request(method, path, url_of(self.settings, path, query), content, not_after)
        with self._sign_ins.watched():
            return await self._answered(request)

    async def _answered(self, request: _Request) -> RestAnswer:
        response = await self._tried(request)
        if not response.is_success:
            error = errors.error_from(response, self._call(request))
            await self._pace.failed(error)
            raise error
        await self._pace.answered()
        if request.writes and not response.content.strip():
            return RestAnswer(None, self.server_time)
        try:
            return RestAnswer(from_json(response.content), self.server_time)
        except NotJson as problem:
            raise errors.unreadable(str(problem), self._call(request)) from None

    async def _tried(self, request: _Request) -> httpx.Response:
        """The answer; for reads, that of the second try when the first one failed in passing."""
        if not request.writes:
            try:
                response = await self._signed(request)
            except (Paused, NoTurn):
                raise
            except Later:
                return await self._signed(request)
            if response.status_code < 500 or errors.is_maintenance(response):
                return response
        return await self._signed(request)

    async def _signed(self, request: _Request) -> httpx.Response:
        """The answer; after a 401 that other headers may cure, that of the second try."""
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        if request.content is not None or self.settings.edition == "saas":
            headers["Content-Type"] = "application/json"
        if self.settings.edition == "saas":
            headers["Store"] = self.settings.scope
        seconds = self._seconds(request)
        timeout = httpx.Timeout(seconds, connect=min(CONNECT_TIMEOUT, seconds)).as_dict()
        unsigned = httpx.Request(
            request.method, request.url, headers=headers, content=request.content,
            extensions={"timeout": timeout},
        )  # fmt: skip
        return await send_signed(self._auth, unsigned, partial(self._sent, request))

    def _seconds(self, request: _Request) -> float:
        writing = float(self.settings.write_timeout_seconds)
        return writing if request.writes else READ_TIMEOUT.total_seconds()

    async def _sent(self, request: _Request, signed: httpx.Request) -> httpx.Response:
        async with self._pace.turn(request.what, request.not_after) as slot:
            self.counts["writes" if request.writes else "reads"] += 1
            try:
                response = await self._exchanged(signed, self._seconds(request))
            except httpx.RequestError as problem:
                if isinstance(problem, httpx.TimeoutException):
                    slot.overloaded()
                error = errors.lost(problem, self._call(request))
                await self._pace.failed(error)
                raise error from None
            if response.status_code in _TOO_MUCH:
                slot.overloaded()
        self._note_time(response)
        return response

    async def _exchanged(self, request: httpx.Request, seconds: float) -> httpx.Response:
        try:
            async with asyncio.timeout(seconds):
                streamed = await self._http.send(
                    request, auth=None, follow_redirects=False, stream=True
                )
                return await read_whole_or_beginning(streamed)
        except TimeoutError:
            late = f"no whole answer within {seconds:.0f} s"
            raise httpx.ReadTimeout(late, request=request) from None

    def _note_time(self, response: httpx.Response) -> None:
        reported = http_date(response.headers.get("Date", ""))
        if reported is None or reported.tzinfo is None:
            return
        known = self.server_time
        if known is None or not timedelta() <= known - reported <= DATES_APART:
            self._told = reported, asyncio.get_running_loop().time()

    def _call(self, request: _Request) -> errors.RestCall:
        what, writes, edition = request.what, request.writes, self.settings.edition
        now, theirs = self._clock.now(), self.server_time
        skew = None if theirs is None else theirs - now
        return errors.RestCall(self.system, what, writes, edition, now, skew)


def listed(document: Any, what: str) -> tuple[list[dict[str, Any]], int | None]:
    """The rows of a list answer and how many match in all; None when it does not say.

    `items` null or absent is empty (closed-source lists, and `fields` on an empty page). Raises
    `Never` for `[]`, which is how Commerce answers a `fields` it cannot read.
    """
    if not isinstance(document, dict) or not document.keys() & {"items", "total_count"}:
        raise _not_a_list(what)
    total = str(document.get("total_count"))
    return rows_in(document.get("items") or [], what), int(total) if total.isdecimal() else None


def rows_in(document: Any, what: str) -> list[dict[str, Any]]:
    """A plain array of records. Raises `Never` for anything else."""
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise _not_a_list(what)
    return document


def _not_a_list(what: str) -> Never:
    return Never(
        f"the answer to {what} is not a list of records",
        remedy=(
            "Find out which extension changes this answer in Commerce; the standard one has"
            " `items`, `total_count`."
        ),
    )
