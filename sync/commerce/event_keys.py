"""The public keys with which Adobe signs I/O events: fetched from one pinned host, kept for at most
a day.

The path of a key comes with the delivery, so from its sender: the host is ours to choose, the
path must be of the shape Adobe uses, and answers are few and small. A key that cannot be fetched is
`Later`: Adobe sends the event again.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sync.commerce.signature import Refused, rsa_key
from sync.core.errors import Later
from sync.core.ports import Clock

KEPT: Final = timedelta(hours=24)
FAILURE_KEPT: Final = timedelta(seconds=30)
MOST_KEYS: Final = 16
LARGEST_KEY: Final = 10_000
TIMEOUT: Final = httpx.Timeout(5.0)
"""Adobe waits 10 s for our answer, and there may be two keys to fetch."""

_PATH: Final = re.compile(r"/prod/keys/[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")


@dataclass(frozen=True)
class _Kept:
    key: RSAPublicKey | None
    until: datetime


class PublicKeys:
    """Keys by path. `host` is `EventKeys.key_host`. Concurrent callers wait for one fetch."""

    def __init__(self, host: str, *, http: httpx.AsyncClient, clock: Clock) -> None:
        self._host = host.rstrip("/")
        self._http = http
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._one_at_a_time = asyncio.Lock()

    async def get(self, path: str) -> RSAPublicKey:
        """The key at `path`. Raises `Refused` for a path that is not Adobe's, `Later` when it
        cannot be fetched.

        A failure is remembered for half a minute, so that a flood of forged deliveries does not
        become one of fetches.
        """
        if not _PATH.fullmatch(path):
            raise Refused("the public key's path is not below /prod/keys/")
        async with self._one_at_a_time:
            key = await self._kept_or_fetched(path)
        if key is None:
            raise Later("Adobe's public key for events cannot be fetched", counts=False)
        return key

    async def _kept_or_fetched(self, path: str) -> RSAPublicKey | None:
        kept = self._kept.get(path)
        if kept is not None and self._clock.now() < kept.until:
            return kept.key
        key = await self._fetch(path)
        self._kept.pop(path, None)
        self._kept[path] = _Kept(
            key, self._clock.now() + (KEPT if key is not None else FAILURE_KEPT)
        )
        while len(self._kept) > MOST_KEYS:
            del self._kept[next(iter(self._kept))]
        return key

    async def _fetch(self, path: str) -> RSAPublicKey | None:
        request = httpx.Request(
            "GET", f"{self._host}{path}", extensions={"timeout": TIMEOUT.as_dict()}
        )
        try:
            response = await self._http.send(request, auth=None, follow_redirects=False)
        except httpx.RequestError:
            return None
        if response.status_code != HTTPStatus.OK or len(response.content) > LARGEST_KEY:
            return None
        return rsa_key(response.text)
