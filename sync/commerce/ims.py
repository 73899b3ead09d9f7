"""Adobe Commerce as a Cloud Service: bearer tokens from Adobe IMS by client credentials.

A token lives about a day; it is shared by all requests, renewed five minutes before it ends and
once when a request is refused with 401. Concurrent callers wait for one renewal. Source: Adobe,
"REST server-to-server authentication".
"""

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from sync.commerce.access import Access
from sync.commerce.auth import ACL_REFUSED
from sync.commerce.bodies import said_by
from sync.commerce.errors import retry_after
from sync.config.connections import Commerce
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.sign_in import BearerAuth

SCOPE: Final = (
    "openid,AdobeID,email,profile,additional_info.roles,"
    "additional_info.projectedProductContext,commerce.accs"
)
EARLY: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=1)
QUIET: Final = timedelta(seconds=5)
"""How long nothing is asked after a 429 that names no time."""
TIMEOUT: Final = httpx.Timeout(30.0)
HEADERS: Final = {
    "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
}  # fmt: skip


class Ims(BearerAuth):
    """The headers that go with a token of one connection."""

    def __init__(self, settings: Commerce, tokens: "ImsTokens") -> None:
        super().__init__(tokens)
        self._settings = settings

    def headers(self, token: str) -> dict[str, str]:
        """See `BearerAuth`; the service also wants the client and the organisation."""
        headers = {
            **super().headers(token),
            "x-api-key": self._settings.client_id or "",
            "x-gw-ims-org-id": self._settings.organisation or "",
        }
        return {name: value for name, value in headers.items() if value}

    def may_renew(self, response: httpx.Response) -> bool:
        """A missing right is not cured by a new token."""
        return not said_by(response).template.startswith(ACL_REFUSED)


class ImsTokens:
    """Tokens of one connection, from Adobe IMS."""

    def __init__(self, access: Access) -> None:
        self._settings, self._secrets = access.settings, access.secrets
        self._http, self._clock, self._pace = access.http, access.clock, access.pace
        self._one_at_a_time = asyncio.Lock()
        self._token = ""
        self._good_until: datetime | None = None

    async def token(self, *, renew: bool = False) -> str:
        """A token for any request. Raises `Never` when the connection names no credentials.

        Raises `Later` when IMS is away, `SignInRefused` when it refuses them. Raises `Paused` for
        the whole shop when IMS answers 429: without a token the shop can be asked nothing.
        """
        async with self._one_at_a_time:
            if renew:
                self._good_until = None
            return await self._kept_or_new()

    async def _kept_or_new(self) -> str:
        asked_at = self._clock.now()
        if self._good_until is None or asked_at >= self._good_until:
            answer = await self._fetch()
            lifetime = _lifetime(answer)
            self._token = str(answer["access_token"])
            self._good_until = asked_at + max(lifetime - EARLY, lifetime / 2)
        return self._token

    async def _fetch(self) -> dict[str, Any]:
        request = await self._request()
        try:
            response = await self._http.send(request, follow_redirects=False)
        except httpx.RequestError as error:
            away = f"Adobe IMS did not answer ({type(error).__name__})"
            raise Later(away, counts=False) from None
        if response.status_code != HTTPStatus.OK:
            refused = self._refused(response)
            if isinstance(refused, Paused):
                await self._pace.paused(refused)
            raise refused
        return _token_in(response)

    async def _request(self) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id(),
            "client_secret": await self._client_secret(),
            "scope": SCOPE,
        }
        return httpx.Request(
            "POST",
            f"{self._settings.ims_url.rstrip('/')}/ims/token/v3",
            headers=HEADERS,
            content=urlencode(form).encode(),
            extensions={"timeout": TIMEOUT.as_dict()},
        )

    def _refused(self, response: httpx.Response) -> Later:
        status, said = response.status_code, said_by(response)
        reason = f"Adobe IMS answered {status} to the request for a token: {said.sentence}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = retry_after(response, self._clock.now()) or QUIET
            return Paused(self._pace.system, after=wait)
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= 500:
            return Later(reason, counts=False, said=said.words)
        compare = (
            f"Compare commerce.client_id and the secret {self._settings.client_secret!r} with the"
            " OAuth server-to-server credential in the Adobe Developer Console; it needs the scope"
            " commerce.accs."
        )
        return SignInRefused(f"{reason} {compare}", said=said.words, remedy=compare)

    def _client_id(self) -> str:
        return self._settings.client_id or self._missing("client_id")

    async def _client_secret(self) -> str:
        return (
            await self._secrets.get(self._settings.client_secret or self._missing("client_secret"))
        ).strip()

    def _missing(self, field: str) -> str:
        raise Never(
            f"the connection names no {field} for {self._settings.url}",
            remedy=f"Set commerce.{field} in connections.toml.",
        )


def _token_in(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = from_json(response.content)
    except NotJson as error:
        raise Later(f"Adobe IMS answered 200 but {error}", counts=False) from None
    if not isinstance(answer, dict) or not answer.get("access_token"):
        raise Later("Adobe IMS answered 200 without an access_token", counts=False)
    return answer


def _lifetime(answer: dict[str, Any]) -> timedelta:
    """`expires_in` in seconds; a token without one is used for one call's length only."""
    try:
        return min(
            max(timedelta(0), timedelta(seconds=int(answer.get("expires_in") or 0))), LONGEST
        )
    except (TypeError, ValueError, OverflowError):
        return timedelta(0)
