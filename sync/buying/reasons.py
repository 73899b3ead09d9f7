"""Why a seller should do something about an account: each rule that holds, with its words. Pure.

A reason has an episode: what began it, and what tells it from the next one of the same rule. For
one episode of a rule one task is made, ever.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from sync.buying.pattern import Pattern, month_of
from sync.buying.signals import Cart, Signals
from sync.config.connections.tasks import THRESHOLDS, RuleName, Tasks

RECENT: Final = timedelta(days=30)
"""For so long refusals and returns count."""
WAITING: Final = frozenset({"created", "submitted_by_customer"})
"""States of a quote that waits for the seller. Plain carts have none."""
LOOKS_BACK: Final = timedelta(days=14)
GOES_ON: Final = frozenset[RuleName]({"refusal", "return"})
"""Rules whose open task goes on while they hold, though what began it is over or long ago."""


@dataclass(frozen=True)
class Reason:
    """`title`: in a few words; `words`: what was seen, with the figures."""

    rule: RuleName
    episode: str
    title: str
    words: str


@dataclass(frozen=True)
class Look:
    """An account as it is looked at: now, in the legal entity's time zone."""

    signals: Signals
    pattern: Pattern
    settings: Tasks
    now: datetime
    zone: tzinfo

    def limit(self, rule: RuleName) -> int:
        """The threshold of a rule; what is meant where none is written."""
        told = self.settings.rules.get(rule)
        return THRESHOLDS[rule] if told is None or told.threshold is None else told.threshold


def reasons_of(look: Look, kind: str) -> dict[RuleName, Reason]:
    """The rules that are written, hold, and are for such an account (`company`, `customer`,
    `guest`)."""
    found = dict[RuleName, Reason]()
    for name, rule in look.settings.rules.items():
        fits = rule.audience in ("all", "companies" if kind == "company" else "customers")
        reason = RULES[name](look) if fits else None
        if reason is not None:
            found[name] = reason
    return found


def next_look(look: Look) -> datetime | None:
    """When a rule may begin to hold, or a figure change, though nothing happens; None for an
    account that only waits to be heard of."""
    now, since, orders = look.now, look.signals.since, look.signals.orders
    times = [cart.at + timedelta(hours=look.limit("cart")) for cart in look.signals.carts]
    times += [cart.at + timedelta(hours=look.limit("quote")) for cart in look.signals.carts]
    if since is not None and not orders:
        waits = (look.limit("registration"), look.limit("company_request"))
        times += [since + timedelta(days=days) for days in waits]
    times += [datetime.combine(day, time(5), look.zone) for day in _days(look)]
    return min((one for one in times if one > now), default=None)


def _days(look: Look) -> Iterator[date]:
    """Days on whose morning an account that has bought is looked at."""
    pattern = look.pattern
    if pattern.last is not None:
        yield date.fromisoformat(f"{month_of(pattern.day, 1)}-01")
    if pattern.expected is not None:
        yield pattern.expected.day - timedelta(days=look.limit("repeat"))
        yield pattern.expected.last + timedelta(days=look.limit("overdue") + 1)


def _repeat(look: Look) -> Reason | None:
    """The next order is due; over once it is late."""
    expected, last = look.pattern.expected, look.pattern.last
    if expected is None or last is None:
        return None
    days = (expected.day - look.pattern.day).days
    if days > look.limit("repeat") or look.pattern.day > expected.last:
        return None
    return Reason(
        "repeat", last.number, "Next order is due",
        f"Last order {last.number} was {look.pattern.recency} days ago; by its rhythm the next one"
        f" is due on {expected.day} ({expected.first} to {expected.last}).",
    )  # fmt: skip


def _overdue(look: Look) -> Reason | None:
    expected, last = look.pattern.expected, look.pattern.last
    if expected is None or last is None:
        return None
    late = (look.pattern.day - expected.last).days
    if late <= look.limit("overdue"):
        return None
    return Reason(
        "overdue", last.number, "Usual order is missing",
        f"Last order {last.number} was {look.pattern.recency} days ago; the next one was expected"
        f" by {expected.last}.",
    )  # fmt: skip


def _decline(look: Look) -> Reason | None:
    pattern = look.pattern
    if pattern.fall < max(1, look.limit("decline")):
        return None
    (month, amount), (_, now) = pattern.months[-2], pattern.months[-1]
    return Reason(
        "decline", month, "Orders decline",
        f"{month} came to {amount:.2f} {pattern.currency}, this month to {now:.2f} so far:"
        f" {pattern.fall} % below the three months before.",
    )  # fmt: skip


