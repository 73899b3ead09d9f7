"""The tables of docs/catalogue-figures.md, from what the benchmarks print. `python -m
tests.benchmarks.catalogue_page` runs them, each part in a process of its own so that its memory is
its own, and writes the page; named parts alone are measured anew."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.benchmarks.page import shown, table
from tests.benchmarks.prices import ROOT

PAGE: Final = ROOT / "docs" / "catalogue-figures.md"
COLUMNS: Final = {
    "own seconds": "seconds", "rows a second": "rows_a_second",
    "requests to F&O": "to_dynamics", "to Commerce": "to_commerce",
    "of these that write": "writes", "rows written": "sent",
    "table operations": "table_operations", "MB at most": "peak_mb",
}  # fmt: skip

Facts = Mapping[str, Any]


def measured(part: str, *options: str) -> dict[str, Any]:
    """What the part printed, and the machine's load before and after it."""
    loads = [os.getloadavg()[0]]
    command = [sys.executable, "-m", "tests.benchmarks", "--only", part, "--json", *options]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603 - our own
    return {**json.loads(printed), "loads": [*loads, os.getloadavg()[0]], "cores": os.cpu_count()}


def _runs(part: str) -> Callable[[Facts], str]:
    def runs(facts: Facts) -> str:
        rows = [
            [run["title"], *(_number(run[name]) for name in COLUMNS.values())]
            for run in facts[part]
        ]
        return table([part, *COLUMNS], rows)

    return runs


def beside(facts: Facts) -> str:
    """Orders beside a publication, and a single change."""
    told, notified = facts["beside"], facts["notified"]
    return _figures(
        ("an order alone, at the median", f"{told['alone_ms']} ms"),
        ("an order beside a publication of all stock", f"{told['beside_ms']} ms"),
        ("how much slower that is", f"{told['slowed_percent']} %"),
        ("a notified change, until the shop shows it", f"{notified['median_ms']} ms at the median"),
    )


def first_load(facts: Facts) -> str:
    """Products into an empty shop."""
    told = facts["products"]
    return _figures(
        ("products made", _number(told["created"])),
        ("images made", _number(told["images"])),
        ("products and images made twice", _number(told["again"])),
        ("processes that died", _number(told["kills"])),
        ("time by the shop's clock", f"{60 * told['hours']:.0f} minutes"),
        ("own time", f"{told['own_seconds']} s"),
        ("requests to both systems, each product", f"{told['requests_each']}"),
        ("table operations", _number(told["table_operations"])),
        ("memory at most", f"{told['peak_mb']} MB"),
        ("the time left, as it was told, was off by", f"{100 * (told['estimate_off'] or 0):.0f} %"),
    )


TABLES: Final[Mapping[str, Callable[[Facts], str]]] = {
    "stock": _runs("stock"), "prices": _runs("prices"), "beside": beside, "products": first_load,
}  # fmt: skip
"""By the part of the benchmarks."""


def made(part: str, facts: Facts) -> str:
    """A table, with where it was measured."""
    loads = " and ".join(f"{load:.1f}" for load in facts["loads"])
    under = f"{facts['cores']} shared cores; the machine's load before and after: {loads}."
    return f"{TABLES[part](facts)}\n\n{under}"


def renewed(text: str, part: str, facts: Facts) -> str:
    """The page with this table made anew."""
    mark = f"<!-- {part} -->\n"
    return text.replace(mark + shown(text, part), f"{mark}{made(part, facts)}\n")


def _figures(*rows: Sequence[str]) -> str:
    return table(["what", "figure"], rows)


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.catalogue_page", description=__doc__
    )
    parser.add_argument("parts", nargs="*", choices=[*TABLES, []], help="these alone")
    asked: Any = parser.parse_args()
    for part in asked.parts or TABLES:
        text = renewed(PAGE.read_text(encoding="utf-8"), part, measured(part))
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
