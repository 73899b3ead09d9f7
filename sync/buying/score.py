"""How warm an account is, as parts that add up: a seller sees where each point comes from. Pure."""

from typing import Final

from sync.buying.pattern import Pattern
from sync.buying.signals import Signals

RECENCY: Final = ((7, 20), (30, 16), (60, 10), (120, 4))
"""Days since the last order, at most -> points."""
FREQUENCY: Final = ((24, 20), (12, 16), (6, 10), (2, 5), (1, 2))
"""Orders of a year, at least -> points."""
TREND: Final = ((50, 15), (10, 12), (-9, 8), (-50, 3))
"""Per cent, at least -> points."""
CART, QUOTE, LOOKED, WANTS_ACCOUNT = 15, 15, 10, 20


def score_of(signals: Signals, pattern: Pattern) -> dict[str, int]:
    """Points by what they are for; parts without points are left out. What asks for an account has
    not ordered, so 100 is the most."""
    quotes = [cart for cart in signals.carts if cart.status]
    recency = pattern.recency
    is_new = signals.requested and recency is None
    parts = {
        "last order": 0 if recency is None else _up_to(recency),
        "orders of a year": _from(pattern.frequency, FREQUENCY),
        "trend": 0 if pattern.trend is None else _from(pattern.trend, TREND),
        "open cart": CART if len(quotes) < len(signals.carts) else 0,
        "quote": QUOTE if quotes else 0,
        "products looked at": min(LOOKED, 2 * sum(signals.looks.values())),
        "wants an account": WANTS_ACCOUNT if is_new else 0,
    }
    return {name: points for name, points in parts.items() if points}


def _up_to(value: int) -> int:
    return next((points for limit, points in RECENCY if value <= limit), 0)


def _from(value: int, steps: tuple[tuple[int, int], ...]) -> int:
    return next((points for limit, points in steps if value >= limit), 0)
