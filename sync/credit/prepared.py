"""Prepared credit: how each company of the shop stands, and for which company each buyer buys, as
the last run read it. The checkout reads these rows by their keys and asks no system.

Figures are in the currency of the company's credit in Commerce. A row that has not changed is not
written again: when all of them were looked at last, the row `RUN` tells.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from sync.core.encoding import from_json, to_json
from sync.core.groups import write_rows
from sync.core.ports import Delete, Row, Tables, Upsert, Value

PREPARED: Final = "preparedcredit"
RUN: Final = "run"
COMPANY, BUYER = "company:", "buyer:"
UNSHARED: Final = (("", "", ""), ())
"""What rows of earlier releases lack."""


@dataclass(frozen=True)
class Prepared:
    """How a company stands. `available` None: nothing limits it. `blocked`, `fault`: why nothing
    may be bought on account, or why it is not known; empty where neither is so. `taken`: ways to
    pay that were taken from the company. `group`: the credit group that it shares a limit with, or
    empty; then `own_left` and `group_left` are what its own limit and the group's leave. `counted`:
    reserved orders that the figures count already. `at`: when its figures last changed."""

    company: int
    account: str
    currency: str = ""
    available: Decimal | None = None
    limit: Decimal | None = None
    used: Decimal = Decimal(0)
    pending: Decimal = Decimal(0)
    overdue: Decimal = Decimal(0)
    blocked: str = ""
    fault: str = ""
    why: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    group: str = ""
    own_left: Decimal | None = None
    group_left: Decimal | None = None
    counted: tuple[str, ...] = ()
    at: datetime | None = field(default=None, compare=False)

    def row(self, connection: str, at: datetime) -> Row:
        """As it is stored."""
        figures = [_text(self.available), _text(self.limit), *map(str, self._sums)]
        shared = [self.group, _text(self.own_left), _text(self.group_left)]
        said = to_json([figures, self.why, self.taken, shared, self.counted])
        cells: dict[str, Value] = {
            "account": self.account, "currency": self.currency, "blocked": self.blocked,
            "fault": self.fault, "at": at, "said": said,
        }  # fmt: skip
        return Row(connection, f"{COMPANY}{self.company}", cells)

    @property
    def pool(self) -> str:
        """What its reservations are kept under: its account, or the credit group that it is in."""
        return f"group|{self.group}".casefold() if self.group else self.account.casefold()

    @property
    def _sums(self) -> tuple[Decimal, ...]:
        return self.used, self.pending, self.overdue

    @classmethod
    def of(cls, row: Row) -> "Prepared":
        """The one that a row was made from."""
        values = row.values
        said, at = values["said"], values["at"]
        cells = from_json(said if isinstance(said, bytes) else b"[]")
        figures, why, taken, (group, *lefts), counted = [*cells, *UNSHARED][: len(UNSHARED) + 3]
        available, limit, own_left, group_left = map(_amount, (*figures[:2], *lefts))
        used, pending, overdue = (Decimal(text) for text in figures[2:])
        return cls(
            int(row.key.removeprefix(COMPANY)), str(values["account"]), str(values["currency"]),
            available, limit, used, pending, overdue, str(values["blocked"]),
            str(values["fault"]), tuple(why), tuple(taken), group, own_left, group_left,
            tuple(counted), at if isinstance(at, datetime) else None,
        )  # fmt: skip


class PreparedCredit:
    """The rows of one connection."""

    def __init__(self, tables: Tables, connection: str) -> None:
        self._tables, self._connection = tables, connection

    async def of(self, company: int) -> Prepared | None:
        """How a company stands; None where no run has met it."""
        row = await self._tables.get(PREPARED, self._connection, f"{COMPANY}{company}")
        return None if row is None else Prepared.of(row)

    async def looked_at(self) -> datetime | None:
        """When all rows were looked at last."""
        row = await self._tables.get(PREPARED, self._connection, RUN)
        at = row.values["at"] if row is not None else None
        return at if isinstance(at, datetime) else None

    async def company_of(self, buyer: int) -> int | None:
        """The company that a customer buys for; None where that is not known."""
        row = await self._tables.get(PREPARED, self._connection, f"{BUYER}{buyer}")
        found = None if row is None else row.values["company"]
        return found if isinstance(found, int) and found else None

    async def all(self, start: str = "", limit: int | None = None) -> AsyncIterator[Prepared]:
        """Every company; or so many, from a key on."""
        query = self._tables.query(
            PREPARED, self._connection, start=max(start, COMPANY), before=f"{COMPANY}~", limit=limit
        )
        async for row in query:
            yield Prepared.of(row)

    async def put(self, one: Prepared, at: datetime) -> None:
        """Store how a company stands. Safe to repeat."""
        await self._tables.upsert(PREPARED, one.row(self._connection, at))

    async def put_all(self, found: Sequence[Prepared], at: datetime) -> None:
        """Store how all companies stand, as far as it is news, and that it was true at `at`. Safe
        to repeat."""
        known = {one.company: one async for one in self.all()}
        news = [one for one in found if known.get(one.company) != one]
        gone = known.keys() - {one.company for one in found}
        rows = [Upsert(one.row(self._connection, at)) for one in news]
        old = [Delete(Row(self._connection, f"{COMPANY}{one}")) for one in gone]
        await write_rows(self._tables, PREPARED, [*rows, *old])
        await self._tables.upsert(PREPARED, Row(self._connection, RUN, {"at": at}))

    async def learn(self, companies: Mapping[int, int | None]) -> None:
        """Store for which company each of these customers buys. Of those that buy for none, nothing
        is kept."""
        rows = {
            buyer: Row(self._connection, f"{BUYER}{buyer}", {"company": company or 0})
            for buyer, company in companies.items()
        }
        operations = (
            Upsert(row) if companies[buyer] else Delete(row) for buyer, row in rows.items()
        )
        await write_rows(self._tables, PREPARED, operations)

    async def buyers_until(self) -> datetime | None:
        """Up to when buyers were read."""
        row = await self._tables.get(PREPARED, self._connection, "buyers")
        at = row.values["at"] if row is not None else None
        return at if isinstance(at, datetime) else None

    async def buyers_read(self, at: datetime) -> None:
        """Buyers were read up to then."""
        await self._tables.upsert(PREPARED, Row(self._connection, "buyers", {"at": at}))


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if text else None
