"""What credit an account of F&O has left, and whether it may buy on account.

    available = effective limit - what counts against it

The effective limit is the temporary limit that is valid today, else the customer's own; a customer
credit group caps what its members have together, so the smaller rest counts. What counts against it
says the type of check. Sources: Microsoft, credit-limits-customers.md, credit-limit-scenarios,
Credit-hold-FAQ.md (2025-03), cm-sales-order-credit-holds.md (2024-03).

Where F&O's rule depends on what no entity tells, a setting decides, and its default gives less
credit, except the tax of open orders. Everything is exact until the result, which is rounded down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sync.config.connections.credit import Credit as CreditSettings
from sync.core.money import ZERO
from sync.core.rates import Rates, floored
from sync.dynamics.documents.credit_account import (
    BLOCKING,
    AccountCredit,
    Check,
    Exposure,
    GroupCredit,
    OpenItem,
    TemporaryLimit,
)

GROUP = "group"
"""How the limit of a customer credit group is named."""


@dataclass(frozen=True)
class Rules:
    """How this legal entity checks credit on a day."""

    settings: CreditSettings
    check: Check
    rates: Rates
    today: date


@dataclass(frozen=True)
class Left:
    """A limit and what is left of it. `limit` None: there is none to exceed. `by`: whose limit it
    is."""

    limit: Decimal | None
    by: str
    used: Decimal

    @property
    def available(self) -> Decimal | None:
        """What is left; negative where it is exceeded."""
        return None if self.limit is None else self.limit - self.used


@dataclass(frozen=True)
class Standing:
    """How an account stands, in the accounting currency. `own_left`, `group_left`: what is left of
    its own limit and of that of its credit group (`group`, empty for none); None: unlimited.
    `limit`, `used`: of the one of which less is left. `blocked`: why nothing may be bought on
    account; empty where it may. `why`: each step, for people."""

    account: str
    currency: str
    check: Check
    limit: Decimal | None
    limit_by: str
    exposure: Exposure
    used: Decimal
    own_left: Decimal | None
    overdue: Decimal
    blocked: str
    why: tuple[str, ...]
    group: str = ""
    group_left: Decimal | None = None

    @property
    def available(self) -> Decimal | None:
        """What is left; None where nothing limits the account."""
        return least(self.own_left, self.group_left)


def standing_of(facts: AccountCredit, rules: Rules) -> Standing:
    """How an account stands. Raises `Never` for a currency without a rate."""
    exposure = exposure_of(facts, rules)
    own = _own(facts, exposure, rules)
    group = None if facts.group is None else _of_group(facts.group, rules)
    left = own if group is None else _smaller(own, group)
    overdue, blocked = _overdue(facts.items, rules), blocked_of(facts, rules)
    return Standing(
        facts.account, rules.rates.books, rules.check, left.limit, left.by, exposure, left.used,
        ZERO if blocked else _floored(own.available), overdue, blocked,
        _told(left, exposure, blocked, rules), "" if facts.group is None else facts.group.number,
        None if group is None else _floored(group.available),
    )  # fmt: skip


def blocked_of(facts: AccountCredit, rules: Rules) -> str:
    """Why nothing may be bought on account; empty where it may. Needs no rate."""
    return next(_blocks(facts, _overdue(facts.items, rules), rules), "")


def least(*amounts: Decimal | None) -> Decimal | None:
    """The least of what limits an account; None where nothing does."""
    return min((one for one in amounts if one is not None), default=None)


def _floored(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else floored(amount)


def exposure_of(facts: AccountCredit, rules: Rules) -> Exposure:
    """What counts: F&O's open items and order lines, or what the last aging snapshot says."""
    settings, snapshot = rules.settings, facts.snapshot
    extra = 1 + settings.order_tax_percent / 100
    lines, rates = facts.lines, rules.rates
    balance = sum((item.amount for item in facts.items), ZERO)
    delivered = sum((rates.in_books(line.delivered, line.currency) for line in lines), ZERO)
    ordered = sum((rates.in_books(line.open, line.currency) for line in lines), ZERO)
    return Exposure(
        snapshot.balance if settings.balances == "snapshot" else balance,
        snapshot.delivered if settings.orders == "snapshot" else delivered * extra,
        snapshot.ordered if settings.orders == "snapshot" else ordered * extra,
    )


