"""OAuth 1.0a signatures for shops on premises and on Cloud. The Cloud Service takes tokens:
`ims.py`.

OAuth 1.0a with HMAC-SHA256, as 2.4.4 and later demand. JSON bodies are not signed. A signature is
made for one sending: the nonce is stored by the shop, so a repeat gets a new signature. Rules and
vectors: Adobe's signer, 2.4.6 to 2.4.8.
"""

import logging
import re
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import unquote

import httpx
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from sync.commerce.bodies import said_by
from sync.config.connections import Commerce, SecretName
from sync.core.errors import Never
from sync.core.ports import Clock, Secrets

logging.getLogger("oauthlib").setLevel(
    logging.WARNING
)  # its debug lines hold tokens and signatures

Method = Literal["GET", "POST", "PUT", "DELETE"]

SIGNATURE_INVALID: Final = "The signature is invalid"
NONCE_REFUSED: Final = ("The nonce is already being used", "An error occurred validating the nonce")
ACL_REFUSED: Final = "The consumer isn't authorized to access"

_RESERVED: Final = re.compile(r"%(?:3A|40|26|3D|2B|24|2C|2F|3B|25)", re.IGNORECASE)
"""Escapes in a path that the signer of 2.4.7 and older decodes before signing: `: @ & = + $ , / ;
%`."""


class OAuth(httpx.Auth):
    """The four credentials of an integration, and which of the two path rules the shop's signer
    follows.

    Shops up to 2.4.7 sign a path with `%2F`, `%3A`… decoded, 2.4.8 signs it as sent. `auto` finds
    out by the first 401 and remembers; a refused request had no effect, so the second try is safe
    for writes too.
    """

    requires_response_body = True

    def __init__(self, settings: Commerce, *, secrets: Secrets, clock: Clock) -> None:
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._decodes = settings.oauth_decode_path_reserved == "true"

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """A new nonce where the nonce was refused, the other path rule where the signature was.

        Raises `Never` when credentials are missing.
        """
        undecided = self._settings.oauth_decode_path_reserved == "auto" and _ambiguous(request.url)
        decoded = self._decodes and _ambiguous(request.url)
        await self._sign(request, decoded=decoded)
        response = yield request
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return
        message = said_by(response).template
        if message.startswith(SIGNATURE_INVALID) and undecided:
            decoded = not decoded
        elif not message.startswith(NONCE_REFUSED):
            return
        await self._sign(request, decoded=decoded)
        response = yield request
        if undecided and response.status_code != HTTPStatus.UNAUTHORIZED:
            self._decodes = decoded

    async def _sign(self, request: httpx.Request, *, decoded: bool) -> None:
        client = Client(
            await self._secret("consumer_key", self._settings.consumer_key),
            client_secret=await self._secret("consumer_secret", self._settings.consumer_secret),
            resource_owner_key=await self._secret("token", self._settings.token),
            resource_owner_secret=await self._secret("token_secret", self._settings.token_secret),
            signature_method=SIGNATURE_HMAC_SHA256,
            nonce=self._clock.unique(),
            timestamp=str(int(self._clock.now().timestamp())),
        )
        method: Any = request.method
        _, headers, _ = client.sign(
            signed_url(request.url, decoded=decoded), http_method=method, body=None
        )
        request.headers["Authorization"] = headers["Authorization"]

    async def _secret(self, field: str, name: SecretName | None) -> str:
        if name is None:
            raise Never(
                f"the connection names no {field} for {self._settings.url}",
                remedy=(
                    f"Set commerce.{field} in connections.toml to the name of the secret that"
                    " holds it."
                ),
            )
        return (await self._secrets.get(name)).strip()


def signed_url(url: httpx.URL, *, decoded: bool) -> str:
    """The URL as the shop's signer will see it: as sent, or with the reserved characters of its
    path decoded."""
    text = str(url)
    if not decoded:
        return text
    before, mark, query = text.partition("?")
    return _RESERVED.sub(lambda escape: unquote(escape.group()), before) + mark + query


def _ambiguous(url: httpx.URL) -> bool:
    path = url.raw_path.partition(b"?")[0]
    return _RESERVED.search(path.decode("ascii")) is not None
