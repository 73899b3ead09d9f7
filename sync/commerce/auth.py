"""How a request says who we are: OAuth 1.0a signatures for shops of our own, Adobe's tokens
(`ims.py`) for the service.

OAuth 1.0a with HMAC-SHA256, as 2.4.4 and later demand. JSON bodies are not signed. A signature is
made for one sending: the nonce is stored by the shop, so a repeat is signed anew. Rules and
vectors: Adobe's signer, 2.4.6 to 2.4.8.
"""

import logging
import re
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from urllib.parse import unquote

import httpx
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from sync.config.connections import Commerce, SecretName
from sync.core.errors import Never
from sync.core.ports import Clock, Secrets

logging.getLogger("oauthlib").setLevel(
    logging.WARNING
)  # its debug lines hold tokens and signatures

Method = Literal["GET", "POST", "PUT"]

SIGNATURE_INVALID: Final = "The signature is invalid"
NONCE_REFUSED: Final = ("The nonce is already being used", "An error occurred validating the nonce")
ACL_REFUSED: Final = "The consumer isn't authorized to access"

_RESERVED: Final = re.compile(r"%(?:3A|40|26|3D|2B|24|2C|2F|3B|25)", re.IGNORECASE)
"""Escapes in a path that the signer of 2.4.7 and older decodes before signing: `: @ & = + $ , / ;
%`."""


@dataclass(frozen=True)
class Signed:
    """Headers for one sending. `decoded` and `token` remember how they were made, for a second try
    after a 401."""

    headers: dict[str, str]
    decoded: bool = False
    token: str = ""


class Auth(Protocol):
    """Authorises requests, and knows whether a refused one is worth a second try with other
    headers."""

    async def sign(self, method: Method, url: httpx.URL) -> Signed:
        """Headers for one sending of exactly this URL. Raises `Never` when credentials are
        missing."""
        ...

    async def sign_again(
        self, method: Method, url: httpx.URL, refused: Signed, message: str
    ) -> Signed | None:
        """After a 401 with the error template `message`: other headers, or None when another try
        would end the same."""
        ...

    def accepted(self, url: httpx.URL, signed: Signed) -> None:
        """The second try got past the door: remember how it was signed."""
        ...


class OAuth:
    """The four credentials of an integration, and which of the two path rules the shop's signer
    follows.

    Shops up to 2.4.7 sign a path with `%2F`, `%3A`… decoded, 2.4.8 signs it as sent. `auto` finds
    out by the first 401 and remembers; a refused request had no effect, so the second try is safe
    for writes too.
    """

    def __init__(self, settings: Commerce, *, secrets: Secrets, clock: Clock) -> None:
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._decodes = settings.oauth_decode_path_reserved == "true"

    async def sign(self, method: Method, url: httpx.URL) -> Signed:
        """See `Auth`."""
        return await self._signed(method, url, decoded=self._decodes and _ambiguous(url))

    async def sign_again(
        self, method: Method, url: httpx.URL, refused: Signed, message: str
    ) -> Signed | None:
        """See `Auth`: a new nonce where the nonce was refused, the other path rule where the
        signature was."""
        if message.startswith(NONCE_REFUSED):
            return await self._signed(method, url, decoded=refused.decoded)
        undecided = self._settings.oauth_decode_path_reserved == "auto" and _ambiguous(url)
        if message.startswith(SIGNATURE_INVALID) and undecided:
            return await self._signed(method, url, decoded=not refused.decoded)
        return None

    def accepted(self, url: httpx.URL, signed: Signed) -> None:
        """See `Auth`."""
        if self._settings.oauth_decode_path_reserved == "auto" and _ambiguous(url):
            self._decodes = signed.decoded

    async def _signed(self, method: Method, url: httpx.URL, *, decoded: bool) -> Signed:
        client = Client(
            await self._secret("consumer_key", self._settings.consumer_key),
            client_secret=await self._secret("consumer_secret", self._settings.consumer_secret),
            resource_owner_key=await self._secret("token", self._settings.token),
            resource_owner_secret=await self._secret("token_secret", self._settings.token_secret),
            signature_method=SIGNATURE_HMAC_SHA256,
            nonce=self._clock.unique(),
            timestamp=str(int(self._clock.now().timestamp())),
        )
        _, headers, _ = client.sign(signed_url(url, decoded=decoded), http_method=method, body=None)
        return Signed({"Authorization": headers["Authorization"]}, decoded=decoded)

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
