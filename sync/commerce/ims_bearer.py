"""Who asks the gate, where Commerce also brings a token of Adobe's identity service: it is for our
client, of our organisation, not over, and signed by Adobe.

Commerce adds it where a hook has `developerConsoleOauth`. Adobe publishes its keys as a JWK set
(`commerce.ims_keys`); times in its tokens are texts of milliseconds. The keys are fetched when a
token names one that is not known, at most twice a minute, and kept for a day.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from sync.commerce.signature import SHORTEST_RSA_KEY, Refused, rsa_signed
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later
from sync.core.ports import Clock

KEPT: Final = timedelta(hours=24)
AGAIN: Final = timedelta(seconds=30)
LARGEST: Final = 100_000
LONGEST_TOKEN: Final = 8_000
MILLISECOND: Final = timedelta(milliseconds=1)


class ImsKeys:
    """The keys of one identity service, by id. `url`: of its JWK set."""

    def __init__(self, url: str, *, http: httpx.AsyncClient, clock: Clock) -> None:
        self._url, self._http, self._clock = url, http, clock
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched: datetime | None = None
        self._asked: datetime | None = None

    async def get(self, key_id: str) -> RSAPublicKey:
        """A key. Raises `Refused` for one that Adobe does not have, `Later` where the keys cannot
        be fetched."""
        now = self._clock.now()
        is_old = self._fetched is None or now - self._fetched >= KEPT
        may_ask = self._asked is None or now - self._asked >= AGAIN
        if (is_old or key_id not in self._keys) and may_ask:
            self._asked = now
            await self._fetch(now)
        if self._fetched is None:
            raise Later("the keys of Adobe's identity service cannot be fetched", counts=False)
        if key_id not in self._keys:
            raise Refused("the token is signed with a key that Adobe does not have")
        return self._keys[key_id]

    async def count(self) -> int:
        """How many keys there are that can be used; 0 where the set cannot be fetched."""
        await self._fetch(self._clock.now())
        return len(self._keys)

    async def _fetch(self, now: datetime) -> None:
        """Read the set; one that cannot be read leaves the keys that are known."""
        try:
            answer = await self._http.get(self._url, follow_redirects=False)
            is_set = answer.status_code == HTTPStatus.OK and len(answer.content) <= LARGEST
            document = from_json(answer.content) if is_set else {}
        except (httpx.RequestError, NotJson):
            return
        rows = document.get("keys") if isinstance(document, Mapping) else None
        if isinstance(rows, list):
            found = {str(row.get("kid")): _key(row) for row in rows if isinstance(row, Mapping)}
            self._keys = {name: key for name, key in found.items() if key is not None}
            self._fetched = now


ImsKeysOf = Callable[[str], ImsKeys]
"""The keys that an identity service publishes, cached."""


async def verify_bearer(
    headers: Mapping[str, str], keys: ImsKeys, now: datetime, *, client: str, organisation: str
) -> None:
    """Return where the token is good. Raises `Refused`, and `Later` where keys are away."""
    token = _token(headers)
    named, claims, signature, signed = _parts(token)
    if named.get("alg") != "RS256":
        raise Refused("the token is not signed with RS256")
    if not rsa_signed(signature, signed, await keys.get(str(named.get("kid")))):
        raise Refused("the token's signature is not Adobe's")
    if str(claims.get("client_id")) != client:
        raise Refused("the token is for another client")
    if _ends(claims) <= now:
        raise Refused("the token is over")
    told = {name.lower(): value for name, value in headers.items()}.get("x-gw-ims-org-id", "")
    if organisation and told.strip() != organisation:
        raise Refused("the token comes with another organisation")


def _token(headers: Mapping[str, str]) -> str:
    found = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
    scheme, _, token = found.strip().partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN:
        raise Refused("no bearer token came with the hook")
    return token.strip()


def _parts(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any], bytes, bytes]:
    """Header, claims, signature, and what was signed."""
    parts = token.split(".")
    try:
        header, claims = (from_json(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2]) if len(parts) == 3 else b""
    except (NotJson, ValueError):
        raise Refused("the token cannot be read") from None
    if not (signature and isinstance(header, Mapping) and isinstance(claims, Mapping)):
        raise Refused("the token cannot be read")
    return header, claims, signature, ".".join(parts[:2]).encode("ascii", "replace")


def _ends(claims: Mapping[str, Any]) -> datetime:
    """When a token ends: by Adobe's two claims in milliseconds, else by `exp` in seconds."""
    created, lasts, exp = (
        str(claims.get(name, "")) for name in ("created_at", "expires_in", "exp")
    )
    start = datetime(1970, 1, 1, tzinfo=UTC)
    if _is_number(created) and _is_number(lasts):
        return start + (int(created) + int(lasts)) * MILLISECOND
    return start + timedelta(seconds=int(exp)) if _is_number(exp) else start


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


def _key(row: Mapping[str, Any]) -> RSAPublicKey | None:
    """The RSA key of a row of the set; None for another kind, or one that is too short."""
    try:
        numbers = [int.from_bytes(_decoded(str(row[name])), "big") for name in ("e", "n")]
        key = RSAPublicNumbers(*numbers).public_key()
    except (KeyError, ValueError):
        return None
    return key if key.key_size >= SHORTEST_RSA_KEY else None
