"""Lists as files: what a page shows, for a spreadsheet."""

from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any, Final

from starlette.responses import Response

from sync.reconcile.sheets import write_book, write_rows

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_file(name: str, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Response:
    """CSV, which the browser saves under this name."""
    text = StringIO()
    write_rows(text, columns, rows)
    return _saved(name, text.getvalue(), "text/csv; charset=utf-8")


def as_book(
    name: str, days: Iterable[dict[str, Any]], differences: Iterable[dict[str, Any]]
) -> Response:
    """A workbook of sums and differences, which the browser saves under this name."""
    file = BytesIO()
    write_book(file, days, differences)
    return _saved(name, file.getvalue(), XLSX)


def _saved(name: str, content: str | bytes, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)
