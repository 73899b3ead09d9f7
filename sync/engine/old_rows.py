"""Rows that are kept for a while and then forgotten, in tables that would grow with the years."""

from datetime import datetime
from typing import Final

from sync.core.ports import Delete, Row, Tables

AT_ONCE: Final = 100
"""Rows in one transaction."""


async def forget_rows(tables: Tables, table: str, cell: str, before: datetime) -> None:
    """Delete the rows whose time in `cell` is before `before`; a row without one stays. Safe to
    repeat. Reads the whole table, so what it keeps must be bounded by time."""
    async for partition in tables.partitions(table):
        old = [row async for row in tables.query(table, partition) if _is_old(row, cell, before)]
        for start in range(0, len(old), AT_ONCE):
            rows = [Row(row.partition, row.key) for row in old[start : start + AT_ONCE]]
            await tables.transact(table, [Delete(row) for row in rows])


def _is_old(row: Row, cell: str, before: datetime) -> bool:
    at = row.values.get(cell)
    return isinstance(at, datetime) and at < before
