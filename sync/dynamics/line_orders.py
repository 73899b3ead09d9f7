"""Of which sales order a posted line is.

The header of a document of several orders names one of them. Its lines may all have that one as
`SalesId`; `OrigSalesId` is a line's own then (inferred). So both are asked for.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sync.dynamics.field_values import text_of
from sync.dynamics.reader import ODataReader

Row = Mapping[str, Any]


def order_of(row: Row) -> str:
    """The sales order of a posted line."""
    return text_of(row, "OrigSalesId") or text_of(row, "SalesId")


async def lines_of(
    client: ODataReader, entity_set: str, order: str, *, company: str, select: Sequence[str]
) -> list[Row]:
    """The posted lines of a sales order, each once. `select` has both fields. Raises as the client
    does."""
    own, named = await asyncio.gather(
        client.find_by(entity_set, "OrigSalesId", order, company=company, select=select),
        client.find_by(entity_set, "SalesId", order, company=company, select=select),
    )
    told = [row for row in own if text_of(row, "OrigSalesId")]
    return [*told, *(row for row in named if not text_of(row, "OrigSalesId"))]
