"""Tokens for Inventory Visibility: one of Entra is changed for one of the security service.

The service answers 307 with the address of the region, which is asked the same by POST. Source:
Microsoft, inventory-visibility-api.md (2022-11-04).
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from sync.config.connections.visibility import Visibility
from sync.core.encoding import from_json, to_json
from sync.core.errors import Later, Never, SignInRefused
from sync.core.ports import Clock
from sync.dynamics.auth import Tokens, is_loopback

SCOPE: Final = "0cdb527f-a8d1-4bf8-9436-b352c68682b2/.default"
"""What Entra is asked for: Microsoft's application of the service."""
WANTED: Final = "https://inventoryservice.operations365.dynamics.com/.default"
REGIONS: Final = (".dynamics.com", ".powerapps.com")
"""Only to such hosts, or to this machine, is a token sent on."""
EARLY: Final = timedelta(minutes=5)
HEADERS: Final = {"Api-Version": "1.0", "Content-Type": "application/json"}
REDIRECTS: Final = 3
REMEDY: Final = (
    "Compare dynamics.visibility.environment with the environment id in Lifecycle Services, and see"
    " that the app is among those that the Inventory Visibility add-in was installed with"
)


class VisibilityTokens:
    """Safe for concurrent use: at worst several ask at once."""

    def __init__(
        self, settings: Visibility, entra: Tokens, http: httpx.AsyncClient, clock: Clock
    ) -> None:
        self._settings, self._entra, self._http, self._clock = settings, entra, http, clock
        self._token, self._until = "", datetime.min.replace(tzinfo=clock.now().tzinfo)

    async def token(self, *, renew: bool = False) -> str:
        """As `Tokens.token`."""
        if renew or self._clock.now() >= self._until:
            self._token, seconds = await self._changed(await self._entra.token(renew=renew))
            self._until = self._clock.now() + max(timedelta(seconds=seconds) - EARLY, timedelta(0))
        return self._token

    async def close(self) -> None:
        """The source of Entra's tokens is closed by its owner."""

    async def _changed(self, entra: str) -> tuple[str, int]:
        body = to_json({
            "grant_type": "client_credentials", "client_assertion_type": "aad_app",
            "client_assertion": entra, "scope": WANTED, "context": self._settings.environment,
            "context_type": "finops-env",
        })  # fmt: skip
        answer = await self._asked(self._settings.sign_in_url, body)
        if answer.status_code in (HTTPStatus.BAD_REQUEST, 401, 403):
            what = f"the security service refuses the sign-in with {answer.status_code}"
            raise SignInRefused(f"{what}. {REMEDY}", remedy=REMEDY)
        if not answer.is_success:
            raise Later(f"the security service answered {answer.status_code}")
        try:
            said = from_json(answer.content)
            return str(said["access_token"]), int(said.get("expires_in") or 0)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Later("the security service's answer cannot be read") from None

    async def _asked(self, url: str, body: bytes) -> httpx.Response:
        for _ in range(REDIRECTS):
            if not _may_hear(url):
                raise Never(
                    f"the security service sends us to {httpx.URL(url).host}",
                    remedy="Write its address into dynamics.visibility.sign_in_url.",
                )
            try:
                answer = await self._http.post(url, content=body, headers=HEADERS)
            except httpx.RequestError as error:
                raise Later(
                    f"no answer from the security service ({type(error).__name__})"
                ) from error
            if answer.status_code != HTTPStatus.TEMPORARY_REDIRECT:
                return answer
            url = str(httpx.URL(url).join(answer.headers.get("location", "")))
        raise Later("the security service sends us on and on")


def _may_hear(url: str) -> bool:
    parsed = httpx.URL(url)
    is_microsofts = parsed.scheme == "https" and parsed.host.endswith(REGIONS)
    return is_microsofts or is_loopback(parsed.host)
