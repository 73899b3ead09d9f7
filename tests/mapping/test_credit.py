"""What credit is left, one row per rule: whose limit, what counts against it, what blocks."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config.connections import Credit
from sync.core.errors import Never
from sync.core.rates import Rates
from sync.dynamics.documents.credit_account import (
    AccountCredit,
    Check,
    Exposure,
    GroupCredit,
    Hold,
    OpenItem,
    OrderLine,
    TemporaryLimit,
)
from sync.mapping.credit import Rules, Standing, standing_of

TODAY = date(2026, 3, 10)
D = Decimal


def rules(check: Check = Check.ALL, **settings: Any) -> Rules:
    written = Credit.model_validate({"currency": "EUR", **settings})
    return Rules(written, check, Rates("EUR", {"USD": D("1.1")}), TODAY)


def facts(limit: int | str = 1000, **fields: Any) -> AccountCredit:
    return AccountCredit("US-001", "EUR", D(limit), **fields)


def stands(account: AccountCredit, check: Check = Check.ALL, **settings: Any) -> Standing:
    return standing_of(account, rules(check, **settings))


def limit(amount: int, begins: int = 1, ends: int = 31) -> TemporaryLimit:
    return TemporaryLimit(D(amount), date(2026, 3, begins), date(2026, 3, ends))


OWES = (OpenItem(D(300)), OpenItem(D(-50)))
LINES = (OrderLine("EUR", D(500), D(10), undelivered=D(6), unposted=D(3)),)


@pytest.mark.parametrize(
    ("account", "settings", "expected"),
    [
        # zero, by whether Credit management is on
        (facts(0), {}, (D(0), "customer")),
        (facts(0), {"credit_management": False},
         (None, "unlimited: zero without credit management")),
        (facts(0, is_mandatory=True), {"credit_management": False}, (D(0), "customer")),
        (facts(0, is_unlimited=True), {}, (None, "unlimited")),
        (facts(0, is_unlimited=True, is_mandatory=True), {"credit_management": False},
         (D(0), "customer")),
        # exclusion
        (facts(is_excluded=True), {}, (D(1000), "customer")),
        (facts(is_excluded=True), {"excluded": "unlimited"},
         (None, "unlimited: excluded from credit management")),
        # temporary limits: both ends count, several overlap
        (facts(temporary=(limit(1500),)), {}, (D(1500), "temporary")),
        (facts(temporary=(limit(1500, 10, 10),)), {}, (D(1500), "temporary")),
        (facts(temporary=(limit(1500, 11),)), {}, (D(1000), "customer")),
        (facts(temporary=(limit(1500, 1, 9),)), {}, (D(1000), "customer")),
        (facts(temporary=(TemporaryLimit(D(5)),)), {}, (D(5), "temporary")),
        (facts(temporary=(limit(1500), limit(700))), {}, (D(700), "temporary")),
        (facts(temporary=(limit(1500), limit(700))), {"overlapping": "highest"},
         (D(1500), "temporary")),
        (facts(is_unlimited=True, temporary=(limit(700),)), {}, (D(700), "temporary")),
        # expiry
        (facts(expires=TODAY), {}, (D(1000), "customer")),
        (facts(expires=date(2026, 3, 9)), {}, (D(0), "expired")),
        (facts(expires=date(2026, 3, 9)), {"expired": "keep"}, (D(1000), "customer")),
        (facts(expires=date(2026, 3, 9)), {"credit_management": False}, (D(1000), "customer")),
        (facts(expires=date(2026, 3, 9), temporary=(limit(700),)), {}, (D(700), "temporary")),
    ],
)  # fmt: skip
def test_whose_limit_counts(
    account: AccountCredit, settings: dict[str, Any], expected: tuple[Decimal | None, str]
) -> None:
    found = stands(account, **settings)
    assert (found.limit, found.limit_by) == expected
    assert found.available == found.limit


@pytest.mark.parametrize(
    ("check", "available"),
    [
        (Check.BALANCE, D(750)),
        (Check.DELIVERED, D(600)),
        (Check.ALL, D(300)),
        (Check.NONE, None),
    ],
)
def test_what_counts_against_a_limit(check: Check, available: Decimal | None) -> None:
    assert stands(facts(items=OWES, lines=LINES), check).available == available


@pytest.mark.parametrize(
    ("ordered", "undelivered", "unposted", "expected"),
    [
        (10, 10, 0, (0, 10)),
        (10, 4, 6, (6, 4)),
        (10, 4, 2, (2, 4)),
        (10, 0, 10, (10, 0)),
        (10, 0, 12, (12, 0)),
        (10, 10, 10, (0, 10)),
        (10, 4, 10, (6, 4)),
        (0, 0, 0, (0, 0)),
        (-5, -5, 0, (0, 0)),
    ],
    ids=[
        "untouched", "partly delivered", "partly invoiced", "delivered", "over-delivered",
        "untouched, counted twice", "partly delivered, counted twice", "nothing", "a return",
    ],
)  # fmt: skip
def test_an_order_line_counts_each_piece_once(
    ordered: int, undelivered: int, unposted: int, expected: tuple[int, int]
) -> None:
    line = OrderLine("EUR", D(ordered), D(ordered), D(undelivered), D(unposted))
    assert (int(line.delivered), int(line.open)) == expected


@pytest.mark.parametrize(
    ("group", "settings", "expected"),
    [
        ({"limit": 5000}, {}, (D(1000), "customer")),
        ({"limit": 900}, {}, (D(900), "group G1")),
        ({"limit": 5000, "used": 4500}, {}, (D(500), "group G1")),
        ({"limit": 5000, "used": 5500}, {}, (D(-500), "group G1")),
        ({"limit": 0}, {}, (D(0), "group G1")),
        ({"limit": 0}, {"credit_management": False}, (D(1000), "customer")),
        ({"limit": 900, "expires": date(2026, 3, 9)}, {}, (D(0), "group G1, expired")),
        ({"limit": 900, "temporary": (limit(400),)}, {}, (D(400), "group G1")),
        ({"limit": 990, "currency": "USD"}, {}, (D(900), "group G1")),
    ],
)  # fmt: skip
def test_a_group_caps_what_its_members_have_together(
    group: dict[str, Any], settings: dict[str, Any], expected: tuple[Decimal, str]
) -> None:
    used = Exposure(D(group.pop("used", 0)))
    amount, currency = D(group.pop("limit")), group.pop("currency", "EUR")
    found = stands(facts(group=GroupCredit("G1", amount, currency, used, **group)), **settings)
    assert (found.available, found.limit_by) == expected


def test_a_group_caps_an_account_without_limit() -> None:
    group = GroupCredit("G1", D(800), "EUR", Exposure(D(300)))
    assert stands(facts(is_unlimited=True, group=group)).available == 500


LATE = OpenItem(D(100), date(2026, 3, 5))


@pytest.mark.parametrize(
    ("account", "settings", "blocked"),
    [
        (facts(hold="All"), {}, "the account is on hold (All)"),
        (facts(hold="Invoice"), {}, "the account is on hold (Invoice)"),
        *((facts(hold=hold), {}, "") for hold in ("No", "Payment", "Requisition", "PurchOrder")),
        (facts(status_blocks="All"), {}, "its account status blocks (All)"),
        (facts(status_blocks="All"), {"credit_management": False}, ""),
        (facts(hold="Never", status_blocks="All"), {}, ""),
        (facts(items=(LATE,)), {}, ""),
        (facts(items=(LATE,)), {"overdue": "block"}, "100.00 EUR are overdue"),
        (facts(items=(LATE,), hold="Never"), {"overdue": "block"}, ""),
        (facts(items=(LATE,)), {"overdue": "block", "overdue_days": 4}, "100.00 EUR are overdue"),
        (facts(items=(LATE,)), {"overdue": "block", "overdue_days": 5}, ""),
        (facts(items=(LATE,)), {"overdue": "block", "overdue_amount": 100}, ""),
        (facts(items=(replace(LATE, amount=D(-100)),)), {"overdue": "block"}, ""),
        (facts(items=(OpenItem(D(100)),)), {"overdue": "block"}, ""),
        (facts(items=(replace(LATE, is_disputed=True),)), {"overdue": "block"},
         "100.00 EUR are overdue"),
        (facts(items=(replace(LATE, is_disputed=True),)),
         {"overdue": "block", "disputed": "excused"}, ""),
        (facts(orders_on_hold=(Hold("S-1", "CreditExceeded"),)), {}, ""),
        (facts(orders_on_hold=(Hold("S-1", "CreditExceeded"),)), {"holds": "block"},
         "sales order S-1 is on credit hold (CreditExceeded)"),
    ],
)  # fmt: skip
def test_what_blocks_an_account(
    account: AccountCredit, settings: dict[str, Any], blocked: str
) -> None:
    found = stands(account, **settings)
    assert found.blocked == blocked
    assert (found.available == 0) == bool(blocked)


def test_amounts_of_other_currencies_are_converted_and_rounded_down() -> None:
    line = OrderLine("USD", D("10.01"), D(3), undelivered=D(1), unposted=D(0))
    account = replace(facts(lines=(line,)), currency="USD")
    found = stands(account, limit_currency="customer", order_tax_percent=20)
    assert found.available == D("905.45")  # 1000/1.1 - 10.01/3/1.1*1.2 = 905.4509...


def test_an_amount_in_a_currency_without_rate_is_for_a_person() -> None:
    with pytest.raises(Never, match="SEK") as caught:
        stands(replace(facts(), currency="SEK"))
    assert "credit.rates" in caught.value.remedy


def test_the_snapshot_counts_where_the_settings_name_it() -> None:
    account = facts(items=OWES, lines=LINES, snapshot=Exposure(D(10), D(20), D(30)))
    assert stands(account, balances="snapshot", orders="snapshot").available == 940
    assert stands(account, balances="snapshot").available == 540
    assert stands(account, orders="snapshot").available == 700


def test_each_figure_is_told() -> None:
    assert stands(facts(hold="All", items=OWES)).why == (
        "limit: 1000.00 EUR (customer)", "check: BalanceAll", "balance: 250.00",
        "delivered: 0.00", "ordered: 0.00", "used: 250.00 EUR",
        "blocked: the account is on hold (All)",
    )  # fmt: skip


amounts = st.decimals(-10_000, 10_000, places=2)


@given(
    own=st.decimals(0, 10_000, places=2),
    items=st.lists(amounts, max_size=5),
    lines=st.lists(st.tuples(*[st.integers(0, 9)] * 3), max_size=4),
    group=st.none() | st.tuples(st.decimals(0, 9999, places=2), amounts),
)
def test_a_wider_check_never_leaves_more(
    own: Decimal, items: list[Decimal], lines: list[tuple[int, int, int]],
    group: tuple[Decimal, Decimal] | None,
) -> None:  # fmt: skip
    shared = None if group is None else GroupCredit("G", group[0], "EUR", Exposure(group[1]))
    account = AccountCredit(
        "A", "EUR", own, items=[OpenItem(one) for one in items], group=shared,
        lines=[OrderLine("EUR", D(10 * a), D(a), D(b), D(c)) for a, b, c in lines],
    )  # fmt: skip
    left = [
        stands(account, check).available for check in (Check.BALANCE, Check.DELIVERED, Check.ALL)
    ]
    assert None not in left
    assert left == sorted(left, key=lambda one: one or D(0), reverse=True)
    assert max(one or D(0) for one in left) <= max(own - sum(items, D(0)), D(-(10**9)))
