"""docs/benchmark.md and its pictures, from docs/benchmark/figures.json: `python -m
tests.benchmarks.load_page` measures, each part in a process of its own, and writes them. Named
parts alone are measured anew; what takes half an hour is measured only by name."""

import argparse
import json
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Any, Final

from tests.benchmarks import load_parts
from tests.benchmarks.catalogue_page import measured
from tests.benchmarks.page import shown, table
from tests.benchmarks.prices import ROOT

PAGE: Final = ROOT / "docs" / "benchmark.md"
PICTURES: Final = ROOT / "docs" / "benchmark"
FIGURES: Final = PICTURES / "figures.json"
LIBRARIES: Final = ("httpx", "pydantic", "azure-functions")
COLUMNS: Final = {
    "orders a minute": "orders_a_minute", "share of capacity": "share_of_capacity",
    "429": "share_of_429", "F&O requests": "dynamics_requests",
    "Commerce requests": "commerce_requests", "table operations": "table_operations",
    "queue operations": "queue_operations", "p50 s": "p50_s", "p95 s": "p95_s",
    "p99 s": "p99_s", "CPU ms": "own_cpu_ms", "lost": "lost", "doubled": "doubled",
}  # fmt: skip
PERCENT: Final = frozenset({"share_of_capacity", "share_of_429"})
WIDTH, LABEL, BAR, ROW = 760, 300, 360, 26
LINE: Final = 100
"""Characters of text."""

Facts = Mapping[str, Any]


def renewed(text: str, figures: Mapping[str, Facts]) -> dict[Path, str]:
    """Each file with its text. `figures`: what was measured, by part."""
    for name, (part, make) in SECTIONS.items():
        if part in figures:
            mark, facts = f"<!-- {name} -->\n", figures[part]
            made = f"{make(facts[part])}\n\n{fill(_machine(facts), LINE)}\n"
            text = text.replace(mark + shown(text, name), mark + made)
    return {PAGE: text, **(_pictures(figures["load"]["load"]) if "load" in figures else {})}


def _pictures(load: Facts) -> dict[Path, str]:
    ours, usual = load["ours"], load["usual"]
    share = [(one["what"], 100 * one["share_of_capacity"]) for one in ours]
    both = [(f"ours: {one['what']}", _wrong(one)) for one in ours if _is_compared(one, usual)]
    both += [(one["what"], _wrong(one)) for one in usual]
    most = max(1, *(count for _, count in both))
    return {
        PICTURES / "share.svg": bars("Share of capacity, percent", share, 100),
        PICTURES / "lost.svg": bars("Orders lost or doubled", both, most),
    }


def _machine(facts: Facts) -> str:
    """What it was measured on."""
    loads = " and ".join(f"{load:.1f}" for load in facts["loads"])
    return f"{facts['machine']}; its load before and after: {loads}."


def _ours(facts: Facts) -> str:
    return _table(facts["ours"])


def _usual(facts: Facts) -> str:
    return _table(facts["usual"])


def _away(facts: Facts) -> str:
    after = facts["recovered"]
    return fill(
        f"F&O answered 503 for an hour while {after['orders']} orders came. It was asked"
        f" {after['requests_a_minute_while_away']} times a minute meanwhile."
        f" {_recovery(after['seconds_until_90_percent'])} After {after['seconds_until_drained']}"
        f" seconds all orders were there; {after['lost']} lost, {after['doubled']} doubled.",
        LINE,
    )


def _burst(facts: Facts) -> str:
    return _table([facts])


def _before(facts: Facts) -> str:
    return _table([*facts.values()])


def _hooks(facts: Facts) -> str:
    return fill(
        f"One process on one core takes {facts['a_second']} hooks a second: half are answered in"
        f" {facts['p50_ms']:g} ms, 99 of 100 in {facts['p99_ms']:g} ms. At"
        f" {facts['too_many']} a second that is more than {facts['bound_ms']:g} ms. A hook takes"
        f" {facts['cpu_ms']:g} ms of the core.",
        LINE,
    )


def _memory(facts: Facts) -> str:
    rows = [[f"{int(orders):,}", f"{mb:.1f}"] for orders, mb in facts["megabytes"].items()]
    wrong = f"{facts['lost']} lost, {facts['doubled']} doubled."
    return "\n\n".join([table(["after so many orders", "MB"], rows), wrong])


SECTIONS: Final[Mapping[str, tuple[str, Callable[[Facts], str]]]] = {
    "ours": ("load", _ours), "usual": ("load", _usual), "away": ("load", _away),
    "burst": ("burst", _burst), "before": ("before", _before), "hooks": ("hooks", _hooks),
    "memory": ("memory", _memory),
}  # fmt: skip
"""What stands in the page between marks, of which part."""


def _recovery(seconds: int | None) -> str:
    if seconds is None:
        return "There were too few orders to see when it did 90 % of what it can do."
    return f"{seconds} seconds after it was back it did 90 % of what it can do."


def _is_compared(one: Mapping[str, Any], usual: Sequence[Mapping[str, Any]]) -> bool:
    return any(other["what"].startswith(f"{one['what']};") for other in usual)


def _wrong(one: Mapping[str, Any]) -> float:
    return float(one["lost"] + one["doubled"])


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    return table(
        ["", *COLUMNS],
        [[one["what"], *(_cell(one, name) for name in COLUMNS.values())] for one in rows],
    )


def _cell(one: Mapping[str, Any], name: str) -> str:
    return f"{100 * one[name]:.1f} %" if name in PERCENT else f"{one[name]:g}"


def bars(title: str, rows: Sequence[tuple[str, float]], most: float) -> str:
    """A picture of one bar a row, of `most` at full length, with its number beside it."""
    height = ROW * (len(rows) + 1) + 12
    drawn = [
        f'<text x="0" y="{ROW * n + 44}">{escape(what)}</text>'
        f'<rect x="{LABEL}" y="{ROW * n + 32}" width="{max(BAR * value / most, 1):.0f}"'
        f' height="16" fill="#2563eb"/>'
        f'<text x="{LABEL + BAR * value / most + 8:.0f}" y="{ROW * n + 44}">{value:.1f}</text>'
        for n, (what, value) in enumerate(rows)
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}" font-family="sans-serif" font-size="13" fill="#334155">'
    )
    title_ = f'<text x="0" y="16" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, title_, *drawn, "</svg>", ""])


def here() -> str:
    """The machine and the versions that take part."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    machine = model[1] if model else platform.machine()
    return f"{machine}, {os.cpu_count()} cores; Python {platform.python_version()}, {libraries}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.load_page", description=__doc__
    )
    parser.add_argument("parts", nargs="*", choices=[*load_parts.PARTS, []], help="these alone")
    parser.add_argument(
        "--orders", type=int, default=300, help="of each kind (default %(default)s)"
    )
    asked: Any = parser.parse_args()
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    for part in asked.parts or [name for name in load_parts.PARTS if name not in load_parts.LONG]:
        found = measured(part, "--load", str(asked.orders))
        figures[part] = {**found, "machine": here()}
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for path, text in renewed(PAGE.read_text(encoding="utf-8"), figures).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
