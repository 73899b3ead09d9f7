"""The limit that makes a shop show what F&O leaves, whatever its own books say."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config.connections import Credit
from sync.core.rates import Rates
from sync.dynamics.documents.credit_account import AccountCredit, Check, OpenItem
from sync.mapping.company_credit import Pending, Shown, Wanted, owed_for, wanted_of
from sync.mapping.credit import Rules, Standing, standing_of
from tests.mapping.test_credit import TODAY

D = Decimal
RATES = Rates("EUR", {"USD": D("1.1"), "SEK": D(11)})
SHOWN = Shown("EUR", D(0), D(0), may_exceed=False)


def standing(limit: int | Decimal, used: int | Decimal = 0, hold: str = "No") -> Standing:
    facts = AccountCredit("A", "EUR", D(limit), items=(OpenItem(D(used)),), hold=hold)
    settings = Credit.model_validate({"currency": "EUR"})
    return standing_of(facts, Rules(settings, Check.ALL, RATES, TODAY))


def wanted(found: Standing, shown: Shown = SHOWN, pending: int = 0, tolerance: int = 0) -> Wanted:
    return wanted_of(found, shown, Pending(D(pending)), RATES, D(tolerance))


@pytest.mark.parametrize(
    ("found", "shown", "pending", "limit"),
    [
        (standing(1000), SHOWN, 0, 1000),
        (standing(1000, 400), replace(SHOWN, debt=D(150)), 0, 750),
        (standing(1000, 400), replace(SHOWN, debt=D(150)), 100, 650),
        (standing(1000, 1300), replace(SHOWN, debt=D(150)), 0, 0),
        (standing(1000, 1100), replace(SHOWN, debt=D(150)), 0, 50),
        (standing(1000, hold="All"), replace(SHOWN, debt=D(150)), 0, 150),
        (standing(1000), replace(SHOWN, debt=D(-30)), 0, 970),
        (standing(1000), replace(SHOWN, currency="USD"), 0, 1100),
    ],
)
def test_the_limit_leaves_what_f_and_o_leaves(
    found: Standing, shown: Shown, pending: int, limit: int
) -> None:
    got = wanted(found, shown, pending)
    assert (int(got.limit), got.may_exceed) == (limit, False)


GROUP = replace(standing(800), group="G1", group_left=D(1000))


@pytest.mark.parametrize(
    ("found", "pending", "limit"),
    [
        (GROUP, Pending(D(0), D(0)), 800),
        (GROUP, Pending(D(0), D(500)), 500),
        (GROUP, Pending(D(400), D(500)), 400),
        (replace(GROUP, own_left=None), Pending(D(0), D(300)), 700),
        (replace(GROUP, group_left=None), Pending(D(300), D(900)), 500),
    ],
    ids=["own is less", "others' orders", "both", "no own limit", "group without limit"],
)
def test_orders_on_their_way_count_against_both_limits(
    found: Standing, pending: Pending, limit: int
) -> None:
    got = wanted_of(found, SHOWN, pending, RATES, D(0))
    assert (int(got.limit), got.may_exceed) == (limit, False)
    assert got.available == limit


def test_an_account_without_limit_may_exceed_what_is_shown() -> None:
    free = replace(standing(0), own_left=None)
    shown = replace(SHOWN, limit=D(70))
    assert wanted(free, shown) == Wanted(D(70), may_exceed=True, available=None)


@pytest.mark.parametrize(
    ("limit", "kept"), [(D(999), True), (D(1001), True), (D("998.99"), False), (None, False)]
)
def test_a_limit_within_the_tolerance_stays(limit: Decimal | None, kept: bool) -> None:
    got = wanted(standing(1000), replace(SHOWN, limit=limit), tolerance=1)
    assert got.limit == (limit if kept else 1000)


ORDER = {
    "order_currency_code": "USD", "base_currency_code": "EUR", "grand_total": D("110.0000"),
    "base_grand_total": D(100), "total_canceled": D(11), "base_total_canceled": D(10),
    "total_refunded": None, "base_total_refunded": D(5),
}  # fmt: skip


@pytest.mark.parametrize(("currency", "owed"), [("USD", 99), ("EUR", 85), ("SEK", 935)])
def test_what_is_owed_for_an_order(currency: str, owed: int) -> None:
    assert owed_for(ORDER, currency, RATES) == owed


money = st.decimals(0, 10_000, places=2)


@given(st.tuples(*[money] * 5), st.none() | money)
def test_the_shop_never_shows_more_than_f_and_o_leaves(
    amounts: tuple[Decimal, ...], before: Decimal | None
) -> None:
    limit, used, debt, pending, off = amounts
    found, shown = standing(limit, used), Shown("EUR", before, debt, may_exceed=False)
    got = wanted_of(found, shown, Pending(pending), RATES, off)
    assert got.limit - debt <= max(limit - used - pending, -debt) + off
    assert got.limit >= 0
