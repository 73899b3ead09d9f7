"""Look-ups by one field, joined: what deliveries ask within a few milliseconds is one `$filter` of
`or` terms. A request that is not full takes along what will be asked next.

F&O has no `in`; long chains make large SQL and long URLs, so a request carries at most 20 values
and some 1500 characters of filter (the reference's caution: 20 to 40 terms, URL below 2 kB).
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import accumulate
from typing import Any, Final

from sync.core.errors import Never
from sync.dynamics.odata import Filter, encoded
from sync.pacing.coalescer import Coalescer

WINDOW: Final = timedelta(milliseconds=3)
PATIENCE: Final = timedelta(seconds=1.5)
"""What an answer takes under load: so look-ups wait for the one before, and go together."""
MOST_VALUES: Final = 20
MOST_CHARACTERS: Final = 1500
LATELY: Final = timedelta(seconds=90)
"""How long it is remembered that there was no record, and what will be asked next: longer than a
row of pauses, after which all that waited would ask once more."""

Records = list[dict[str, Any]]
Run = Callable[[Filter], AsyncIterator[dict[str, Any]]]


class Lookup:
    """Records of one entity set by the value of one text field, within one company or all
    (None)."""

    def __init__(self, field: str, company: str | None, run: Run) -> None:
        self._field = field
        self._company = company
        self._run = run
        self._joined: Coalescer[str, Records] = Coalescer(
            self._load, window=WINDOW, most=MOST_VALUES, patience=PATIENCE
        )
        self._expected: dict[str, float] = {}
        self._absent: dict[str, float] = {}

    async def find(self, values: Sequence[str]) -> Records:
        """The records whose field equals one of `values`, ignoring case and trailing spaces, as the
        database compares.

        Raises `Never` for a value that F&O would take for a pattern, `ValueError` for an empty one:
        that is every record without a value.
        """
        for value in values:
            if not value.strip():
                raise ValueError(f"a look-up by {self._field} needs a value")
            Filter.eq(self._field, value)  # refused here, a pattern spoils nobody else's look-up
        distinct = {_folded(value): value for value in values}
        found = await self._joined.get_all(distinct.values())
        return [record for records in found.values() for record in records or []]

    def expect(self, value: str) -> None:
        """This value will be asked for soon, with `find_lately`. A request that is sent anyway asks
        for it as well, where it has room."""
        with suppress(Never):  # a pattern: who asks hears it
            Filter.eq(self._field, value)
            if value.strip():
                self._expected[_folded(value)] = self._now()

    async def find_lately(self, values: Sequence[str]) -> Records:
        """As `find`; that there is no record of a value may have been seen `LATELY`."""
        asked_at = self._now()
        since = asked_at - LATELY.total_seconds()
        asked = [value for value in values if self._absent.get(_folded(value), since - 1) < since]
        found = await self.find(asked)
        there = {_folded(str(record.get(self._field) or "")) for record in found}
        self._absent |= {_folded(one): asked_at for one in asked if _folded(one) not in there}
        return found

    def forget(self, value: str) -> None:
        """There may be a record of this value by now."""
        self._absent.pop(_folded(value), None)

    async def aclose(self) -> None:
        """Stop; waiting callers get `Later`."""
        await self._joined.aclose()

    async def _load(self, values: Sequence[str]) -> Mapping[str, Records]:
        found: defaultdict[str, Records] = defaultdict(list)
        asked_at, expected = self._now(), self._fitting(values)
        for group in self._groups([*values, *expected]):
            async for record in self._run(group):
                found[_folded(str(record.get(self._field) or ""))].append(record)
        self._absent |= {value: asked_at for value in expected if not found[value]}
        return {value: found[_folded(value)] for value in values}

    def _fitting(self, values: Sequence[str]) -> list[str]:
        """What is expected, and makes no further request beside `values`."""
        since = self._now() - LATELY.total_seconds()
        self._absent = {value: at for value, at in self._absent.items() if at >= since}
        asked = {_folded(value) for value in values}
        self._expected = {
            value: at
            for value, at in self._expected.items()
            if at >= since and value not in asked and value not in self._absent
        }
        together = [*values, *self._expected][: max(MOST_VALUES, len(values))]
        fitting = together[len(values) : self._fits(together)]
        for value in fitting:
            del self._expected[value]
        return fitting

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _groups(self, values: Sequence[str]) -> Iterator[Filter]:
        while values:
            count = self._fits(values)
            yield self._filter(values[:count])
            values = values[count:]

    def _fits(self, values: Sequence[str]) -> int:
        """How many of the first ones a request holds; one at least."""
        room = MOST_CHARACTERS - len(encoded(f"{self._filter(values[:1]).text}()"))
        more = (f" or {Filter.eq(self._field, value).text}" for value in values[1:])
        return 1 + sum(size <= room for size in accumulate(len(encoded(one)) for one in more))

    def _filter(self, values: Sequence[str]) -> Filter:
        any_of = Filter.any_of(self._field, values)
        return any_of if self._company is None else Filter.eq("dataAreaId", self._company) & any_of


def _folded(value: str) -> str:
    return value.rstrip(" ").casefold()
