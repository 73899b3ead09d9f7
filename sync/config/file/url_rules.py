"""What must hold of a URL in the configuration."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from sync.config.file.breaches import Breach
from sync.config.file.toml_lines import Path

ADDED_FOR_EACH_CALL: Final = frozenset({"rest", "v1", "graphql", "soap", "index.php", "admin"})

HTTP_IS_FOR: Final = "http is for a host on this machine."
NO_HOST: Final = ("this is not a URL with a host", "Write it as https://host.")
HOLDS_PASSWORD: Final = (
    "the URL holds a user name or a password",
    "Write the host alone; passwords go into the vault, and this one should be changed.",
)


def url_breaches(path: Path, url: str, *, paths: bool = False) -> Iterator[Breach]:
    """What is wrong with a URL; https is needed except on this machine, a path is allowed only
    where `paths` says so."""
    found = _unsafe(url) or _beyond_the_host(urlsplit(url), paths=paths)
    if found:
        yield Breach(path, *found)


def page_breaches(path: Path, url: str) -> Iterator[Breach]:
    """What is wrong with the URL of a page that people open: any path is fine, a secret is not."""
    if found := _unsafe(url) or _parted(urlsplit(url)):
        yield Breach(path, *found)


def _unsafe(url: str) -> tuple[str, str] | None:
    """(what, remedy) where the URL names no host, or tells a secret on the way to it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return NO_HOST
    is_named = host and all(c.isalnum() or c in ".-:_" for c in host)
    if not is_named or parts.scheme not in ("https", "http"):
        return NO_HOST
    if parts.username is not None or parts.password is not None:
        return HOLDS_PASSWORD
    if parts.scheme == "http" and not is_loopback(url):
        return f"http is not safe for {host}", f"Write https://{host}; {HTTP_IS_FOR}"
    return None


def _beyond_the_host(parts: SplitResult, *, paths: bool) -> tuple[str, str] | None:
    if found := _parted(parts):
        return found
    if parts.path and not paths:
        return "the URL has a path after the host", f"Write {parts.scheme}://{parts.netloc} alone."
    if added := ADDED_FOR_EACH_CALL.intersection(parts.path.lower().split("/")):
        remedy = "Write the storefront's base URL alone; what follows is added for each call."
        return f"the URL goes on to /{min(added)}", remedy
    return None


def _parted(parts: SplitResult) -> tuple[str, str] | None:
    if parts.query or parts.fragment:
        return "the URL has a part after ? or #", "Leave that part out."
    return None


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
