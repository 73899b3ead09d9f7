"""Why a price counts, told for each candidate."""

from decimal import Decimal
from typing import Any

import pytest

from sync.mapping.price_reasons import candidates
from sync.mapping.price_search import Audience
from sync.mapping.priced import Priced
from tests.mapping.test_prices import COMPANY, DAY, RETAIL, RULES, line, off, priced, stops


def told(given: Priced, audience: Audience, pieces: int = 5) -> dict[int | None, tuple[bool, str]]:
    found = candidates(given, RULES, audience, Decimal(pieces))
    return {one.record: (one.counts, one.why) for one in found}


def test_the_lowest_counts_and_each_other_one_says_why_not() -> None:
    lines = [
        line(7, "RETAIL", record=1), line(8, record=2), line(6, "GOLD", record=3),
        line(5, currency="EUR", record=4), line(5, unit="box", record=5),
        line(5, from_quantity=6, record=6), line(5, ends=DAY.replace(day=1), record=7),
        line(5, dimensions=(("ProductColorId", "blue"),), record=8),
    ]  # fmt: skip
    assert told(priced(lines), RETAIL) == {
        1: (True, "the lowest that is found"), 2: (False, "7 counts"),
        3: (False, "it is of group gold"), 4: (False, "it is in EUR, not in USD"),
        5: (False, "it is of box, not of ea"), 6: (False, "it is from 6 on"),
        7: (False, "it is from ever until 2026-11-01"),
        8: (False, "it is only for ProductColorId blue"), None: (False, "an agreement is found"),
    }  # fmt: skip


def test_what_the_search_does_not_come_to_says_where_it_stops() -> None:
    found = told(priced([stops(9, "RETAIL", record=1), line(7, record=2)]), RETAIL)
    assert found[1] == (True, "the lowest that is found")
    assert found[2] == (
        False, "the search stops before it, at record 1, which has no Find next",
    )  # fmt: skip


def test_without_an_agreement_the_items_own_price_counts() -> None:
    assert told(priced([line(7, "RETAIL", record=1)]), Audience())[None] == (
        True, "no agreement is found",
    )  # fmt: skip


def test_what_nobody_can_tell_is_said() -> None:
    found = told(priced([stops(8, record=1), stops(9, record=2)]), Audience())
    assert "prices.unclear" in found[1][1]
    assert not any(counts for counts, _ in (found[1], found[2]))


@pytest.mark.parametrize(
    ("discount", "counts", "why"),
    [
        ({}, True, "it is taken off"),
        ({"whose": "OTHER"}, False, "it is of group other"),
        ({"from_quantity": 6}, False, "it is from 6 on"),
    ],
)
def test_discounts_are_told_too(discount: dict[str, Any], counts: bool, why: str) -> None:
    given = Priced("A-1", Decimal(10), Decimal(1), priced([]).wanted, [], [off(5, **discount)])
    (own, found) = candidates(given, RULES, COMPANY, Decimal(5))
    assert (own.counts, found.counts, found.why, found.value) == (True, counts, why, "5 %")
