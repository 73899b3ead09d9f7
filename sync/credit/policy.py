"""Whether somebody may buy on account: the figures decide where they are fresh, the connection's
policy where they are stale or missing. Pure; asks nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sync.config.connections.credit import Credit
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.core.rates import Rates
from sync.credit.asked import Asked
from sync.credit.prepared import Prepared


@dataclass(frozen=True)
class Verdict:
    """`amount`, `reserved` and `available` in the currency of the credit; None where they are not
    known. The latter two are of the limit that leaves least. `reserves`: whether the amount is to
    be held for the order."""

    is_allowed: bool
    reason: str
    amount: Decimal | None = None
    reserved: Decimal = ZERO
    reserves: bool = False
    available: Decimal | None = None


@dataclass(frozen=True)
class Figures:
    """What is known of who asks. `company` None: no company is known for the customer; `prepared`
    None: no run has met it. `at`: when its figures were true. `reserved`: by other orders of the
    account; `reserved_in_group`: by other orders of all accounts of its credit group."""

    company: int | None = None
    prepared: Prepared | None = None
    at: datetime | None = None
    reserved: Decimal = ZERO
    reserved_in_group: Decimal = ZERO


def verdict_on(asked: Asked, figures: Figures, credit: Credit, now: datetime) -> Verdict:
    """The decision table. One row each: guests, customers of whom no account is known, figures that
    are stale, accounts that are blocked, figures that are missing, accounts that are not limited,
    and all others."""
    gate = credit.gate
    if asked.customer is None:
        return Verdict(gate.guests == "allow", "a guest")
    if figures.company is None:
        return Verdict(gate.unknown == "allow", "no company is known for the customer")
    one = figures.prepared
    if one is None or figures.at is None:
        return Verdict(gate.unknown == "allow", "no account is known for the company")
    amount = amount_in(asked, one.currency, credit)
    is_stale = now - figures.at > timedelta(minutes=gate.fresh_minutes)
    if is_stale or (one.fault and not one.blocked):
        why = "stale" if is_stale else f"not known: {one.fault}"
        return without_figures(amount, credit, f"the figures are {why}")
    return _by_figures(asked, one, amount, figures)


def _by_figures(asked: Asked, one: Prepared, amount: Decimal | None, figures: Figures) -> Verdict:
    if one.blocked:
        return Verdict(False, f"blocked: {one.blocked}", amount, figures.reserved)
    limit = min(_limits(one, figures), default=None)
    if limit is None:
        return Verdict(True, "nothing limits the account", amount, figures.reserved)
    left, available, whose = limit
    reserved = available - left
    if amount is None:
        what = "the amount is not known, and something is left"
        is_open = asked.about == "methods" and left > 0
        return Verdict(is_open, what, amount, reserved, available=available)
    is_enough = amount <= left
    what = ("enough is left" if is_enough else "more than is left") + whose
    return Verdict(is_enough, what, amount, reserved, is_enough, available)


def _limits(one: Prepared, figures: Figures) -> Iterator[tuple[Decimal, Decimal, str]]:
    """What each limit of a company leaves: with what is reserved, without, and whose it is."""
    own = one.own_left if one.group else one.available
    if own is not None:
        yield own - figures.reserved, own, ""
    if one.group_left is not None:
        left = one.group_left - figures.reserved_in_group
        yield left, one.group_left, f" of credit group {one.group}"


def without_figures(amount: Decimal | None, credit: Credit, reason: str) -> Verdict:
    """What the policy says where figures do not decide."""
    gate = credit.gate
    is_small = amount is not None and amount < gate.stale_below
    is_allowed = gate.stale == "allow" or (gate.stale == "allow-below" and is_small)
    return Verdict(is_allowed, reason, amount, reserves=is_allowed and amount is not None)


def amount_in(asked: Asked, currency: str, credit: Credit) -> Decimal | None:
    """What is asked for in a currency; None where no amount, or no rate, is known."""
    if currency in asked.amounts:
        return asked.amounts[currency]
    rates = Rates(credit.currency, credit.rates)
    for other, amount in asked.amounts.items():
        try:
            return rates.out_of_books(rates.in_books(amount, other), currency)
        except Never:
            continue
    return None
