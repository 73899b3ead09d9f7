"""Which dials a seed turns: every choice of a plan that stands for a kind of world by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from tests.simulation.plan import Plan

RANGES: Final = frozenset({"seed", "trouble", "orders", "environment", "last_steps"})
"""What is drawn from a range, or looked at by its parts."""


def dials(plan: Plan) -> Iterator[str]:
    """Each as `name=value`; rates and waits of the systems only say whether they are there."""
    cells = {item.name: getattr(plan, item.name) for item in fields(plan)}
    for name, value in cells.items():
        if name in RANGES:
            continue
        if isinstance(value, Mapping):
            yield from _turned(name, value)
        else:
            yield f"{name}={value}"
    yield f"deaths={min(len(plan.last_steps), 2)}"
    for item in fields(plan.environment):
        yield f"{item.name}={getattr(plan.environment, item.name)}"


def _turned(system: str, dial_values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in dial_values.items():
        if name.endswith("_rate"):
            yield f"{system}.{name}={'on' if value else 'off'}"
    if "latency_high" in dial_values:
        yield f"{system}.latency={dial_values['latency_high']}"


def coverage(seeds: Iterable[int]) -> Counter[str]:
    """How many of these seeds turn each dial that any of the first seeds turns."""
    found = Counter(dict.fromkeys(_known(), 0))
    for seed in seeds:
        found.update(dials(Plan.drawn(seed)))
    return found


def _known() -> list[str]:
    return sorted({dial for seed in range(300) for dial in dials(Plan.drawn(seed))})
