"""Rows as they are stored: which tables, keys and cells are allowed, and cells as one JSON text.

The limits are those of Azure Table Storage (vendor reference, read 2026-11), so that nothing grows
up in the embedded edition that Azure refuses. Every breach is a `ValueError` that names table, row
and cell, never a value.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sync.adapters.table_storage.keys import MOST_STORED, fits
from sync.core.ports import Operation, Row, Value

MOST_TEXT: Final = 32 * 1024
"""Characters of a string as UTF-16 counts them: those beyond U+FFFF count twice."""
MOST_BYTES: Final = 64 * 1024
MOST_CELLS: Final = 252
MOST_ROW: Final = 1024 * 1024
MOST_KEY: Final = 512
MOST_OPERATIONS: Final = 100
MOST_TRANSACTION: Final = 4 * 1024 * 1024
FIRST_YEAR: Final = 1601
TABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
RESERVED: Final = frozenset({"PartitionKey", "RowKey", "Timestamp", "odata", "etag"})


def table_named(table: str) -> str:
    """The table's name as it is compared, which is without case. 3 to 63 letters and digits, a
    letter first."""
    if not TABLE.fullmatch(table):
        raise ValueError(f"table {table!r}: expected 3 to 63 letters and digits, a letter first")
    return table.lower()


def check_key(table: str, *parts: str) -> None:
    """Partition and key: 1 to 512 characters, none of them a control character or half a surrogate
    pair.

    Also in 512 as Azure stores them, where a few characters count twice and the rarest seven times
    (`table_storage/keys.py`).
    """
    for part in parts:
        if fault := _key_fault(part):
            raise ValueError(f"table {table}: {fault}")


def _key_fault(part: str) -> str:
    if not 1 <= len(part) <= MOST_KEY:
        return f"a partition or key of {len(part)} characters, expected 1 to {MOST_KEY}"
    if CONTROL.search(part) or not _encodable(part):
        return "a control character or half a surrogate pair in a partition or key"
    if not fits(part):
        return f"a partition or key of more than {MOST_STORED} characters once escaped"
    return ""


def tidy(table: str, row: Row) -> dict[str, Value]:
    """The row's cells as they will come back: without those that are None, datetimes in UTC. Checks
    every limit."""
    check_key(table, row.partition, row.key)
    cells = dict[str, Value]()
    for name, value in row.values.items():
        if value is None:
            continue
        try:
            cells[name] = _cell(value)
        except ValueError as error:
            raise ValueError(f"table {table}, cell {name}: {error}") from None
        if not name.isidentifier() or len(name) > 255 or name in RESERVED:
            why = "is no name for a cell: letters, digits and _, no digit first"
            raise ValueError(f"table {table}: {name!r} {why}")
    if len(cells) > MOST_CELLS:
        what = f"a row of {len(cells)} cells, at most {MOST_CELLS} are stored"
        raise ValueError(f"table {table}: {what}")
    if size(row.partition, row.key, cells) > MOST_ROW:
        raise ValueError(f"table {table}: a row of more than 1 MiB")
    return cells


def check_transaction(table: str, operations: Sequence[Operation]) -> None:
    """At most 100 operations and 4 MiB, on distinct rows of one partition."""
    rows = [operation.row for operation in operations]
    if len(rows) > MOST_OPERATIONS:
        raise ValueError(
            f"table {table}: {len(rows)} operations in one transaction, at most {MOST_OPERATIONS}"
        )
    if len({row.partition for row in rows}) > 1:
        raise ValueError(f"table {table}: rows of several partitions in one transaction")
    if len({row.key for row in rows}) < len(rows):
        raise ValueError(f"table {table}: the same row twice in one transaction")
    if sum(size(row.partition, row.key, row.values) for row in rows) > MOST_TRANSACTION:
        raise ValueError(f"table {table}: a transaction of more than 4 MiB")


def size(partition: str, key: str, cells: Mapping[str, Value]) -> int:
    """Bytes that Azure counts for a row."""
    return (
        4
        + 2 * len(partition + key)
        + sum(8 + 2 * len(name) + _weight(value) for name, value in cells.items())
    )


def _weight(value: Value) -> int:
    if isinstance(value, str):
        return 4 + 2 * (len(value) if value.isascii() else _units(value))
    return 4 + len(value) if isinstance(value, bytes) else 8


def to_text(cells: Mapping[str, Value]) -> str:
    """Cells as JSON; bytes and datetimes, which it lacks, as one-member objects."""
    return _encoded(cells)


def from_text(text: str) -> dict[str, Value]:
    """The inverse of `to_text`."""
    cells: dict[str, Value] = _decoded(text)
    return cells


def _marked(value: bytes | datetime) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return {"$at": value.isoformat()}


def _unmarked(found: dict[str, Any]) -> Any:
    if "$bytes" in found:
        return base64.b64decode(found["$bytes"])
    if "$at" in found:
        return datetime.fromisoformat(found["$at"])
    return found


_encoded: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=_marked
).encode
_decoded: Final = json.JSONDecoder(object_hook=_unmarked).decode


def _cell(value: object) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError("an integer of more than 64 bits")
        return value
    if isinstance(value, bytes):
        if len(value) > MOST_BYTES:
            raise ValueError(f"{len(value)} bytes, at most {MOST_BYTES} are stored")
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None or value.year < FIRST_YEAR:
            raise ValueError(f"expected an aware datetime since the year {FIRST_YEAR}")
        return value.astimezone(UTC)
    raise ValueError(f"expected str, int, bool, bytes or datetime, not {type(value).__name__}")


def _text(value: str) -> str:
    if len(value) > MOST_TEXT // 2 and (units := _units(value)) > MOST_TEXT:
        raise ValueError(f"a string of {units} characters, at most {MOST_TEXT} are stored")
    if not _encodable(value):
        raise ValueError("half a surrogate pair is not text")
    return value


def _units(text: str) -> int:
    """Characters as UTF-16 counts them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
