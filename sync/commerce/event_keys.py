"""The public keys with which Adobe signs I/O events: fetched from one pinned host, kept for at most
a day.

The path of a key comes with the delivery, so from its sender: the host is ours to choose, the
path must be of the shape Adobe uses, and answers are few and small. A key that cannot be fetched is
`Later`: Adobe sends the event again.

While Adobe changes a key it signs with the old one and the new one. So a delivery that a good key
verified names the next key, and strangers who invent paths cannot delay that one.
"""

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sync.commerce.signature import Refused, key_fault, rsa_key
from sync.core.errors import Later
from sync.core.ports import Clock

KEPT: Final = timedelta(hours=24)
FAILURE_KEPT: Final = timedelta(seconds=30)
MOST_KEYS: Final = 16
"""Keys that are kept; Adobe signs with two."""
MOST_UNKNOWN: Final = 30
UNKNOWN_WITHIN: Final = timedelta(minutes=1)
"""So many fetches of paths that nobody vouched for are made in such a time: the caller may be a
stranger. A new process knows no key, and its first share this budget with strangers."""
LARGEST_KEY: Final = 10_000
TIMEOUT: Final = httpx.Timeout(5.0)
"""Adobe waits 10 s for our answer, and there may be two keys to fetch."""

_PATH: Final = re.compile(r"/prod/keys/[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")


@dataclass(frozen=True)
class _Kept:
    key: RSAPublicKey
    until: datetime


class PublicKeys:
    """Keys by path. `host` is `EventKeys.key_host`. Concurrent callers for one path wait for one
    fetch, and for no other path's.

    A path that held a key is fetched again whenever its time has passed, and so is one that was
    vouched for. Other paths share one budget, and never take a good key's place.
    """

    def __init__(self, host: str, *, http: httpx.AsyncClient, clock: Clock) -> None:
        self._host = host.rstrip("/")
        self._http = http
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._failed: dict[str, datetime] = {}
        self._vouched: deque[str] = deque(maxlen=MOST_KEYS)
        self._unknown: deque[datetime] = deque(maxlen=MOST_UNKNOWN)
        self._fetching: dict[str, asyncio.Lock] = {}

    async def get(self, path: str) -> RSAPublicKey:
        """The key at `path`. Raises `Refused` for a path that is not Adobe's, `Later` when it
        cannot be fetched.

        A failure is remembered for half a minute, so that a flood of forged deliveries does not
        become one of fetches.
        """
        if not _PATH.fullmatch(path):
            raise Refused("the public key's path is not below /prod/keys/")
        lock = self._fetching.setdefault(path, asyncio.Lock())
        try:
            async with lock:
                key = await self._kept_or_fetched(path)
        finally:
            self._fetching.pop(path, None)
        if key is None:
            raise Later("Adobe's public key for events cannot be fetched", counts=False)
        return key

    def knows(self, path: str) -> bool:
        """Whether a key is kept for `path`: it costs no fetch, or one that no stranger can use
        up."""
        return path in self._kept

    def vouch(self, path: str) -> None:
        """`path` came with a delivery that another key verified: it needs no budget. A repeat
        changes nothing."""
        if _PATH.fullmatch(path) and path not in self._kept and path not in self._vouched:
            self._vouched.append(path)

    async def _kept_or_fetched(self, path: str) -> RSAPublicKey | None:
        now = self._clock.now()
        kept = self._kept.get(path)
        if kept is not None and now < kept.until:
            return kept.key
        self._failed = {name: until for name, until in self._failed.items() if now < until}
        if path in self._failed or (kept is None and not self._may_ask(path, now)):
            return None
        key = await self._fetch(path)
        if key is None:
            self._failed[path] = self._clock.now() + FAILURE_KEPT
        else:
            self._keep(path, key)
        return key

    def _keep(self, path: str, key: RSAPublicKey) -> None:
        """Keep a key, in the place of the oldest one where there are too many."""
        if path not in self._kept and len(self._kept) == MOST_KEYS:
            del self._kept[min(self._kept, key=lambda name: self._kept[name].until)]
        self._kept[path] = _Kept(key, self._clock.now() + KEPT)

    def _may_ask(self, path: str, now: datetime) -> bool:
        """Whether one more path that never held a key may be fetched; counts it."""
        if path in self._vouched:
            return True
        if len(self._unknown) == MOST_UNKNOWN and now - self._unknown[0] < UNKNOWN_WITHIN:
            return False
        self._unknown.append(now)
        return True

    async def _fetch(self, path: str) -> RSAPublicKey | None:
        """None where no key can be read there: `get` raises `Later` then."""
        request = httpx.Request(
            "GET", f"{self._host}{path}", extensions={"timeout": TIMEOUT.as_dict()}
        )
        try:
            response = await self._http.send(request, auth=None, follow_redirects=False)
        except httpx.RequestError:
            return None
        if response.status_code != HTTPStatus.OK or len(response.content) > LARGEST_KEY:
            return None
        text = response.content.decode("ascii", "replace")
        return None if key_fault(text, "rsa") else rsa_key(text)
