"""Adobe's public keys, by the host that publishes them: fetched when first needed, one client
each."""

import httpx

from sync.commerce.event_keys import PublicKeys
from sync.commerce.ims_bearer import ImsKeys
from sync.core.ports import Clock


class PublicKeyHosts:
    """The keys of one process. Close it when done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, PublicKeys] = {}
        self._ims: dict[str, ImsKeys] = {}
        self._clients: list[httpx.AsyncClient] = []

    def of(self, host: str) -> PublicKeys:
        """The keys that a host publishes, cached."""
        if host not in self._keys:
            http = httpx.AsyncClient(timeout=5.0, follow_redirects=False)
            self._clients.append(http)
            self._keys[host] = PublicKeys(host, http=http, clock=self._clock)
        return self._keys[host]

    def of_ims(self, url: str) -> ImsKeys:
        """The keys of Adobe's identity service, cached."""
        if url not in self._ims:
            http = httpx.AsyncClient(timeout=5.0, follow_redirects=False)
            self._clients.append(http)
            self._ims[url] = ImsKeys(url, http=http, clock=self._clock)
        return self._ims[url]

    async def close(self) -> None:
        """Close the clients. Safe to repeat."""
        for http in self._clients:
            await http.aclose()
        self._clients.clear()
