"""A figure, or a fact of the star, as a file: a workbook, CSV or Parquet. Row by row, so that its
size costs no memory."""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook

from sync.core.errors import Never
from sync.reconcile.sheets import FORMULAS
from sync.reporting.figures import Answer

MOST_ROWS: Final = 100_000
"""Of a workbook: more makes Excel slow, and a million is more than a sheet has."""
LEADING: Final = 15
"""Digits that Excel keeps of a number; a longer amount is written as text."""


def write_csv(path: Path, answer: Answer) -> int:
    """One row a line below the names of the columns; texts from outside are no formulas."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(answer.columns)
        for row in answer.rows:
            rows.writerow([_cell(value) for value in row])
            count += 1
    return count


def write_xlsx(path: Path, answer: Answer) -> int:
    """A workbook of one sheet. Raises `Never` for more rows than people read in one."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with Workbook(str(path), options) as book:
        formats = [book.add_format({"num_format": one}) for one in ("#,##0.00", "yyyy-mm-dd")]
        sheet = book.add_worksheet("Figure")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, answer.columns)
        for count, row in enumerate(answer.rows, start=1):
            if count > MOST_ROWS:
                raise Never(
                    f"the figure has more than {MOST_ROWS} rows, more than a workbook is for",
                    remedy="Ask for fewer days, tell it by less, or export CSV or Parquet.",
                )
            _write(sheet, count, row, formats)
    return count


def _write(sheet: Any, place: int, row: Iterable[Any], formats: list[Any]) -> None:
    money, days = formats
    for column, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= LEADING:
            sheet.write_number(place, column, value, money)
        elif isinstance(value, int):
            sheet.write_number(place, column, value)
        elif isinstance(value, date):
            sheet.write_datetime(place, column, value, days)
        else:
            sheet.write_string(place, column, str(value))


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULAS) else text


def plain(value: Decimal) -> str:
    """An amount without needless zeros, but with its cents."""
    whole = value.quantize(Decimal("0.01"))
    return f"{whole:f}" if whole == value else f"{value.normalize():f}"
