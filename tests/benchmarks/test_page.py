"""The page on cost says what is counted: docs/cost.md is renewed by `python -m
tests.benchmarks.page`."""

import re
from typing import Any, Final

import pytest

from tests.benchmarks import catalogue_page
from tests.benchmarks.operations import AGAIN, AT_ONCE, IDLE, INVOICES, ORDERS
from tests.benchmarks.page import ORDERS as PAGES
from tests.benchmarks.page import PAGE, Kinds, counts, example, kinds, prices, shown, sizes
from tests.benchmarks.prices import RULES, calls, listeners
from tests.infra.bicep import bicep

TEXT: Final = PAGE.read_text(encoding="utf-8")
NOTIFICATION: Final = "if this is meant: python -m tests.benchmarks.page"


@pytest.fixture(scope="module")
def found() -> Kinds:
    return kinds()


def test_counts_prices_and_the_example_are_those_of_the_product(found: Kinds) -> None:
    for name, made in (
        ("counts", counts(found)),
        ("prices", prices(found)),
        ("example", example(found)),
    ):
        assert shown(TEXT, name).strip() == made, f"{name}; {NOTIFICATION}"


def test_an_orders_operations_are_counted_in_every_system(found: Kinds) -> None:
    by_title = {cost.title: cost for cost in found["theirs"]}
    assert (
        by_title[ORDERS].each("bus send calls"),
        by_title[AT_ONCE].counts["bus send calls"],
    ) == (1, 1)
    for title in (ORDERS, AT_ONCE, AGAIN, INVOICES):
        messages = [
            by_title[title].each(f"bus {name}")
            for name in ("messages sent", "receives", "completes")
        ]
        assert messages == [1, 1, 1], title
    assert (by_title[ORDERS].each("dynamics writes"), by_title[AGAIN].each("dynamics writes")) == (
        2,
        0,
    )
    assert (
        by_title[IDLE].counts["functions timers"],
        by_title[IDLE].counts["bus messages sent"],
    ) == (
        60,
        5 * 12 + 11,
    )
    assert by_title[ORDERS].each("stored bytes") > by_title[AGAIN].each("stored bytes") > 0
    assert by_title[ORDERS].each("log lines") == 1
    assert by_title[ORDERS].lines()[:2] == [
        f"{ORDERS}, each of {PAGES}",
        "  bus completes                  1.00",
    ]


def test_sizes_are_about_those_of_the_product(found: Kinds) -> None:
    said, now = (
        dict(re.findall(r"^\| (.+) \| ([\d,]+) \|$", text, re.MULTILINE))
        for text in (shown(TEXT, "sizes"), sizes(found))
    )
    assert {title: _number(size) for title, size in said.items()} == {
        title: pytest.approx(_number(size), rel=0.1) for title, size in now.items()
    }, NOTIFICATION


def test_what_waits_and_what_watches_is_what_there_is() -> None:
    assert f"*listeners* = {listeners()} " in TEXT
    assert f"`maxConcurrentCalls` ({calls()})" in TEXT
    assert f"{60 * calls()} operations an hour" in TEXT
    assert len(bicep("alerts").tree["variables"]["rules"]["value"]) == RULES


def test_the_page_on_the_catalogue_is_made_from_what_the_benchmarks_print() -> None:
    """Its figures are measured by people; its tables have the rows and columns that are printed."""
    titles = ("first load", "nothing changed", "one in 50 changed", "one SKU notified")
    numbers = dict.fromkeys(catalogue_page.COLUMNS.values(), 1_000)
    runs = [{"title": title, **numbers} for title in titles]
    facts: dict[str, Any] = {
        "stock": runs, "prices": runs, "loads": [0.5, 1.25], "cores": 2,
        "beside": {"alone_ms": 1, "beside_ms": 2, "slowed_percent": 100.0},
        "notified": {"median_ms": 3},
        "products": dict.fromkeys(
            ("created", "images", "again", "kills", "hours", "own_seconds", "requests_each",
             "table_operations", "peak_mb", "estimate_off"), 1,
        ),
    }  # fmt: skip
    text = catalogue_page.PAGE.read_text(encoding="utf-8")
    for part in catalogue_page.TABLES:
        table = catalogue_page.made(part, facts)
        assert table.endswith("2 shared cores; the machine's load before and after: 0.5 and 1.2.")
        assert _rows(shown(text, part)) == _rows(table)
        assert catalogue_page.renewed(text, part, facts).count(table) == 1


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _rows(text: str) -> list[str]:
    """What each row is called; a figure in words varies."""
    return [row.strip() for row in re.findall(r"^\| (.*?)[|,:]", text, re.MULTILINE)]
