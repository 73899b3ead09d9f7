"""Reservations: orders on account that a checkout let through and that Commerce does not show yet.

One row per account, replaced only if nobody has changed it since it was read: of two carts that are
checked at once, the second sees what the first was given. A reservation ends when the order is seen
in Commerce, or by itself: an order that was let through may never be placed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sync.core.encoding import from_json, to_json
from sync.core.money import ZERO
from sync.core.ports import Conflict, Row, Tables

RESERVED: Final = "creditreservations"
MOST: Final = 400
"""Reservations of an account; more than an account has orders in half an hour."""


@dataclass(frozen=True)
class Reservation:
    """An order that was let through. `amount` in the currency of the account's credit."""

    order: str
    amount: Decimal
    until: datetime


@dataclass(frozen=True)
class Reserved:
    """What is reserved of an account's credit, as it was read."""

    account: str
    held: tuple[Reservation, ...] = ()
    etag: str = ""

    def besides(self, order: str) -> Decimal:
        """What other orders hold: the same order may be checked again."""
        return sum((one.amount for one in self.held if one.order != order), ZERO)

    def having(self, one: Reservation) -> "Reserved":
        """With this order, in place of what it held before."""
        others = [held for held in self.held if held.order != one.order]
        return replace(self, held=(*others, one)[-MOST:])


class Reservations:
    """The reservations of one connection."""

    def __init__(self, tables: Tables, connection: str) -> None:
        self._tables, self._connection = tables, connection

    async def of(self, account: str, now: datetime) -> Reserved:
        """What is reserved of an account now."""
        row = await self._tables.get(RESERVED, self._connection, account.casefold())
        if row is None:
            return Reserved(account)
        held = (reservation for reservation in _held(row) if reservation.until > now)
        return Reserved(account, tuple(held), row.etag)

    async def put(self, reserved: Reserved) -> None:
        """Store what is reserved. Raises `Conflict` where somebody else was first."""
        said = [[one.order, str(one.amount), one.until.isoformat()] for one in reserved.held]
        key = reserved.account.casefold()
        row = Row(self._connection, key, {"held": to_json(said)}, reserved.etag)
        if reserved.etag:
            await self._tables.replace(RESERVED, row)
        else:
            await self._tables.insert(RESERVED, row)

    async def release(self, seen: Mapping[str, Collection[str]], now: datetime) -> None:
        """Let go of orders that count elsewhere by now, and of what has ended. `seen`: numbers of
        orders by account in lower case. Where a checkout is just writing, the next run does it."""
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


def _held(row: Row) -> Sequence[Reservation]:
    said = row.values["held"]
    rows = from_json(said if isinstance(said, bytes) else b"[]")
    return [
        Reservation(order, Decimal(amount), datetime.fromisoformat(until))
        for order, amount, until in rows
    ]
