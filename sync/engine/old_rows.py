"""Rows that are kept for a while and then forgotten, in tables that would grow with the years."""

from datetime import datetime

from sync.core.groups import write_rows
from sync.core.ports import Delete, Row, Tables


async def forget_rows(tables: Tables, table: str, cell: str, before: datetime) -> None:
    """Delete the rows whose time in `cell` is before `before`; a row without one stays. Safe to
    repeat. Reads the whole table, so what it keeps must be bounded by time."""
    async for partition in tables.partitions(table):
        old = [row async for row in tables.query(table, partition) if _is_old(row, cell, before)]
        await write_rows(tables, table, (Delete(Row(partition, row.key)) for row in old))


def _is_old(row: Row, cell: str, before: datetime) -> bool:
    at = row.values.get(cell)
    return isinstance(at, datetime) and at < before
