"""Both sides' documents of one kind, put in the order of their references on disk, so that any
number of them is compared in the same memory."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple, Self

from sync.core.money import STORED

COMMERCE, DYNAMICS = 0, 1
"""The sides."""
BATCH: Final = 5000
"""Rows that are written together."""
CACHE_KIB: Final = 32 * 1024


class Entry(NamedTuple):
    """One document as one side's books show it.

    `key`: the record's key in Commerce, or F&O's number. `amount`: with tax where `is_gross`, None
    where nothing is to be in F&O. `tax`: what Commerce charged, or what F&O posted, None where it
    has posted nothing. `is_plain`: Commerce's amount is what F&O must hold; else only a closer look
    tells. Amounts are Decimals outside, whole ten-thousandths in the file.
    """

    reference: str
    side: int
    key: str
    store: str
    day: str
    currency: str
    amount: Decimal | None
    tax: Decimal | None
    is_gross: bool
    is_plain: bool


class Spool:
    """A file that is gone when it is closed."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute(
            "CREATE TABLE entries (reference, side, key, store, day, currency, amount, tax,"
            " is_gross, is_plain)"
        )
        self._waiting: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Put a document in."""
        whole = _whole(entry.amount), _whole(entry.tax)
        self._waiting.append((*entry[:6], *whole, *entry[8:]))
        if len(self._waiting) >= BATCH:
            self._write()

    def records(self) -> Iterator[list[Entry]]:
        """The documents of each reference together, Commerce's first. F&O compares references
        without case."""
        self._write()
        rows = self._file.execute("SELECT * FROM entries ORDER BY reference COLLATE NOCASE, side")
        for _, found in groupby(map(_entry, rows), key=_reference):
            yield [*found]

    def _write(self) -> None:
        self._file.execute("BEGIN")
        self._file.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._waiting
        )
        self._file.execute("COMMIT")
        self._waiting.clear()


def _reference(entry: Entry) -> str:
    return entry.reference.casefold()


def _whole(amount: Decimal | None) -> Any:
    return None if amount is None else int(amount.scaleb(4))


def _entry(row: tuple[Any, ...]) -> Entry:
    entry = Entry._make(row)
    amount, tax = entry.amount, entry.tax
    return entry._replace(
        amount=None if amount is None else amount * STORED,
        tax=None if tax is None else tax * STORED,
    )
