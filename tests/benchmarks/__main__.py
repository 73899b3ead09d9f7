"""`python -m tests.benchmarks [--hooks N] [--orders N]`: what a hook takes and what an order costs. Printed, not judged."""

import argparse
import asyncio
from typing import get_args

from tests.benchmarks.edge import SIDE_BY_SIDE, Scheme, edge
from tests.benchmarks.operations import costs
from tests.house import NUMBERS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--hooks", type=int, default=2000, help="hooks of each kind")
    parser.add_argument("--orders", type=int, default=20, help="orders of each kind")
    asked = parser.parse_args()
    lines = ["The edge, in process, without adapters; hints are joined for 2 ms before they are sent:"]
    for scheme in get_args(Scheme):
        lines += [asyncio.run(edge(scheme, asked.hooks, together=many)).line() for many in (1, SIDE_BY_SIDE)]
    for numbers in NUMBERS:
        for cost in costs(numbers, asked.orders):
            lines += ["", *cost.lines()]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
