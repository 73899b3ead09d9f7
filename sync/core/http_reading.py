"""What another system writes into headers and refusals: cut first, never an error, never out of
range."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
from typing_extensions import override

LONGEST: Final = 64
"""Characters of a date that are read; the longest form has 30."""
YEARS: Final = range(2000, 2101)
"""A clock outside of these is wrong, and sums with it may leave what a datetime holds."""

MOST_OF_A_REFUSAL: Final = 256 * 1024
"""Bytes of an answer other than success; what it says stands in the first few thousand."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_OF_THE_BODY: Final = ("content-encoding", "content-length", "transfer-encoding")
_FRACTION: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")


def http_date(text: str) -> datetime | None:
    """The moment, aware; naive where the header names no zone. None when it cannot be read or is
    out of range."""
    try:
        moment = parsedate_to_datetime(text[:LONGEST].strip())
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in YEARS else None


def wait_in(text: str, now: datetime, *, fractions: bool = False) -> timedelta | None:
    """The wait that a Retry-After names: whole seconds (with `fractions`, also parts) or a date;
    None for others.

    A date without a zone is UTC. `now` is aware. The result may be negative: the moment has passed.
    """
    text = text[:LONGEST].strip()
    if _SECONDS.fullmatch(text) or (fractions and _FRACTION.fullmatch(text)):
        return timedelta(milliseconds=round(float(text) * 1000))
    moment = http_date(text)
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


class _NoCookies(httpx.Cookies):
    @override
    def extract_cookies(self, response: httpx.Response) -> None:
        """None is looked for."""


class CookielessClient(httpx.AsyncClient):
    """Keeps no cookies: F&O's affinity cookie would pin all our work to one node. Looking for them
    takes as long as reading the headers."""

    _none = _NoCookies()

    @property  # type: ignore[misc]  # no setter: there is nothing to set
    @override
    def cookies(self) -> httpx.Cookies:
        """None, ever."""
        return self._none


async def beginning_of(response: httpx.Response, most: int = MOST_OF_A_REFUSAL) -> bytes:
    """The first bytes of a body that was not read yet, decoded; the rest stays where it is. The
    caller closes it.

    Raises what reading raises.
    """
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece[: most - len(body)]
        if len(body) >= most:
            break
    return bytes(body)


async def read_whole_or_beginning(response: httpx.Response) -> httpx.Response:
    """The streamed response, read and closed: whole where it is a success, else as a response of
    its beginning."""
    try:
        if response.is_success:
            await response.aread()
            return response
        content = await beginning_of(response)
    finally:
        await response.aclose()
    headers = [one for one in response.headers.multi_items() if one[0].lower() not in _OF_THE_BODY]
    return httpx.Response(
        response.status_code, headers=headers, content=content, request=response.request
    )
