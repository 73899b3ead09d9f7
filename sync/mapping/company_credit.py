"""The limit that makes a shop show what credit F&O leaves a company.

    credit_limit = max(0, available in F&O - orders that F&O does not have yet + debt in the shop)

`available_limit`, which the shop computes as limit less debt, is then what F&O leaves. The shop
books its orders, refunds and cancellations itself, so its balance is never written: whatever F&O
counts, invoices, payments, orders by telephone, comes by the limit alone, and nothing counts twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.commerce.models.fields import number_from
from sync.core.money import ZERO, stored
from sync.core.rates import Rates, floored
from sync.mapping.credit import Standing, least


@dataclass(frozen=True)
class Shown:
    """What the shop shows of a company's credit, in the currency of that. `limit` None: nobody has
    set one. `debt`: what its own books say is owed."""

    currency: str
    limit: Decimal | None
    debt: Decimal
    may_exceed: bool


@dataclass(frozen=True)
class Pending:
    """Orders on account that F&O does not have yet: of the account, and of all accounts of its
    credit group."""

    own: Decimal = ZERO
    group: Decimal = ZERO


@dataclass(frozen=True)
class Wanted:
    """What it is to show. `available`: what F&O leaves, less what F&O does not have yet; None where
    nothing limits it. `own_left`, `group_left`: of the account's own limit, and of its group's."""

    limit: Decimal
    may_exceed: bool
    available: Decimal | None
    own_left: Decimal | None = None
    group_left: Decimal | None = None


def wanted_of(
    standing: Standing, shown: Shown, pending: Pending, rates: Rates, tolerance: Decimal
) -> Wanted:
    """What the shop is to show: the least that one of the limits leaves. `pending` is in the
    credit's currency. A limit that is off by no more than `tolerance` stays. Raises `Never` for a
    currency without a rate."""

    def left(amount: Decimal | None, less: Decimal) -> Decimal | None:
        there = None if amount is None else rates.out_of_books(amount, shown.currency)
        return None if there is None else floored(there - less)

    own, group = left(standing.own_left, pending.own), left(standing.group_left, pending.group)
    available = least(own, group)
    if available is None:
        return Wanted(floored(shown.limit or ZERO), may_exceed=True, available=None)
    limit = floored(max(available + shown.debt, ZERO))
    before = shown.limit
    if before is not None and before == floored(before) and abs(before - limit) <= tolerance:
        limit = floored(before)
    return Wanted(limit, False, available, own, group)


def owed_for(order: Mapping[str, Any], currency: str, rates: Rates) -> Decimal:
    """What the shop's books say is owed for an order on account, in the credit's currency: less
    what was cancelled or refunded of it. Raises `Never` for a currency without a rate."""
    if str(order.get("order_currency_code")) == currency:
        return _rest(order, "")
    base = str(order.get("base_currency_code"))
    rest = _rest(order, "base_")
    if base == currency:
        return rest
    return rates.out_of_books(rates.in_books(rest, base), currency)


def _rest(order: Mapping[str, Any], side: str) -> Decimal:
    total, *less = (
        stored(number_from(order.get(f"{side}{name}")))
        for name in ("grand_total", "total_canceled", "total_refunded")
    )
    return max(total - sum(less, ZERO), ZERO)