def _own(facts: AccountCredit, exposure: Exposure, rules: Rules) -> Left:
    used = exposure.counted(rules.check)
    if rules.check is Check.NONE:
        return Left(None, "nothing is checked", used)
    temporary = _temporary(facts.temporary, rules)
    if temporary is not None:
        return Left(rules.rates.in_books(temporary, facts.currency), "temporary", used)
    if reason := _unlimited(facts, rules.settings):
        return Left(None, reason, used)
    if _is_expired(facts.expires, rules):
        return Left(ZERO, "expired", used)
    return Left(rules.rates.in_books(facts.limit, facts.currency), "customer", used)


def _unlimited(facts: AccountCredit, settings: CreditSettings) -> str:
    """Why an account has no limit of its own; empty where it has one. Zero is no credit under
    Credit management, and no limit without it, unless the limit is mandatory."""
    if not settings.credit_management:
        is_checked = facts.limit or facts.is_mandatory
        return "" if is_checked else "unlimited: zero without credit management"
    if facts.is_unlimited:
        return "unlimited"
    if facts.is_excluded and settings.excluded == "unlimited":
        return "unlimited: excluded from credit management"
    return ""


def _temporary(limits: Sequence[TemporaryLimit], rules: Rules) -> Decimal | None:
    """The temporary limit of today; of several, the one that the settings name."""
    amounts = [one.amount for one in limits if one.counts_on(rules.today)]
    pick = min if rules.settings.overlapping == "lowest" else max
    return pick(amounts) if amounts else None


def _is_expired(expires: date | None, rules: Rules) -> bool:
    settings = rules.settings
    is_looked_at = settings.credit_management and settings.expired == "none"
    return is_looked_at and expires is not None and expires < rules.today


def _of_group(group: GroupCredit, rules: Rules) -> Left:
    """What the group leaves to all its members, in the accounting currency."""
    rates, by = rules.rates, f"{GROUP} {group.number}"
    used = rates.in_books(group.exposure.counted(rules.check), group.currency)
    if rules.check is Check.NONE:
        return Left(None, "nothing is checked", used)
    temporary = _temporary(group.temporary, rules)
    limit = group.limit if temporary is None else temporary
    if temporary is None and _is_expired(group.expires, rules):
        return Left(ZERO, f"{by}, expired", used)
    if not limit and not rules.settings.credit_management:
        return Left(None, f"{by}, unlimited: zero without credit management", used)
    return Left(rates.in_books(limit, group.currency), by, used)


def _smaller(own: Left, group: Left) -> Left:
    """That of which less is left."""
    if group.available is None or own.available is None:
        return own if group.available is None else group
    return min(own, group, key=lambda left: left.available or ZERO)


def _overdue(items: Sequence[OpenItem], rules: Rules) -> Decimal:
    """What invoices come to that are past due and their grace; `due` follows from the terms."""
    last = rules.today - timedelta(days=rules.settings.overdue_days)
    excused = rules.settings.disputed == "excused"
    late = (item for item in items if item.due is not None and item.due < last)
    counted = (one.amount for one in late if one.amount > 0 and not (excused and one.is_disputed))
    return sum(counted, ZERO)


def _blocks(facts: AccountCredit, overdue: Decimal, rules: Rules) -> Iterator[str]:
    """Why nothing may be bought on account, first what a person decided. `Never` keeps an account
    from every hold."""
    settings = rules.settings
    if facts.hold in BLOCKING:
        yield f"the account is on hold ({facts.hold})"
    if facts.hold == "Never":
        return
    if settings.credit_management and facts.status_blocks in BLOCKING:
        yield f"its account status blocks ({facts.status_blocks})"
    if settings.overdue == "block" and overdue > settings.overdue_amount:
        yield f"{floored(overdue):f} {rules.rates.books} are overdue"
    if settings.holds == "block" and facts.orders_on_hold:
        first = facts.orders_on_hold[0]
        yield f"sales order {first.order} is on credit hold ({first.reason})"


def _told(left: Left, exposure: Exposure, blocked: str, rules: Rules) -> tuple[str, ...]:
    books = rules.rates.books
    limit = "none" if left.limit is None else f"{floored(left.limit):f} {books}"
    parts = (
        f"limit: {limit} ({left.by})",
        f"check: {rules.check}",
        f"balance: {exposure.balance:.2f}",
        f"delivered: {exposure.delivered:.2f}",
        f"ordered: {exposure.ordered:.2f}",
        f"used: {left.used:.2f} {books}",
    )
    return (*parts, f"blocked: {blocked}") if blocked else parts
