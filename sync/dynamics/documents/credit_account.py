"""What F&O says of an account's credit: limits, holds, open items, and what is ordered or delivered
and not invoiced.

Amounts of open items are in the accounting currency of their legal entity; a limit and an order
line say theirs. Days are X++ dates, None for 1900-01-01.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sync.core.money import ZERO


class Check(StrEnum):
    """What counts against a limit (`CustomerParameters.CreditLimitCheckType`)."""

    NONE = "None"
    BALANCE = "Balance"
    DELIVERED = "BalanceDelivered"
    ALL = "BalanceAll"


@dataclass(frozen=True)
class TemporaryLimit:
    """A limit in place of the other one, from a day to a day; both inclusive."""

    amount: Decimal
    begins: date | None = None
    ends: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether it is valid on a day."""
        has_begun = self.begins is None or self.begins <= day
        return has_begun and (self.ends is None or day <= self.ends)


@dataclass(frozen=True)
class OpenItem:
    """What is open of a transaction: an invoice is positive, a payment or credit note negative."""

    amount: Decimal
    due: date | None = None
    is_disputed: bool = False


@dataclass(frozen=True)
class OrderLine:
    """An open line of a sales order, in sales units. `amount`: of all that was ordered, in the
    order's currency.

    `undelivered` is `RemainSalesPhysical`. `unposted` is `RemainSalesFinancial`: what was delivered
    and not invoiced. Where an environment counts in it what was not delivered either, both together
    exceed what was ordered, and it is taken for all that is not invoiced.
    """

    currency: str
    amount: Decimal
    ordered: Decimal
    undelivered: Decimal
    unposted: Decimal

    @property
    def _holds_both(self) -> bool:
        return self.undelivered > 0 and self.undelivered + self.unposted > self.ordered

    @property
    def delivered(self) -> Decimal:
        """What of `amount` was delivered and not invoiced."""
        pieces = self.unposted - (self.undelivered if self._holds_both else ZERO)
        return self._worth(max(pieces, ZERO))

    @property
    def open(self) -> Decimal:
        """What of `amount` was not delivered."""
        return self._worth(max(self.undelivered, ZERO))

    def _worth(self, pieces: Decimal) -> Decimal:
        return self.amount * pieces / self.ordered if self.ordered else ZERO


@dataclass(frozen=True)
class Hold:
    """An active credit hold of a sales order (`CredManTableBiEntities`)."""

    order: str
    reason: str


BLOCKING: Final = frozenset({"All", "Invoice"})
"""Holds under which no invoice can be posted; `Payment` and the like stop no sale."""


@dataclass(frozen=True)
class Exposure:
    """What counts against a limit, in the accounting currency: the balance, what was delivered and
    what was ordered, neither invoiced."""

    balance: Decimal = ZERO
    delivered: Decimal = ZERO
    ordered: Decimal = ZERO

    def counted(self, check: Check) -> Decimal:
        """What of it a check counts."""
        parts = (self.balance, self.delivered, self.ordered)
        many = {Check.NONE: 0, Check.BALANCE: 1, Check.DELIVERED: 2, Check.ALL: 3}[check]
        return sum(parts[:many], ZERO)

    def __add__(self, other: "Exposure") -> "Exposure":
        return Exposure(
            self.balance + other.balance,
            self.delivered + other.delivered,
            self.ordered + other.ordered,
        )


@dataclass(frozen=True)
class GroupCredit:
    """A customer credit group: its limit is that of all its members together, in every legal
    entity. `exposure` is theirs, in the currency of the group."""

    number: str
    limit: Decimal
    currency: str
    exposure: Exposure = Exposure()
    expires: date | None = None
    temporary: Sequence[TemporaryLimit] = ()


@dataclass(frozen=True)
class AccountCredit:
    """What F&O has about the credit of one account: that which invoices go to. A hold of the
    account that orders counts before its own.

    `currency` is that of its limit. `snapshot`: what the last aging snapshot says. `hold` is
    `OnHoldStatus`; `status_blocks` is `CustBlocked` of its credit management status.
    """

    account: str
    currency: str
    limit: Decimal = ZERO
    is_mandatory: bool = False
    is_unlimited: bool = False
    is_excluded: bool = False
    expires: date | None = None
    temporary: Sequence[TemporaryLimit] = ()
    hold: str = "No"
    status_blocks: str = "No"
    items: Sequence[OpenItem] = ()
    lines: Sequence[OrderLine] = ()
    snapshot: Exposure = Exposure()
    orders_on_hold: Sequence[Hold] = ()
    group: GroupCredit | None = None
