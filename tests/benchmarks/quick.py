"""A few orders under load, in counts alone, which are the same on every machine. What is above its
bound is a fault: each bound is below what one request of an order more would come to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.benchmarks.load import Way
from tests.benchmarks.load_results import Loaded

ORDERS: Final = 48
NOTHING: Final[dict[str, float]] = {"share_of_429": 0.0, "lost": 0, "doubled": 0}
BOUNDS: Final[Mapping[Way, Mapping[str, float]]] = {
    Way("all at once", ORDERS): NOTHING | {
        "commerce_requests": 0.25, "dynamics_requests": 2.2,
        "table_operations": 9.0, "queue_operations": 3.1,
    },
    Way("all at once, numbers are ours", ORDERS, "ours"): NOTHING | {
        "commerce_requests": 0.25, "dynamics_requests": 1.1,
        "table_operations": 9.0, "queue_operations": 3.1,
    },
    Way("all at once, 4 instances", ORDERS, processes=4): NOTHING | {
        "commerce_requests": 0.25, "dynamics_requests": 2.2,
        "table_operations": 10.5, "queue_operations": 3.1,
    },
}  # fmt: skip
"""The most that an order may take, by how orders come; of all answers for 429, of all orders for
what is lost or doubled."""


def measured() -> list[Loaded]:
    """What each way comes to."""
    return [way.play() for way in BOUNDS]


def exceeded(found: Sequence[Loaded]) -> list[str]:
    """What is above its bound, for people."""
    return [fault for one, bounds in zip(found, BOUNDS.values(), strict=True)
            for fault in _faults(one.facts(), bounds)]  # fmt: skip


def _faults(facts: Mapping[str, Any], bounds: Mapping[str, float]) -> Iterator[str]:
    for name, most in bounds.items():
        if facts[name] > most:
            yield f"{facts['what']}: {name} {facts[name]}, at most {most}"


def lines(found: Sequence[Loaded]) -> Iterator[str]:
    """Each count beside its bound."""
    for one, bounds in zip(found, BOUNDS.values(), strict=True):
        facts = one.facts()
        counts = ", ".join(
            f"{name} {facts[name]} (at most {most})" for name, most in bounds.items()
        )
        yield f"  {one.what}, {one.orders} orders: {counts}"
