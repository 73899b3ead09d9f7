"""Figures, reasons and score by tables: what holds of which account, and what adds up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.buying.pattern import pattern_of
from sync.buying.reasons import Look, next_look, reasons_of
from sync.buying.score import score_of
from sync.buying.signals import Bought, Cart, Signals
from sync.config.connections.tasks import THRESHOLDS, TaskRule, Tasks

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ALL = Tasks(rules={name: TaskRule() for name in THRESHOLDS})


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def bought(*days: int, amount: str = "100", currency: str = "USD", **lines: int) -> Any:
    pieces = {name: Decimal(count) for name, count in lines.items()}
    return tuple(
        Bought(f"{day:04}", ago(days=day), currency, Decimal(amount), pieces) for day in days
    )


def look(signals: Signals, settings: Tasks = ALL, now: datetime = NOW) -> Look:
    return Look(signals, pattern_of(signals, now.date(), UTC), settings, now, UTC)


WEEKLY = (35, 28, 21, 14, 7)
OLD = tuple(range(15, 166, 10))
RETURN = ("RMA-1", ago(days=3), True)


@pytest.mark.parametrize(
    ("signals", "held"),
    [
        (Signals(), {}),
        (Signals(bought(*WEEKLY)), {"repeat": "0007"}),
        (Signals(bought(*(day - 3 for day in WEEKLY))), {"repeat": "0004"}),
        (Signals(bought(*(day - 4 for day in WEEKLY))), {}),
        (Signals(bought(*(day + 1 for day in WEEKLY))), {"overdue": "0008"}),
        (Signals(bought(14, 7)), {}),
        (Signals(bought(*range(20, 160, 5))), {"overdue": "0020"}),
        (Signals(bought(50, 60, 70, 80, 90, 100, 110, 120, 130, 140)), {
            "overdue": "0050", "decline": "2026-05",
        }),
        (Signals(carts=(Cart(9, ago(hours=24), Decimal(2)),)), {"cart": "9-20260614120000"}),
        (Signals(carts=(Cart(9, ago(hours=23), Decimal(2)),)), {}),
        (Signals(carts=(Cart(8, ago(hours=30), Decimal(2), "created"),)), {"quote": "8"}),
        (Signals(carts=(Cart(8, ago(hours=30), Decimal(2), "submitted_by_admin"),)), {}),
        (Signals(since=ago(days=7)), {"registration": "20260608"}),
        (Signals(since=ago(days=6)), {}),
        (Signals(since=ago(days=90)), {}),
        (Signals(bought(2), since=ago(days=9)), {}),
        (Signals(requested=True), {"company_request": "requested"}),
        (Signals(refusals=(ago(days=2), ago(days=9))), {"refusal": "20260606"}),
        (Signals(refusals=(ago(days=31),)), {}),
        (Signals(returns=(RETURN,)), {}),
        (Signals(returns=(RETURN, ("RMA-0", ago(days=9), False))), {"return": "RMA-1"}),
        (Signals(returns=(("RMA-1", ago(days=3), False), ("RMA-0", ago(days=9), False))), {}),
        (Signals(looks={"A": 3, "B": 1}), {"interest": "A-202606"}),
        (Signals(bought(1, A=1), looks={"A": 3, "B": 1}), {}),
        (Signals(looks={"A": 2}), {}),
    ],
)  # fmt: skip
def test_a_rule_holds_for_a_reason_and_names_what_began_it(
    signals: Signals, held: Mapping[str, str]
) -> None:
    found = reasons_of(look(signals), "customer")
    assert {rule: one.episode for rule, one in found.items()} == held
    assert all(one.title and one.words and len(one.episode) <= 80 for one in found.values())


def test_a_rule_is_for_its_audience_and_by_its_threshold() -> None:
    rules = {"cart": TaskRule(audience="companies", threshold=2)}
    settings = Tasks(rules=rules)
    one = look(Signals(carts=(Cart(9, ago(hours=3), Decimal(2)),)), settings)
    assert list(reasons_of(one, "company")) == ["cart"]
    assert reasons_of(one, "customer") == {}


def test_the_figures_of_an_account_are_those_of_its_orders() -> None:
    euros = bought(3, amount="7.50", currency="EUR", B=1)
    orders, of = (*bought(*WEEKLY, amount="10.01", A=2), *euros), {"A": ["7", "3"], "B": ["3"]}
    signals = Signals(orders, looks={"C": 2}, categories=of)
    pattern = pattern_of(signals, NOW.date(), UTC)
    assert pattern.amounts == {"EUR": Decimal("7.50"), "USD": Decimal("50.05")}
    assert pattern.basket == {"EUR": Decimal("7.50"), "USD": Decimal("10.01")}
    assert (pattern.orders, pattern.frequency, pattern.recency) == (6, 6, 3)
    assert pattern.bought_most == (("A", "10"), ("B", "1"))
    assert pattern.expected is not None
    assert (pattern.expected.day - NOW.date()).days == 4
    assert dict(pattern.months)["2026-06"] == Decimal("20.02")
    assert pattern.looked_at == (("C", 2),)
    assert pattern.categories == (("3", "11"), ("7", "10"))
    assert pattern.trend is None


@pytest.mark.parametrize(("earlier", "trend"), [("100", 0), ("50", 100), ("200", -50)])
def test_a_trend_compares_ninety_days_with_those_before(earlier: str, trend: int) -> None:
    signals = Signals((*bought(10), *bought(100, amount=earlier)))
    assert pattern_of(signals, NOW.date(), UTC).trend == trend


DRAWN = st.builds(
    Signals,
    st.lists(st.integers(0, 390), max_size=12).map(lambda days: bought(*sorted(days))),
    st.lists(st.integers(0, 200), max_size=3).map(
        lambda hours: tuple(Cart(n, ago(hours=one), Decimal(1)) for n, one in enumerate(hours))
    ),
    st.none() | st.integers(0, 60).map(lambda days: ago(days=days)),
    st.booleans(),
    looks=st.dictionaries(st.sampled_from("ABC"), st.integers(1, 14)),
)  # fmt: skip


@given(DRAWN)
def test_a_score_has_parts_and_never_more_than_all_points(signals: Signals) -> None:
    parts = score_of(signals, pattern_of(signals, NOW.date(), UTC))
    assert all(points > 0 for points in parts.values())
    assert sum(parts.values()) <= 100


@given(DRAWN, st.integers(1, 40))
def test_nothing_begins_to_hold_before_the_next_look(signals: Signals, days: int) -> None:
    """What holds later and not now begins at a moment at which the account is looked at; who looks
    at products is heard of."""
    signals = replace(signals, looks={})
    known = reasons_of(look(signals), "customer")
    due, later = next_look(look(signals)), NOW + timedelta(days=days)
    new = reasons_of(look(signals, now=later), "customer").items() - known.items()
    began = {(rule, one.episode) for rule, one in new}
    began -= {(rule, one.episode) for rule, one in known.items()}
    assert not began or (due is not None and due <= later), (began, due)
