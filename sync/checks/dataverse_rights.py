"""Whether our user may read and write rows of Dataverse.

A right to write is asked for by a write that cannot be carried out: the row that it changes or
names is not there. The privilege to append to accounts shows with the first row only.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sync.checks.finding import Finding, Probe, fault, ok
from sync.core.errors import Never, NotProvided
from sync.dataverse.client import DataverseClient
from sync.dataverse.web_api import RowWrite

NOWHERE: Final = str(UUID(int=0))
"""No row has this id."""


async def rights(
    probe: Probe,
    client: DataverseClient,
    read: Iterable[tuple[str, Sequence[str]]],
    written: Iterable[tuple[str, RowWrite]],
) -> AsyncIterator[Finding]:
    """`read`: columns by table; `written`: what each write is, and one of rows that are not
    there."""
    for table, columns in read:
        try:
            async for _ in client.rows(table, select=columns, top=1):
                pass
        except NotProvided as refusal:
            yield fault(f"{table} may not be read: {refusal.reason}", refusal.remedy)
        else:
            yield ok(f"{table} may be read")
    for what, write in written:
        try:
            await client.send(write, not_after=probe.clock.now() + timedelta(minutes=1))
        except NotProvided as refusal:
            yield fault(f"{what}: {refusal.reason}", refusal.remedy)
        except Never:
            yield ok(f"our user may {what}")