def _cart(look: Look) -> Reason | None:
    found = _idle(look, "cart", lambda cart: not cart.status)
    if found is None:
        return None
    return Reason(
        "cart", f"{found.id}-{found.at:%Y%m%d%H%M%S}", "Cart left",
        f"Cart {found.id} with {found.pieces.normalize():f} pieces was last changed"
        f" {_moment(found.at, look)}.",
    )  # fmt: skip


def _quote(look: Look) -> Reason | None:
    found = _idle(look, "quote", lambda cart: cart.status in WAITING)
    if found is None:
        return None
    return Reason(
        "quote", str(found.id), "Quote waits for us",
        f"Negotiable quote {found.id} waits for the seller since {_moment(found.at, look)}.",
    )  # fmt: skip


def _idle(look: Look, rule: RuleName, fits: Callable[[Cart], bool]) -> Cart | None:
    """The cart that waits longest, of those that have waited long enough."""
    end = look.now - timedelta(hours=look.limit(rule))
    carts = (one for one in look.signals.carts if fits(one) and one.at <= end)
    return min(carts, key=lambda one: (one.at, one.id), default=None)


def _registration(look: Look) -> Reason | None:
    since = look.signals.since
    if since is None or look.signals.orders or look.signals.requested:
        return None
    age = (look.now - since).days
    if not look.limit("registration") <= age <= look.limit("registration") + RECENT.days:
        return None
    return Reason(
        "registration", f"{since:%Y%m%d}", "Registered and has not ordered",
        f"Registered {_moment(since, look)} and has not ordered for {age} days.",
    )  # fmt: skip


def _company_request(look: Look) -> Reason | None:
    since = look.signals.since
    if not look.signals.requested:
        return None
    if since is not None and (look.now - since).days < look.limit("company_request"):
        return None
    return Reason(
        "company_request",
        "requested",
        "Company waits for approval",
        "A company account was requested and is neither approved nor refused.",
    )


def _refusal(look: Look) -> Reason | None:
    days = sorted(at for at in look.signals.refusals if at > look.now - RECENT)
    if len(days) < max(1, look.limit("refusal")):
        return None
    return Reason(
        "refusal", f"{days[0]:%Y%m%d}", "Credit was refused at checkout",
        f"The checkout refused credit on {len(days)} days, last {_moment(days[-1], look)}.",
    )  # fmt: skip


def _return(look: Look) -> Reason | None:
    """Begun by the first one that is open; over once none of them is."""
    recent = [one for one in look.signals.returns if one[1] > look.now - RECENT]
    are_open = [number for number, _, is_open in recent if is_open]
    if not are_open or len(recent) < max(1, look.limit("return")):
        return None
    numbers = sorted(number for number, _, _ in recent)
    return Reason(
        "return", min(are_open), "Returns pile up",
        f"{len(recent)} returns in {RECENT.days} days: {', '.join(numbers[:10])}.",
    )  # fmt: skip


def _interest(look: Look) -> Reason | None:
    """Over once it is bought."""
    end, bought = look.now - LOOKS_BACK, set[str]()
    for order in look.signals.orders:
        bought |= {*order.lines} if order.at > end else set()
    looks = {sku: days for sku, days in look.signals.looks.items() if sku not in bought}
    if not looks or max(looks.values()) < max(1, look.limit("interest")):
        return None
    sku, days = max(looks.items(), key=lambda one: (one[1], one[0]))
    return Reason(
        "interest", f"{sku}-{look.pattern.day:%Y%m}"[:80], "Product looked at again and again",
        f"{sku} was looked at on {days} of the last {LOOKS_BACK.days} days and not bought.",
    )  # fmt: skip


def _moment(at: datetime, look: Look) -> str:
    return f"{at.astimezone(look.zone):%Y-%m-%d %H:%M}"


RULES: Final[dict[RuleName, Callable[[Look], Reason | None]]] = {
    "repeat": _repeat, "overdue": _overdue, "decline": _decline, "cart": _cart, "quote": _quote,
    "registration": _registration, "company_request": _company_request, "refusal": _refusal,
    "return": _return, "interest": _interest,
}  # fmt: skip
