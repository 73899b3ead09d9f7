"""What checkouts were told, with the figures that decided it and their time: the credit manager
will ask. One row each, by the day; kept as long as the settings say."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.groups import write_rows
from sync.core.ports import Delete, Row, Tables

DECIDED: Final = "creditdecisions"
NOBODY: Final = "-"
"""Stands for the account where none is known."""
MOST_TIDIED: Final = 2000
LOOKED_BACK: Final = 7
"""Days whose rows a run removes, once they are older than what is kept."""


@dataclass(frozen=True)
class Decision:
    """What a checkout was told. `about`: `order` or `methods`; `subject`: the number of the order,
    or the id of the cart. Amounts are texts, in `currency`; empty where they are not known.
    `figures_at`: when the figures were true; `reason` says which rule decided."""

    at: str
    about: str
    subject: str
    account: str
    company: str
    customer: str
    is_allowed: bool
    reason: str
    amount: str = ""
    available: str = ""
    reserved: str = ""
    currency: str = ""
    figures_at: str = ""


class Decisions:
    """The decisions of one connection."""

    def __init__(self, tables: Tables, connection: str) -> None:
        self._tables, self._connection = tables, connection

    async def keep(self, one: Decision, at: datetime) -> None:
        """Store a decision. A cart is asked about again and again: of those of a day, the last
        one of each outcome is kept."""
        account = (one.account or NOBODY).casefold()
        again = f"{one.is_allowed:d}" if one.about == "methods" else f"{at:%H%M%S%f}"
        key = f"{account}|{one.about}|{one.subject}|{again}"[:500]
        said = to_json({field.name: getattr(one, field.name) for field in fields(one)})
        await self._tables.upsert(DECIDED, Row(self._of(at.date()), key, {"said": said}))

    async def of(self, account: str, day: date, days: int) -> AsyncIterator[Decision]:
        """Those about an account of so many days up to this one, the newest day first; in a day,
        orders come after carts."""
        for back in range(days):
            async for _, one in self.of_day(day - timedelta(days=back), account or NOBODY):
                yield one

    async def of_day(
        self, day: date, account: str = "", start: str = ""
    ) -> AsyncIterator[tuple[str, Decision]]:
        """Those of a day with their keys, by account, from a key on; of one account where it is
        named (`NOBODY` for none)."""
        first = f"{account.casefold()}|" if account else ""
        query = self._tables.query(
            DECIDED, self._of(day), start=max(first, start), before=first and f"{first}~"
        )
        async for row in query:
            yield row.key, Decision(**_read(row.values["said"]))

    async def tidy(self, now: datetime, keep_days: int) -> None:
        """Remove what is older, some at a time."""
        for back in range(1, 1 + LOOKED_BACK):
            partition = self._of(now.date() - timedelta(days=keep_days + back))
            query = self._tables.query(DECIDED, partition, limit=MOST_TIDIED)
            gone = [Delete(Row(partition, row.key)) async for row in query]
            await write_rows(self._tables, DECIDED, gone)

    def _of(self, day: date) -> str:
        return f"{self._connection}|{day:%Y%m%d}"


def _read(said: Any) -> dict[str, Any]:
    found: dict[str, Any] = from_json(said if isinstance(said, bytes) else b"{}")
    return found
