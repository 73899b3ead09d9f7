"""A record that an earlier release stored under the old name of its flow: moved to the present one
before anybody looks at its claim, so that an upgrade loses nothing and delivers nothing twice.

Everything is stored under the present name before it goes under the old one, the claim last. Who
crashes between, or comes at the same time, repeats what is harmless. A claim that is there already
is newer, and stays. A process of the earlier release that still holds a claim finds it gone, and
writes nothing more; what it may have written is looked for, as after any lost answer.
"""

import contextlib
from dataclasses import replace

from sync.config.old_names import OLD_NAMES
from sync.core.ports import Conflict, Row, Tables
from sync.engine.claim import CLAIMS, PARKED, TRAIL
from sync.engine.copies import table_of


async def moved(tables: Tables, connection: str, flow: str, key: str) -> bool:
    """Move a record that lies under its flow's old name; whether one did. Safe to repeat and to
    race."""
    name = OLD_NAMES.get(flow)
    claim = await tables.get(CLAIMS, f"{connection}|{name}", key) if name else None
    if claim is None:
        return False
    old, new = claim.partition, f"{connection}|{flow}"
    trail = [row async for row in tables.query(TRAIL, f"{old}|{key}")]
    for row in trail:
        await tables.upsert(TRAIL, renamed(row, f"{new}|{key}", flow))
    for table in sorted({table_of(row.key) for row in trail}):
        await _move_copies(tables, table, f"{old}|{key}", f"{new}|{key}")
    await insert(tables, CLAIMS, renamed(claim, new, flow))
    if (listed := await tables.get(PARKED, old, key)) is not None:
        await tables.upsert(PARKED, renamed(listed, new, flow))
        await tables.delete(PARKED, old, key)
    for row in trail:
        await tables.delete(TRAIL, row.partition, row.key)
    await tables.delete(CLAIMS, old, key)
    return True


async def insert(tables: Tables, table: str, row: Row) -> None:
    """Store a row unless it is there already."""
    with contextlib.suppress(Conflict):
        await tables.insert(table, row)


def renamed(row: Row, partition: str, flow: str) -> Row:
    """The row under the present name. A remedy that names a command says the present name."""
    remedy = row.values.get("remedy")
    if isinstance(remedy, str):
        command = f"resolve {OLD_NAMES[flow]} "
        row = row.having(remedy=remedy.replace(command, f"resolve {flow} "))
    return replace(row, partition=partition, etag="")


async def _move_copies(tables: Tables, table: str, old: str, new: str) -> None:
    for row in [row async for row in tables.query(table, old)]:
        await tables.upsert(table, replace(row, partition=new, etag=""))
        await tables.delete(table, old, row.key)
