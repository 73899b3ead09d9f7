"""Claims of many records at once, for polls and reports.

Numbers that change together mostly lie together: one query over the stretch from the first key to
the last finds them. Where other records lie between them, the query is cut off, and what is left is
asked for by key, some at a time.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from sync.core.groups import in_groups
from sync.core.ports import Row, Tables
from sync.engine.claim import CLAIMS, Claim

FEW: Final = 4
"""So many are asked for by key at once."""
SPREAD: Final = 3
"""How many rows a query may read for each key that is wanted."""
AT_ONCE: Final = 16


async def claims_of(
    tables: Tables, connection: str, flow: str, keys: Sequence[str]
) -> dict[str, Claim]:
    """The claims of these keys as they stand; a new one, not stored, where there is none."""
    wanted, partition = sorted(set(keys)), f"{connection}|{flow}"
    found = {key: Claim(connection, flow, key) for key in wanted}
    rows, left = (
        await _stretch(tables, partition, wanted) if len(wanted) > FEW else (list[Row](), wanted)
    )
    for some in in_groups(left, AT_ONCE):
        read = (tables.get(CLAIMS, partition, key) for key in some)
        rows += [row for row in await asyncio.gather(*read) if row is not None]
    return found | {row.key: Claim.of(connection, flow, row) for row in rows if row.key in found}


async def _stretch(
    tables: Tables, partition: str, wanted: Sequence[str]
) -> tuple[list[Row], list[str]]:
    """The rows from the first key to the last, and the keys beyond where the query was cut off."""
    limit = SPREAD * len(wanted)
    query = tables.query(
        CLAIMS, partition, start=wanted[0], before=f"{wanted[-1]}\u0020", limit=limit
    )
    rows = [row async for row in query]
    return rows, [key for key in wanted if key > rows[-1].key] if len(rows) == limit else []
