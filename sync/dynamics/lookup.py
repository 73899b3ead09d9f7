"""Look-ups by one field, joined: what deliveries ask within a few milliseconds is one `$filter` of
`or` terms.

F&O has no `in`; long chains make large SQL and long URLs, so a request carries at most 20 values
and some 1500 characters of filter (the reference's caution: 20 to 40 terms, URL below 2 kB).
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sync.dynamics.odata import Filter, encoded
from sync.pacing.coalescer import Coalescer

WINDOW: Final = timedelta(milliseconds=3)
PATIENCE: Final = timedelta(seconds=1.5)
"""What an answer takes under load: so look-ups wait for the one before, and go together."""
MOST_VALUES: Final = 20
MOST_CHARACTERS: Final = 1500

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

    async def aclose(self) -> None:
        """Stop; waiting callers get `Later`."""
        await self._joined.aclose()

    async def _load(self, values: Sequence[str]) -> Mapping[str, Records]:
        found: defaultdict[str, Records] = defaultdict(list)
        for group in self._groups(values):
            async for record in self._run(group):
                found[_folded(str(record.get(self._field) or ""))].append(record)
        return {value: found[_folded(value)] for value in values}

    def _groups(self, values: Sequence[str]) -> Iterator[Filter]:
        start = 0
        for end in range(1, len(values) + 1):
            if (
                end == len(values)
                or len(encoded(self._filter(values[start : end + 1]).text)) > MOST_CHARACTERS
            ):
                yield self._filter(values[start:end])
                start = end

    def _filter(self, values: Sequence[str]) -> Filter:
        any_of = Filter.any_of(self._field, values)
        return any_of if self._company is None else Filter.eq("dataAreaId", self._company) & any_of


def _folded(value: str) -> str:
    return value.rstrip(" ").casefold()
