"""Lists as files: what a page shows, for a spreadsheet."""

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from starlette.responses import Response

from sync.reconcile.sheets import write_rows


def as_file(name: str, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Response:
    """CSV, which the browser saves under this name."""
    text = StringIO()
    write_rows(text, columns, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
