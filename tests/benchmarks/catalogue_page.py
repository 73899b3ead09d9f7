"""The tables of docs/catalogue-figures.md, from what the benchmarks print. `python -m
tests.benchmarks.catalogue_page` runs them, each part in a process of its own so that its memory is
its own, and writes the page."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.benchmarks.page import shown, table
from tests.benchmarks.prices import ROOT

PAGE: Final = ROOT / "docs" / "catalogue-figures.md"
PARTS: Final = ("stock", "prices", "beside", "products")
COLUMNS: Final = {
    "own seconds": "seconds",
    "rows a second": "rows_a_second",
    "requests to F&O": "to_dynamics",
    "to Commerce": "to_commerce",
    "of these that write": "writes",
    "rows written": "sent",
    "table operations": "table_operations",
    "MB at most": "peak_mb",
}

Facts = Mapping[str, Any]


def measured(*options: str) -> dict[str, Any]:
    """What each part printed, and the machine's load meanwhile."""
    facts, loads = dict[str, Any](), [os.getloadavg()[0]]
    for part in PARTS:
        command = [sys.executable, "-m", "tests.benchmarks", "--only", part, "--json", *options]
        printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603 - our own
        facts |= {name: fact for name, fact in json.loads(printed).items() if fact}
        loads.append(os.getloadavg()[0])
    return {**facts, "loads": loads, "cores": os.cpu_count()}


def runs(facts: Facts) -> str:
    """Runs of stock and prices."""
    rows = [
        [f"{part}: {run['title']}", *(_number(run[name]) for name in COLUMNS.values())]
        for part in ("stock", "prices")
        for run in facts[part]
    ]
    return table(["run", *COLUMNS], rows)


def beside(facts: Facts) -> str:
    """Orders beside a publication, and a single change."""
    told, notified = facts["beside"], facts["notified"]
    return _figures(
        ("an order alone, at the median", f"{told['alone_ms']} ms"),
        ("an order beside a publication of all stock", f"{told['beside_ms']} ms"),
        ("how much slower that is", f"{told['slowed_percent']} %"),
        (
            "a notified change, until the shop shows it, at the median",
            f"{notified['median_ms']} ms",
        ),
    )


def first_load(facts: Facts) -> str:
    """Products into an empty shop."""
    told = facts["products"]
    return _figures(
        ("products made", _number(told["created"])),
        ("images made", _number(told["images"])),
        ("products and images made twice", _number(told["again"])),
        ("processes killed", _number(told["kills"])),
        ("time by the shop's clock", f"{60 * told['hours']:.0f} minutes"),
        ("own time", f"{told['own_seconds']} s"),
        ("requests to both systems, each product", f"{told['requests_each']}"),
        ("table operations", _number(told["table_operations"])),
        ("memory at most", f"{told['peak_mb']} MB"),
        ("the time left, as it was told, was off by", f"{100 * told['estimate_off']:.0f} %"),
    )


def machine(facts: Facts) -> str:
    """Where this was measured."""
    low, high = min(facts["loads"]), max(facts["loads"])
    return (
        f"Measured on {facts['cores']} shared cores, while {low:.1f} to {high:.1f} processes wanted"
        " to run\n(the load of one minute, before and after each part)."
    )


TABLES: Final = {"machine": machine, "runs": runs, "beside": beside, "first load": first_load}


def renewed(text: str, facts: Facts) -> str:
    """The page with all its tables made anew."""
    for name, make in TABLES.items():
        mark = f"<!-- {name} -->\n"
        text = text.replace(mark + shown(text, name), f"{mark}{make(facts)}\n")
    return text


def _figures(*rows: Sequence[str]) -> str:
    return table(["what", "figure"], rows)


def _number(value: float) -> str:
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.1f}"
        if value >= 1
        else f"{value:.2f}"
    )


if __name__ == "__main__":
    PAGE.write_text(
        renewed(PAGE.read_text(encoding="utf-8"), measured(*sys.argv[1:])), encoding="utf-8"
    )
