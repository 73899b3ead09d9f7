"""What must hold of a URL in the configuration."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from sync.config.file.breaches import Breach
from sync.config.file.toml_lines import Path

ADDED_FOR_EACH_CALL: Final = frozenset({"rest", "v1", "graphql", "soap", "index.php", "admin"})


def url_breaches(path: Path, url: str, *, paths: bool = False) -> Iterator[Breach]:
    """What is wrong with a URL; https is needed except on this machine, a path is allowed only
    where `paths` says so."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if (
        not host
        or parts.scheme not in ("https", "http")
        or not all(c.isalnum() or c in ".-:_" for c in host)
    ):
        yield Breach(path, "this is not a URL with a host", "Write it as https://host.")
    elif parts.username is not None or parts.password is not None:
        remedy = (
            "Write the host alone; passwords go into the vault, and this one should be changed."
        )
        yield Breach(path, "the URL holds a user name or a password", remedy)
    elif parts.scheme == "http" and not is_loopback(url):
        yield Breach(
            path,
            f"http is not safe for {host}",
            f"Write https://{host}; http is for a host on this machine.",
        )
    elif parts.query or parts.fragment:
        yield Breach(path, "the URL has a part after ? or #", "Leave that part out.")
    elif parts.path and not paths:
        yield Breach(
            path,
            "the URL has a path after the host",
            f"Write {parts.scheme}://{parts.netloc} alone.",
        )
    elif added := ADDED_FOR_EACH_CALL.intersection(parts.path.lower().split("/")):
        remedy = "Write the storefront's base URL alone; what follows is added for each call."
        yield Breach(path, f"the URL goes on to /{min(added)}", remedy)


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
