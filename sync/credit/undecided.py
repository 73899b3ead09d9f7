"""Questions of checkouts that the policy decided, because nothing could be known in time.

What makes them so often is that the tables are away. They are kept in memory until a row can be
written that monitoring reads; a process that ends before loses them, and its log has them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.core.ports import Row, Tables, Value
from sync.credit.decisions import DECIDED

LAST: Final = "last"


@dataclass(frozen=True)
class Undecided:
    """How many since somebody was told, when the last one was, and why that was."""

    count: int
    at: datetime
    reason: str


class UndecidedQuestions:
    """Those of all connections."""

    def __init__(self) -> None:
        self._untold = dict[str, Undecided]()

    def note(self, connection: str, reason: str, at: datetime) -> None:
        """One more."""
        before = self._untold.get(connection)
        count = before.count + 1 if before else 1
        self._untold[connection] = Undecided(count, at, reason)

    async def tell(self, tables: Tables, connection: str) -> None:
        """Store them, where there are any. What cannot be stored stays for the next time."""
        one = self._untold.get(connection)
        if one is None:
            return
        cells: dict[str, Value] = {"count": one.count, "at": one.at, "reason": one.reason}
        await tables.upsert(DECIDED, Row(_partition(connection), LAST, cells))
        if self._untold.get(connection) is one:
            del self._untold[connection]


async def last_undecided(tables: Tables, connection: str) -> Undecided | None:
    """The last ones that were told; None where there never were any."""
    row = await tables.get(DECIDED, _partition(connection), LAST)
    at = row.values["at"] if row is not None else None
    if row is None or not isinstance(at, datetime):
        return None
    return Undecided(int(str(row.values["count"])), at, str(row.values["reason"]))


def _partition(connection: str) -> str:
    return f"{connection}|undecided"
