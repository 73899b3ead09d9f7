"""What a hook takes, what orders, documents and an idle hour cost in operations, and what
publishing stock, prices and products and reconciling take. Printed, not judged.

Times depend on the machine and on what else it does: compare the ratios to the baselines of the
same run. Counts are the same everywhere. The tables of docs/cost.md are made from them: python -m
tests.benchmarks.page
"""

import argparse
import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tests.benchmarks import load_parts, quick
from tests.benchmarks.arrivals import Took
from tests.benchmarks.beside import measured_beside, measured_notified
from tests.benchmarks.edge import Ratio, measured
from tests.benchmarks.first_load import measured_first_load
from tests.benchmarks.gate import measured_gate
from tests.benchmarks.operations import Cost, costs
from tests.benchmarks.reconciling import lines, measured_reconciling
from tests.benchmarks.shop_prices import measured_prices
from tests.benchmarks.stock import Ran, measured_stock
from tests.harness import NUMBERS
from tests.virtual_time import virtually

KILLS = 3


@dataclass(frozen=True)
class Part:
    """What one part measured: for `--json`, and as text."""

    facts: dict[str, Any]
    lines: list[str]


def _edge(asked: Namespace) -> Part:
    took, ratios = asyncio.run(measured(asked.hooks))
    facts = {"edge": [one.facts() for one in took], "ratios": [one.facts() for one in ratios]}
    return Part(facts, [*_lines(took, ratios)])


def _gate(asked: Namespace) -> Part:
    found = asyncio.run(measured_gate(asked.hooks))
    return Part({"gate": [one.facts() for one in found]}, [one.line() for one in found])


def _operations(asked: Namespace) -> Part:
    found = {numbers: costs(numbers, asked.orders) for numbers in NUMBERS}
    facts = {numbers: [cost.facts() for cost in each] for numbers, each in found.items()}
    shown = [
        line
        for numbers, each in found.items()
        for line in (f"Operations, where numbers are {numbers}:", *_blocks(each))
    ]
    return Part({"operations": facts}, shown)


def _of_orders(name: str, title: str, asked: Namespace) -> Part:
    facts = load_parts.PARTS[name](asked.load)
    return Part({name: facts}, [f"{title}:", *load_parts.lines(facts)])


def _stock(asked: Namespace) -> Part:
    return _runs("Stock", virtually(measured_stock(asked.skus)))


def _prices(asked: Namespace) -> Part:
    return _runs("Prices", virtually(measured_prices(asked.skus)))


def _products(asked: Namespace) -> Part:
    found = virtually(measured_first_load(asked.products, KILLS))
    title = "Products into an empty shop, killed meanwhile:"
    return Part({"products": found.facts()}, [title, found.line()])


def _reconciling(asked: Namespace) -> Part:
    found = virtually(measured_reconciling(asked.rows))
    return Part({"reconciling": [one.facts() for one in found]}, [*lines(found)])


def _beside(asked: Namespace) -> Part:
    beside = asyncio.run(measured_beside(asked.orders))
    notified = asyncio.run(measured_notified(asked.orders))
    return Part(
        {"beside": beside.facts(), "notified": notified.facts()},
        ["Orders beside a publication of all stock:", beside.line(), "",
         "A notified change of stock, until the shop shows it:", notified.line()],
    )  # fmt: skip


PARTS: Final[Mapping[str, Callable[[Namespace], Part]]] = {
    "edge": _edge, "gate": _gate, "operations": _operations,
    **{name: partial(_of_orders, name, title) for name, title in load_parts.TITLES.items()},
    "stock": _stock, "prices": _prices, "products": _products, "reconciling": _reconciling,
    "beside": _beside,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> list[str]:
    """Measure and print. With `--quick`, returns what is above its bound."""
    asked = _parser().parse_args(arguments)
    if asked.quick:
        return _quick(asked)
    usual = [name for name in PARTS if asked.long or name not in load_parts.LONG]
    found = [PARTS[name](asked) for name in ((asked.only,) if asked.only else usual)]
    if asked.json:
        facts = {name: value for part in found for name, value in part.facts.items()}
        print(json.dumps(facts, indent=2))  # noqa: T201
        return []
    print("\n\n".join("\n".join(part.lines) for part in found))  # noqa: T201
    return []


def _quick(asked: Namespace) -> list[str]:
    found = quick.measured()
    faults = quick.exceeded(found)
    shown = {"quick": [one.facts() for one in found], "exceeded": faults}
    text = [*quick.lines(found), *(f"Too much: {fault}" for fault in faults)]
    print(json.dumps(shown, indent=2) if asked.json else "\n".join(text))  # noqa: T201
    return faults


def _parser() -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__, formatter_class=shape
    )
    parser.add_argument(
        "--hooks", type=int, default=1000, help="hooks of each way to arrive (default %(default)s)"
    )
    parser.add_argument(
        "--orders", type=int, default=20, help="orders of each kind (default %(default)s)"
    )
    parser.add_argument(
        "--load", type=int, default=300, help="orders under load (default %(default)s)"
    )
    parser.add_argument(
        "--skus", type=int, default=100_000, help="skus of stock and prices (default %(default)s)"
    )
    parser.add_argument(
        "--products", type=int, default=20_000, help="products to load (default %(default)s)"
    )
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows a side to reconcile (default %(default)s)"
    )
    parser.add_argument("--only", choices=tuple(PARTS), help="leave the other part out")
    parser.add_argument(
        "--quick", action="store_true", help="a few orders' counts alone; fails above a bound"
    )
    parser.add_argument("--long", action="store_true", help="what takes half an hour, too")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    return parser


def _lines(took: Sequence[Took], ratios: Sequence[Ratio]) -> Iterator[str]:
    """As text."""
    yield "The edge, in milliseconds from when a hook arrived:"
    yield from (each.line() for each in took)
    yield from ("", "Over the baselines of this run:")
    yield from (each.line() for each in ratios)


def _blocks(found: Sequence[Cost]) -> Iterator[str]:
    for cost in found:
        yield from ("", *cost.lines())


def _runs(what: str, runs: Sequence[Ran]) -> Part:
    shown = [line for run in runs for line in ("", f"{what}, {run.title}:", run.line())]
    return Part({what.lower(): [run.facts() for run in runs]}, shown[1:])


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
