"""Where a request goes: the one place that writes Commerce URLs, so that the URL signed is the URL
sent.

Everything but letters, digits and `-._~` is percent-encoded: a space is `%20` (a `+` breaks the
signature in every 2.4.x), brackets are `%5B` and `%5D`. Source: Adobe's signer, read in 2.4.8-p1
and run against a live shop.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from sync.config.connections import Commerce
from sync.core.errors import Never

Query = Iterable[tuple[str, str]]
"""Decoded names and values, in the order in which they are written. No name twice: the server keeps
only the last."""

LONGEST_TARGET: Final = 8000
"""Path and query in bytes; proxies before a shop commonly refuse 8 KiB (414)."""

NAMES: Final = 1024
"""Names of a query whose escaped form is kept."""
ASYNC: Final = "async/"
"""How the path of a write begins that the shop is to carry out later."""
_PATH: Final = re.compile(r"[A-Za-z0-9\-._~](?:%[0-9A-F]{2}|[A-Za-z0-9\-._~/])*")


def path_of(*segments: str | int) -> str:
    """A path below `/V1` from its parts, each one escaped as one segment: ("products", "A/10") ->
    "products/A%2F10".

    Raises `Never` for a value that no URL can carry: an empty one, `.` and `..`.
    """
    for segment in segments:
        if str(segment) in ("", ".", ".."):
            raise Never(
                f"{segment!r} cannot be part of a Commerce address",
                remedy=(
                    "Give the record a key (SKU or id) that is not empty and not made of dots"
                    " alone."
                ),
            )
    return "/".join(_escaped(str(segment)) for segment in segments)


def encoded(query: Query) -> str:
    """The query, fully percent-encoded. Raises `ValueError` when a name comes twice."""
    pairs = list(query)
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a query name comes twice; the server would keep only the last")
    return "&".join(f"{_name(name)}={_escaped(value)}" for name, value in pairs)


def base_of(settings: Commerce) -> str:
    """Everything before the resource: `<url>/rest/<scope>/V1` (paas) or `<url>/V1` (saas; the scope
    is a header)."""
    root = settings.url.rstrip("/")
    if settings.edition == "saas":
        return f"{root}/V1"
    return f"{root.removesuffix('/rest')}/rest/{_escaped(settings.scope)}/V1"


def url_of(settings: Commerce, path: str, query: Query = ()) -> httpx.URL:
    """The URL of a request, checked to go over the wire exactly as written here.

    `path` comes from `path_of` or is plain ("orders/42"). Raises `ValueError` for one that is not
    escaped, and for a target longer than `LONGEST_TARGET` (split the list of values).
    """
    if not _PATH.fullmatch(path):
        raise ValueError(f"not an escaped path: {path!r}")
    text = f"{base_of(settings)}/{path}"
    if path.startswith(ASYNC) and settings.edition != "saas":
        root = base_of(settings).removesuffix("/V1")
        text = f"{root}/{ASYNC}V1/{path.removeprefix(ASYNC)}"
    if wanted := encoded(query):
        text = f"{text}?{wanted}"
    url = httpx.URL(text)
    parts = urlsplit(text)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if url.raw_path != target.encode():
        raise ValueError(f"{parts.path!r} would not be sent as it is written")
    if len(target) > LONGEST_TARGET:
        raise ValueError(f"a URL of {len(target)} bytes is too long for the proxies before a shop")
    return url


def _escaped(text: str) -> str:
    return quote(text, safe="")


@lru_cache(NAMES)
def _name(text: str) -> str:
    """As `_escaped`: there are few names, and each criterion of a search has three."""
    return _escaped(text)
