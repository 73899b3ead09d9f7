"""Reservations: orders on account that a checkout let through and that Commerce does not show yet.

One row per account, or per credit group, whose members share a limit. It is replaced only if nobody
has changed it since it was read: of two carts that are checked at once, the second sees what the
first was given. A reservation ends when a run has seen the order in Commerce and written all
figures, or by itself: an order that was let through may never be placed. Figures say which reserved
orders they count already (`Prepared.counted`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sync.core.encoding import from_json, to_json
from sync.core.money import ZERO
from sync.core.ports import Conflict, Row, Tables
from sync.core.rates import Rates
from sync.credit.prepared import Prepared

RESERVED: Final = "creditreservations"
MOST: Final = 400
"""Reservations of a row; more than an account has orders in half an hour."""


@dataclass(frozen=True)
class Reservation:
    """An order that was let through. `amount` in `currency`, that of its company's credit; rows of
    earlier releases name neither that nor the account."""

    order: str
    amount: Decimal
    until: datetime
    account: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Reserved:
    """What is reserved of the credit of an account, or of a credit group, as it was read."""

    pool: str
    held: tuple[Reservation, ...] = ()
    etag: str = ""

    @property
    def is_full(self) -> bool:
        """Whether no more can be kept."""
        return len(self.held) >= MOST

    def besides(self, order: str, one: Prepared, rates: Rates) -> tuple[Decimal, Decimal]:
        """What orders hold of a company's own credit, and of all its group's: without this order,
        which may be checked again, and without those that its figures count. In the currency of its
        credit. Raises `Never` for a currency without a rate."""
        own = group = ZERO
        for held in self.held:
            if held.order != order and held.order not in one.counted:
                amount = _amount_in(one.currency, held, rates)
                group += amount
                own += amount if held.account.casefold() in ("", one.account.casefold()) else ZERO
        return own, group

    def having(self, one: Reservation) -> "Reserved":
        """With this order, in place of what it held before."""
        others = [held for held in self.held if held.order != one.order]
        return replace(self, held=(*others, one))


class Reservations:
    """The reservations of one connection."""

    def __init__(self, tables: Tables, connection: str) -> None:
        self._tables, self._connection = tables, connection

    async def of(self, pool: str, now: datetime) -> Reserved:
        """What is reserved of a pool (`Prepared.pool`) now."""
        row = await self._tables.get(RESERVED, self._connection, pool)
        return Reserved(pool) if row is None else _reserved(row, now)

    async def all(self, now: datetime) -> Mapping[str, Reserved]:
        """What is reserved now, by pool."""
        rows = self._tables.query(RESERVED, self._connection)
        return {row.key: _reserved(row, now) async for row in rows}

    async def put(self, reserved: Reserved) -> None:
        """Store what is reserved. Raises `Conflict` where somebody else was first."""
        said = [
            [one.order, str(one.amount), one.until.isoformat(), one.account, one.currency]
            for one in reserved.held
        ]
        row = Row(self._connection, reserved.pool, {"held": to_json(said)}, reserved.etag)
        if reserved.etag:
            await self._tables.replace(RESERVED, row)
        else:
            await self._tables.insert(RESERVED, row)

    async def release(self, seen: Mapping[str, Collection[str]], now: datetime) -> None:
        """Let go of orders that count in all figures by now, and of what has ended. `seen`: numbers
        of orders by pool. Where a checkout is just writing, the next run does it."""
        rows = [row async for row in self._tables.query(RESERVED, self._connection)]
        for row in rows:
            over = seen.get(row.key, ())
            left = [one for one in _held(row) if one.until > now and one.order not in over]
            if len(left) == len(_held(row)) and left:
                continue
            try:
                await self._leave(row, left)
            except Conflict:
                continue

    async def _leave(self, row: Row, left: Sequence[Reservation]) -> None:
        if left:
            await self.put(Reserved(row.key, tuple(left), row.etag))
        else:
            await self._tables.delete(RESERVED, row.partition, row.key, row.etag)


def ends(now: datetime, minutes: int) -> datetime:
    """When a reservation of now ends by itself."""
    return now + timedelta(minutes=minutes)


def _amount_in(currency: str, held: Reservation, rates: Rates) -> Decimal:
    if held.currency in ("", currency):
        return held.amount
    return rates.out_of_books(rates.in_books(held.amount, held.currency), currency)


def _reserved(row: Row, now: datetime) -> Reserved:
    held = (reservation for reservation in _held(row) if reservation.until > now)
    return Reserved(row.key, tuple(held), row.etag)


def _held(row: Row) -> Sequence[Reservation]:
    said = row.values["held"]
    rows = from_json(said if isinstance(said, bytes) else b"[]")
    return [
        Reservation(order, Decimal(amount), datetime.fromisoformat(until), *whose)
        for order, amount, until, *whose in rows
    ]
