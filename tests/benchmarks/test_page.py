"""The page on cost says what is counted: docs/cost.md is renewed by `python -m
tests.benchmarks.page`."""

import re
from typing import Final

import pytest

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


def _number(text: str) -> int:
    return int(text.replace(",", ""))
