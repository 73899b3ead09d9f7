"""Who we are to F&O, and which addresses may hear it.

A token goes to one host only, over TLS; a fixed bearer goes to this machine only. How Entra tokens
are got is an adapter's business (`sync/adapters/entra.py`); here is what the client needs of it.
"""

import ipaddress
from collections.abc import Callable
from typing import Final, Protocol

import httpx

from sync.config.connections import Dynamics
from sync.core.errors import Never
from sync.core.ports import Secrets

ADDRESS: Final = (
    "Write the environment's address into connections.toml as"
    " https://<environment>.operations.dynamics.com"
)


class Tokens(Protocol):
    """Bearer tokens for one environment. Safe for concurrent use."""

    async def token(self, *, renew: bool = False) -> str:
        """A token that is valid for some minutes yet. `renew`: F&O refused the last one, get
        another.

        Raises `Later` when the issuer cannot be reached or refuses, `Never` when what we would show
        it is unusable.
        """
        ...

    async def close(self) -> None:
        """Give back connections. A later `token` opens them again."""
        ...


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def checked_url(url: str) -> str:
    """`url` as `https://host[:port]`, in lower case. Raises `Never` unless it is https, or
    loopback, without a path.

    The host is not held against a list: environments have many patterns (regions, sovereign clouds,
    one-box).
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise Never("the Dynamics url is no address", remedy=ADDRESS) from None
    if fault := _fault_of(parsed):
        raise Never(fault, remedy=ADDRESS)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}".lower()


def _fault_of(url: httpx.URL) -> str:
    """What is wrong with the address; empty when it may be used."""
    if url.userinfo or url.query or url.fragment or url.path not in {"", "/"}:
        return "the Dynamics url has more than scheme and host"
    if not url.host or url.scheme not in {"https", "http"}:
        return "the Dynamics url is not https"
    if url.scheme == "http" and not is_loopback(url.host):
        return f"the Dynamics url of {url.host} is http: a token would travel in the clear"
    return ""


def scope_of(url: str) -> str:
    """What to ask Entra for. The `aud` of the token must equal the environment's address, so: lower
    case, no slash."""
    return f"https://{httpx.URL(checked_url(url)).host}/.default"


class LoopbackBearer:
    """A fixed bearer for a sandbox on this machine. Raises `Never` for any other host."""

    def __init__(self, url: str, name: str, secrets: Secrets) -> None:
        host = httpx.URL(checked_url(url)).host
        if not is_loopback(host):
            raise Never(
                f"a fixed bearer is only sent to this machine, not to {host}",
                remedy="Set auth to secret, certificate or managed_identity for this connection",
            )
        self._name = name
        self._secrets = secrets

    async def token(self, *, renew: bool = False) -> str:  # noqa: ARG002 - a fixed bearer has no other
        """The bearer, asked of the secret store each time."""
        return await self._secrets.get(self._name)

    async def close(self) -> None:
        """Nothing is open."""


Entra = Callable[[Dynamics, str], Tokens]
"""Makes tokens for a connection's section and a scope, by its `auth`: secret, certificate or
managed_identity."""

_IDENTITY: Final = (
    "auth",
    "authority",
    "tenant",
    "client_id",
    "client_secret",
    "certificate",
    "bearer",
)
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "secret": ("tenant", "client_id", "client_secret"),
    "certificate": ("tenant", "client_id", "certificate"),
    "managed_identity": (),
    "bearer": ("bearer",),
}


class TokenPool:
    """One source of tokens per environment and identity, for the life of the process: it is the
    source that caches."""

    def __init__(self, secrets: Secrets, entra: Entra) -> None:
        self._secrets = secrets
        self._entra = entra
        self._sources: dict[tuple[str | None, ...], Tokens] = {}

    def tokens(self, section: Dynamics, scope: str = "") -> Tokens:
        """The source for a connection; `scope`: of another service than its environment. Raises
        `Never` naming the fields that its `auth` needs and that are missing."""
        missing = [field for field in _NEEDED[section.auth] if not getattr(section, field)]
        if missing:
            reason = f"auth = {section.auth} needs {', '.join(missing)} in the dynamics section"
            remedy = "Complete the dynamics section of the connection in connections.toml"
            raise Never(reason, remedy=remedy)
        address = checked_url(section.url)
        identity = (address, scope, *(getattr(section, field) for field in _IDENTITY))
        if identity not in self._sources:
            self._sources[identity] = self._source(section, address, scope)
        return self._sources[identity]

    def _source(self, section: Dynamics, address: str, scope: str) -> Tokens:
        if section.auth == "bearer":
            return LoopbackBearer(address, str(section.bearer), self._secrets)
        return self._entra(section, scope or scope_of(address))

    async def close(self) -> None:
        """Close every source."""
        for source in self._sources.values():
            await source.close()
        self._sources.clear()
