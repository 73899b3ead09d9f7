"""What a hook takes, what orders, documents and an idle hour cost in operations, and what
publishing stock, prices and products and reconciling take. Printed, not judged.

Times depend on the machine and on what else it does: compare the ratios to the baselines of the
same run. Counts are the same everywhere. The tables of docs/cost.md are made from them: python -m
tests.benchmarks.page
"""

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence

from tests.benchmarks.arrivals import Took
from tests.benchmarks.beside import measured_beside, measured_notified
from tests.benchmarks.edge import Ratio, measured
from tests.benchmarks.first_load import measured_first_load
from tests.benchmarks.gate import measured_gate
from tests.benchmarks.load import measured_load
from tests.benchmarks.operations import Cost, costs
from tests.benchmarks.reconciling import lines, measured_reconciling
from tests.benchmarks.shop_prices import measured_prices
from tests.benchmarks.stock import Ran, measured_stock
from tests.harness import NUMBERS
from tests.virtual_time import virtually

PARTS = (
    "edge", "gate", "operations", "load", "stock", "prices", "products", "reconciling", "beside",
)  # fmt: skip
KILLS = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = _parser().parse_args(arguments)
    wanted = (asked.only,) if asked.only else PARTS
    took, ratios = asyncio.run(measured(asked.hooks)) if "edge" in wanted else ([], [])
    gate = asyncio.run(measured_gate(asked.hooks)) if "gate" in wanted else []
    found = [
        (numbers, costs(numbers, asked.orders)) for numbers in NUMBERS if "operations" in wanted
    ]
    stock = virtually(measured_stock(asked.skus)) if "stock" in wanted else []
    prices = virtually(measured_prices(asked.skus)) if "prices" in wanted else []
    loaded = virtually(measured_first_load(asked.products, KILLS)) if "products" in wanted else None
    books = virtually(measured_reconciling(asked.rows)) if "reconciling" in wanted else []
    beside = asyncio.run(measured_beside(asked.orders)) if "beside" in wanted else None
    notified = asyncio.run(measured_notified(asked.orders)) if "beside" in wanted else None
    load = measured_load(asked.load) if "load" in wanted else None
    if asked.json:
        facts = {
            "edge": [each.facts() for each in took],
            "gate": [each.facts() for each in gate],
            "ratios": [each.facts() for each in ratios],
            "operations": {numbers: [cost.facts() for cost in each] for numbers, each in found},
            "load": load.facts() if load else {},
            "stock": [each.facts() for each in stock],
            "prices": [each.facts() for each in prices],
            "products": loaded.facts() if loaded else {},
            "reconciling": [each.facts() for each in books],
            "beside": beside.facts() if beside else {},
            "notified": notified.facts() if notified else {},
        }
        print(json.dumps(facts, indent=2))  # noqa: T201
        return
    shown = [each.line() for each in gate]
    shown += [*_lines(took, ratios, found), *_runs("Stock", stock)]
    shown += [*_runs("Prices", prices), *lines(books)]
    if load:
        shown += ["", "Orders under load:", *load.lines()]
    if loaded:
        shown += ["", "Products into an empty shop, killed meanwhile:", loaded.line()]
    if beside and notified:
        shown += ["", "Orders beside a publication of all stock:", beside.line()]
        shown += ["", "A notified change of stock, until the shop shows it:", notified.line()]
    print("\n".join(shown))  # noqa: T201


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
    parser.add_argument("--only", choices=PARTS, help="leave the other part out")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    return parser


def _lines(
    took: Sequence[Took], ratios: Sequence[Ratio], found: Sequence[tuple[str, Sequence[Cost]]]
) -> Iterator[str]:
    """As text."""
    if took:
        yield "The edge, in milliseconds from when a hook arrived:"
        yield from (each.line() for each in took)
    if ratios:
        yield from ("", "Over the baselines of this run:")
        yield from (each.line() for each in ratios)
    for numbers, costs_found in found:
        yield from ("", f"Operations, where numbers are {numbers}:")
        for cost in costs_found:
            yield from ("", *cost.lines())


def _runs(what: str, runs: Sequence[Ran]) -> Iterator[str]:
    for run in runs:
        yield from ("", f"{what}, {run.title}:", run.line())


if __name__ == "__main__":
    main()
