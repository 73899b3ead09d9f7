"""How often one caller may ask, in each process."""

from collections import OrderedDict
from datetime import datetime
from typing import Final

MOST: Final = 10_000
"""Callers that are remembered; who was longest away is forgotten first."""


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
