"""When the credentials of the connections end, as far as anybody can know.

A certificate says so itself, and Key Vault of each secret for which somebody has set its end. The
end of a client secret is shown by Entra to administrators only: `client_secret_expires` repeats it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from cryptography import x509

from sync.alerts.findings import Expiry
from sync.config.connections import Connection
from sync.core.errors import Later, Never
from sync.core.ports import Clock, Dated, Secrets

EVERY: Final = timedelta(hours=6)
"""How long what was read of certificates is taken for true."""


class Expiries:
    """The ends of all credentials; a certificate is read again after `EVERY`."""

    def __init__(
        self, connections: Mapping[str, Connection], secrets: Secrets, clock: Clock
    ) -> None:
        self._connections, self._secrets, self._clock = connections, secrets, clock
        self._known: list[Expiry] = []
        self._read_at: datetime | None = None

    async def known(self) -> list[Expiry]:
        """Every end that is known. A secret that cannot be read has none: the refused sign-in is
        told."""
        now = self._clock.now()
        if self._read_at is None or now - self._read_at >= EVERY:
            self._known = [
                expiry
                for name in self._connections
                for expiry in (*await self._of(name), *await self._set_ends(name))
            ]
            self._read_at = now
        return self._known

    async def _of(self, name: str) -> list[Expiry]:
        dynamics = self._connections[name].dynamics
        found = []
        if dynamics.client_secret_expires:
            at = datetime.combine(dynamics.client_secret_expires, time(), UTC)
            found.append(Expiry(name, "client secret for F&O", at))
        if dynamics.certificate:
            try:
                pem = await self._secrets.get(dynamics.certificate)
                certificate = x509.load_pem_x509_certificate(pem.encode())
            except (Later, Never, ValueError):
                return found
            found.append(Expiry(name, "certificate for F&O", certificate.not_valid_after_utc))
        return found

    async def _set_ends(self, name: str) -> list[Expiry]:
        """Those that the store of secrets tells. One that it does not answer has none: the delivery
        that needs the secret is told."""
        secrets, found = self._secrets, list[Expiry]()
        if not isinstance(secrets, Dated):
            return found
        for secret in self._connections[name].secret_names:
            try:
                ends_at = (await secrets.dates(secret)).ends_at
            except (Later, Never):
                continue
            if ends_at is not None:
                found.append(Expiry(name, f"secret {secret}", ends_at))
        return found
