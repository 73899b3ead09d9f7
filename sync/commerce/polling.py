"""Reading everything that changed in a window, without page numbers: rows move between pages while
one reads.

Sorted by change and then by id. After a page the next one begins at the last second seen,
inclusive; a page that lies within a single second is continued inside that second by id. The
window's end lies behind the shop's own clock, because a stamp is taken when a statement runs and is
seen when its transaction commits. Facts: measured on a live 2.4.8-p1, `updated_at` has whole
seconds in UTC; what a poll reads twice, the ledger tells apart.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sync.commerce.filters import Filter, Op, moment_of, where
from sync.commerce.search import Node, Search, Sort
from sync.core.errors import Never

log = logging.getLogger("sync.commerce.polling")

SETTLING: Final = timedelta(seconds=5)
"""How far behind the shop's clock a window ends, for transactions that are still being
committed."""

SECOND: Final = timedelta(seconds=1)


class Keyset:
    """Where one reading of a window stands. No I/O: ask `search`, hand what came to `take`, until
    `search` is None."""

    def __init__(
        self,
        since: datetime,
        until: datetime,
        *,
        fields: Sequence[Node] = (),
        key: str = "entity_id",
        page_size: int,
        only: Sequence[Filter] = (),
        after: str = "",
    ) -> None:
        """`after`: the position of a row (`position_of`); only what comes after it is read."""
        self._lower = since
        self._until = until
        self._fields = tuple(fields)
        self._only = tuple((one,) for one in only)
        self._key = key
        self._page_size = page_size
        self._inside: datetime | None = None
        self._after_id = 0
        self._seen: set[tuple[int, datetime]] = set()
        if after:
            self._lower, self._after_id = _place(after)
            self._inside = self._lower
        self._done = self._lower > until

    def search(self) -> Search | None:
        """The next search, always a first page; None when the window has been read."""
        if self._done:
            return None
        if self._inside is not None:
            second = where("updated_at", Op.EQ, self._inside)
            later = where("entity_id", Op.GT, self._after_id)
            return self._with(Sort("entity_id")).having(second).having(later)
        window = self._with(Sort("updated_at"), Sort("entity_id"))
        from_ = where("updated_at", Op.GTEQ, self._lower)
        return window.having(from_).having(where("updated_at", Op.LTEQ, self._until))

    def _with(self, *sorts: Sort) -> Search:
        return Search(self._only, sorts, self._page_size, fields=self._fields)

    def take(
        self, rows: Sequence[dict[str, Any]], total: int | None, *, page_size: int
    ) -> list[dict[str, Any]]:
        """The rows not given before, in the order of their positions. `total` is the answer's
        count, `page_size` the one it was asked with.

        What a shop answers of one second out of order is read once more, by id.

        A row without the key or a stamp is passed over, and the log says so. Raises `Never`
        where a page holds no other and is not the last, and for another order than asked for.
        """
        complete = not rows or (len(rows) >= total if total is not None else len(rows) < page_size)
        usable = self._usable(rows, complete=complete)
        marks = [mark for mark, _ in usable]
        fresh = {mark: row for mark, row in usable if mark not in self._seen}
        if self._inside is not None:
            self._continue_inside(marks, self._inside, complete=complete)
        elif complete:
            self._done = True
        else:
            self._move_on(marks)
            if self._inside is not None and not self._after_id:
                fresh = {mark: row for mark, row in fresh.items() if mark[1] < self._inside}
        return [fresh[mark] for mark in sorted(fresh, key=lambda mark: (mark[1], mark[0]))]

    def _usable(
        self, rows: Sequence[dict[str, Any]], *, complete: bool
    ) -> list[tuple[tuple[int, datetime], dict[str, Any]]]:
        """The rows that have a key and a stamp, with their marks."""
        usable = [(mark, row) for row in rows if (mark := self._mark(row)) is not None]
        if unusable := len(rows) - len(usable):
            log.warning("commerce.rows_unusable key=%s count=%d", self._key, unusable)
        if not usable and not complete:
            raise self._nothing_usable()
        return usable

    def _continue_inside(
        self, marks: Sequence[tuple[int, datetime]], second: datetime, *, complete: bool
    ) -> None:
        if not complete:
            numbers = [number for number, _ in marks]
            self._must_grow(numbers == sorted(numbers) and numbers[-1] > self._after_id)
            self._after_id = numbers[-1]
            return
        self._inside, self._seen = None, set()
        self._lower = second + SECOND
        self._done = self._lower > self._until

    def _move_on(self, marks: Sequence[tuple[int, datetime]]) -> None:
        stamps = [at for _, at in marks]
        last = stamps[-1]
        self._must_grow(stamps == sorted(stamps) and last >= self._lower)
        numbers = [number for number, at in marks if at == last]
        if numbers != sorted(numbers):
            self._inside, self._after_id, self._seen = last, 0, set()
        elif stamps[0] == last:
            self._inside, self._after_id, self._seen = last, numbers[-1], set(marks)
        else:
            self._lower = last
            self._seen = {mark for mark in marks if mark[1] == last}

    def _mark(self, row: dict[str, Any]) -> tuple[int, datetime] | None:
        try:
            return int(row[self._key]), moment_of(str(row["updated_at"]))
        except (KeyError, TypeError, ValueError):
            return None

    def _nothing_usable(self) -> Never:
        return Never(
            f"no row of a page of a change list has a usable {self._key} and updated_at",
            remedy=(
                "Find out which extension changes this list in Commerce; both fields are standard."
            ),
        )

    def _must_grow(self, holds: bool) -> None:
        if not holds:
            raise Never(
                "a change list did not come in the order asked for (updated_at, then entity_id)",
                remedy="Find out which extension changes the sort order of this list in Commerce.",
            )


def position_of(row: Mapping[str, Any], key: str = "entity_id") -> str:
    """Where a reading stands after this row: its second, and its id within that second."""
    return f"{row['updated_at']}|{row[key]}"


def _place(position: str) -> tuple[datetime, int]:
    stamp, _, number = position.partition("|")
    return moment_of(stamp), int(number)
