"""The parts of docs/benchmark.md, each as JSON."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.benchmarks.lasting import memory
from tests.benchmarks.load import Way, measured_load
from tests.benchmarks.top_rate import measured_top_rate

BURST: Final = 10_000
MILLION: Final = 1_000_000
MANY: Final = 100_000

Facts = dict[str, Any]


def _load(orders: int) -> Facts:
    return measured_load(orders).facts()


def _burst(_: int, burst: int = BURST) -> Facts:
    return Way(f"{burst:,} at once", burst).play().facts()


def _before(orders: int, most: int = MILLION) -> Facts:
    ways = {
        name: Way(f"{count:,} delivered before", orders, before=count)
        for name, count in (("empty", 0), ("full", most))
    }
    return {name: way.play().facts() for name, way in ways.items()}


def _hooks(_: int) -> Facts:
    return asyncio.run(measured_top_rate()).facts()


def _memory(_: int, orders: int = MANY) -> Facts:
    return memory(orders, orders // 10).facts()


PARTS: Final[Mapping[str, Callable[[int], Facts]]] = {
    "load": _load, "burst": _burst, "before": _before, "hooks": _hooks, "memory": _memory,
}  # fmt: skip
"""What is measured of so many orders of each kind; some parts have a number of their own."""
TITLES: Final[Mapping[str, str]] = {
    "load": "Orders under load", "burst": "A burst", "before": "With full tables",
    "hooks": "Hooks a second", "memory": "Memory",
}  # fmt: skip
LONG: Final = frozenset({"memory"})
"""Half an hour; measured only where it is asked for."""


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """As text, a line for each row of figures."""
    flat = {name: value for name, value in facts.items() if not isinstance(value, list | dict)}
    if flat:
        yield "  " + ", ".join(f"{name} {value}" for name, value in flat.items())
    for value in facts.values():
        for row in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
            yield from lines(row)
