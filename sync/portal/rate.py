"""How often one caller may ask, in each process, and how often Commerce is asked about callers."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Final

MOST: Final = 10_000
"""Callers that are remembered; who was longest away is forgotten first."""
STRANGERS_PER_MINUTE: Final = 600
"""Tokens that Commerce does not confirm, in each process: each costs it a request."""
EACH_PER_MINUTE: Final = 120
"""The same from one address. Behind one proxy many buyers share an address."""


class TooMany(Exception):
    """The caller has asked too often: 429. `seconds`: until one more is taken."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


class Rate:
    """So many requests a minute for each caller, all of them at once at most."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, caller: str, now: datetime) -> None:
        """Count a request. Raises `TooMany`."""
        left, since = self._left.pop(caller, (float(self._per_minute), now))
        refill = self._per_minute / 60
        left = min(left + (now - since).total_seconds() * refill, float(self._per_minute))
        is_taken = left >= 1
        self._left[caller] = left - 1 if is_taken else left, now
        while len(self._left) > MOST:
            self._left.popitem(last=False)
        if not is_taken:
            raise TooMany(max(1, round((1 - left) / refill)))

    def give_back(self, caller: str) -> None:
        """A request that was counted does not count."""
        if caller in self._left:
            left, since = self._left[caller]
            self._left[caller] = min(left + 1, float(self._per_minute)), since


class Strangers:
    """Questions to Commerce whose token it is, of one connection: those that it has not confirmed
    count. A flood from one address leaves the others their share."""

    def __init__(self) -> None:
        self._all, self._each = Rate(STRANGERS_PER_MINUTE), Rate(EACH_PER_MINUTE)

    def take(self, address: str, now: datetime) -> None:
        """Count a question. Raises `TooMany`."""
        self._each.take(address, now)
        self._all.take("", now)

    def confirmed(self, address: str) -> None:
        """It was a customer: the question does not count."""
        self._each.give_back(address)
        self._all.give_back("")


def address_in(headers: Mapping[str, str]) -> str:
    """Where a request comes from, as the last proxy wrote it: what stands before it, anybody may
    have written. Without the port, which changes."""
    text = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return text.rpartition(":")[0] if text.count(":") == 1 or "]:" in text else text
