"""A reconciliation as a file for accountants: differences and sums as CSV or as a workbook."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from xlsxwriter import Workbook

from sync.reconcile.difference import COLUMNS, SUMS, Difference, Summary

AMOUNTS: Final = frozenset({"commerce", "dynamics", "difference"})
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take for a formula."""


def write_csv(file: TextIO, differences: Iterable[Difference]) -> None:
    """The differences, one a line below the names of the columns."""
    write_rows(file, COLUMNS, (one.as_json() for one in differences))


def write_rows(file: TextIO, columns: Sequence[str], lines: Iterable[dict[str, Any]]) -> None:
    """Any rows, one a line below the names of the columns. Texts that come from outside are no
    formulas."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(columns)
    for line in lines:
        rows.writerow(_cells(columns, line))


def _cells(columns: Sequence[str], row: dict[str, Any]) -> Iterator[str]:
    for name in columns:
        text = "" if row[name] is None else str(row[name])
        is_formula = name not in AMOUNTS and text.startswith(FORMULAS)
        yield f"'{text}" if is_formula else text


def write_xlsx(path: Path, differences: Iterable[Difference], summary: Summary) -> None:
    """A workbook of both sheets."""
    write_book(str(path), summary.days(), (one.as_json() for one in differences))


def write_book(
    file: str | BinaryIO, days: Iterable[dict[str, Any]], differences: Iterable[dict[str, Any]]
) -> None:
    """A workbook of two sheets: the sums of each day, and the differences, as JSON has them. Row by
    row, so that its size costs no memory."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        money = book.add_format({"num_format": "#,##0.00"})
        for name, columns, rows in (("Sums", SUMS, days), ("Differences", COLUMNS, differences)):
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, columns)
            for place, row in enumerate(rows, start=1):
                _write(sheet, place, [(column, row[column]) for column in columns], money)


def _write(sheet: Any, place: int, cells: Iterable[tuple[str, Any]], money: Any) -> None:
    for column, (name, value) in enumerate(cells):
        if value is None:
            continue
        if name in AMOUNTS:
            sheet.write_number(place, column, Decimal(value), money)
        elif isinstance(value, int):
            sheet.write_number(place, column, value)
        else:
            sheet.write_string(place, column, str(value))
