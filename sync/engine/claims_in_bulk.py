"""Claims of many records at once, for polls and reports.

Numbers that change together mostly lie together: one query over the stretch from the first key to
the last finds them. Where other records lie between them, the query is cut off, and what is left is
asked for by key, some at a time.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from sync.core.ports import Tables
from sync.engine.claim import Claim
from sync.engine.ledger import CLAIMS

FEW: Final = 4
"""So many are asked for by key at once."""
SPREAD: Final = 3
"""How many rows a query may read for each key that is wanted."""
AT_ONCE: Final = 16


async def claims_of(
    tables: Tables, connection: str, flow: str, keys: Sequence[str]
) -> dict[str, Claim]:
    """The claims of these keys as they stand; a new one, not stored, where there is none."""
    wanted = sorted(set(keys))
    found = {key: Claim(connection, flow, key) for key in wanted}
    left = wanted
    if len(wanted) > FEW:
        rows = [
            row
            async for row in tables.query(
                CLAIMS,
                f"{connection}|{flow}",
                start=wanted[0],
                before=f"{wanted[-1]}\u0020",
                limit=SPREAD * len(wanted),
            )
        ]
        found |= {row.key: Claim.of(connection, flow, row) for row in rows if row.key in found}
        is_cut = len(rows) == SPREAD * len(wanted)
        left = [key for key in wanted if key > rows[-1].key] if is_cut else []
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        rows_of_some = await asyncio.gather(
            *(tables.get(CLAIMS, f"{connection}|{flow}", key) for key in some)
        )
        found |= {row.key: Claim.of(connection, flow, row) for row in rows_of_some if row}
    return found
