"""Which price F&O's search finds, rule by rule, and how a shop can show it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.core.errors import Never
from sync.dynamics.documents.price_agreement import Agreement, Discount
from sync.mapping.line_discounts import counted_discounts
from sync.mapping.price_search import Audience, Unclear, UnclearPrice, Wanted, found_price
from sync.mapping.priced import Priced, PriceRules
from sync.mapping.prices import prices_to_show

DAY = date(2026, 11, 29)
WANTED = Wanted("USD", "ea", DAY, frozenset({("ProductColorId", "red"), ("PriceSiteId", "1")}))
RETAIL = Audience("Retailer", "RETAIL")
RULES = PriceRules([RETAIL, Audience("Gold", "GOLD")])


def line(price: Any, group: str = "", **more: Any) -> Agreement:
    whole = {"record": 1, "currency": "USD", "unit": "ea", **more}
    for name in ("from_quantity", "to_quantity"):
        whole[name] = Decimal(whole.get(name, 0))
    return Agreement(group=group, price=Decimal(price), **whole)


def stops(price: Any, group: str = "", **more: Any) -> Agreement:
    return line(price, group, finds_next=False, **more)


RED, SITE = (("ProductColorId", "red"),), (("PriceSiteId", "1"),)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], None),
        ([line(9)], 9),
        ([line(9, "OTHER")], None),
        ([line(9, currency="EUR")], None),
        ([line(9, unit="box")], None),
        ([line(9, unit="EA")], 9),
        ([line(9, from_quantity=5)], 9),
        ([line(9, from_quantity=6)], None),
        ([line(9, to_quantity=5)], None),
        ([line(9, to_quantity=6)], 9),
        ([line(9, begins=DAY, ends=DAY)], 9),
        ([line(9, begins=date(2026, 11, 30))], None),
        ([line(9, ends=date(2026, 11, 28))], None),
        ([line(9, dimensions=RED)], 9),
        ([line(9, dimensions=(("ProductColorId", "blue"),))], None),
        ([line(9), line(8)], 8),  # Find next: the lowest wins
        ([line(9, "RETAIL"), line(8)], 8),  # and not the most particular
        ([stops(9, "RETAIL"), line(8)], 9),  # no Find next: the first one found
        ([stops(9, "retail"), line(8)], 9),
        ([line(9, "RETAIL"), stops(8)], 8),
        ([stops(9, dimensions=RED), line(8)], 9),  # more dimensions are visited first
        ([stops(9, dimensions=(*RED, *SITE)), stops(8, dimensions=RED)], 9),
        ([line(9, dimensions=RED), stops(10)], 9),
        ([stops(8), line(9)], 8),  # whichever comes first, 8 wins
        ([stops(8), stops(8)], 8),
    ],
)
def test_the_search_finds_what_f_and_o_finds(lines: list[Agreement], found: Any) -> None:
    for order in (lines, lines[::-1]):
        assert found_price(order, WANTED, RETAIL, Decimal(5)) == found


@pytest.mark.parametrize(
    ("unclear", "found"), [("park", None), ("lowest", 8), ("largest-quantity", 9)]
)
def test_what_depends_on_an_unknown_order_is_a_setting(unclear: Unclear, found: Any) -> None:
    lines = [stops(8, from_quantity=1), stops(9, from_quantity=5)]
    if found is None:
        with pytest.raises(UnclearPrice, match="1, 1"):
            found_price(lines, WANTED, Audience(), Decimal(5), unclear)
    else:
        assert found_price(lines, WANTED, Audience(), Decimal(5), unclear) == found


def priced(lines: list[Agreement], base: Any = 10, units: Any = 1) -> Priced:
    own = None if base is None else Decimal(base)
    return Priced("A-1", own, Decimal(units), WANTED, lines)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (priced([]), {"base": "10.00"}),
        (priced([], base="3.33335", units=6), {"base": "20.00"}),
        (priced([line(9)]), {"base": "9.00"}),
        (priced([line(9)], base=None), {"base": "9.00"}),
        (
            priced([line(9, from_quantity=5), line(8, from_quantity=10)]),
            {"base": "10.00", "ALL GROUPS|5": "9.00", "ALL GROUPS|10": "8.00"},
        ),
        (priced([line(7, "RETAIL")]), {"base": "10.00", "Retailer|1": "7.00"}),
        (
            priced([line(7, "RETAIL"), line(6, "GOLD", from_quantity=3), line(9, from_quantity=5)]),
            {"base": "10.00", "ALL GROUPS|5": "9.00", "Retailer|1": "7.00", "Gold|3": "6.00"},
        ),
        (
            priced([line(9, "RETAIL", from_quantity=24)], units=12),
            {"base": "120.00", "Retailer|2": "108.00"},
        ),
        (priced([line(7, "OTHER", charges=Decimal(2))]), {"base": "10.00"}),
        (replace(priced([line(9)]), charges=Decimal(3)), {"base": "9.00"}),
        (priced([line(7, "RETAIL", ends=date(2026, 11, 1))]), {"base": "10.00"}),
        (priced([line(9, unit="box", from_quantity=6)], units=4), {"base": "40.00"}),
        (priced([line(9, currency="EUR", from_quantity=6)], units=4), {"base": "40.00"}),
        (priced([line(9, ends=date(2026, 11, 1), from_quantity=6)], units=4), {"base": "40.00"}),
        (priced([], base="0.1049"), {"base": "0.10"}),
        (priced([line(7, is_generic=True)]), {"base": "7.00"}),
        (priced([line(7, "OTHER", currency="EUR", is_generic=True)]), {"base": "10.00"}),
    ],
)
def test_prices_are_a_base_price_and_lower_tiers(given: Priced, shown: dict[str, str]) -> None:
    found = prices_to_show(given, RULES)
    assert not isinstance(found, Never)
    assert {scope: str(one["price"]) for scope, one in found.items()} == shown


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (priced([], base=0), "the price 0.00 in USD"),
        (priced([], base=None), "no price in USD"),
        (priced([line(-1)]), "the price -1.00"),
        (priced([stops(12, "RETAIL")]), "price group RETAIL from 1 pieces is 12.00"),
        (priced([line(9, from_quantity=5, to_quantity=10)]), "all customers from 10 pieces"),
        (priced([line(9, "RETAIL", from_quantity=5, to_quantity=10)]), "RETAIL from 10 pieces"),
        (priced([line(9, charges=Decimal(2))]), "to each line for all customers (2.00 by record 1"),
        (replace(priced([]), charges=Decimal(3)), "(3.00 by the released product)"),
        (priced([line(9, from_quantity=6)], units=4), "a quantity break of 1.5 pieces"),
        (priced([stops(8), stops(9)]), "no Find next"),
        (
            priced([line(9), line(7, "RETAIL", currency="EUR", from_quantity=5, is_generic=True)]),
            "its generic currency into USD: records 1",
        ),
        (priced([line(0, "RETAIL")]), "the price 0.00 for price group RETAIL from 1 pieces"),
        (priced([], base="0.0149"), "0.0149 USD a piece, and the shop would charge 0.01"),
        (priced([line("0.0149", from_quantity=1000)]), "the shop would charge 0.01"),
    ],
)
def test_what_a_shop_cannot_show_is_for_a_person(given: Priced, why: str) -> None:
    found = prices_to_show(given, RULES)
    assert isinstance(found, Never)
    assert why in found.reason
    assert found.remedy


def test_where_f_and_o_uses_no_generic_currency_agreements_in_it_count_for_nothing() -> None:
    given = priced([line(9), line(7, currency="EUR", is_generic=True)])
    assert isinstance(prices_to_show(given, RULES), Never)
    found = prices_to_show(given, replace(RULES, converts=False))
    assert not isinstance(found, Never)
    assert str(found["base"]["price"]) == "9.00"


COMPANY = Audience("Company 7", "RETAIL", "US-001", "LD1")


def test_discounts_of_the_generic_currency_park_too() -> None:
    given = replace(priced([]), discounts=[off(5, "LD1", currency="EUR", is_generic=True)])
    assert not isinstance(prices_to_show(given, RULES), Never)
    found = prices_to_show(given, PriceRules([COMPANY]))
    assert isinstance(found, Never)
    assert "generic currency" in found.reason


def off(percent: Any, whose: str = "", **more: Any) -> Discount:
    whole = {"record": 1, "currency": "USD", "unit": "", **more}
    for name in ("from_quantity", "to_quantity", "amount"):
        whole[name] = Decimal(whole.get(name, 0))
    return Discount(group=whose, percent=Decimal(percent), **whole)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([line(9, customer="US-001"), line(8, "RETAIL")], 8),
        ([stops(9, customer="us-001"), line(8, "RETAIL"), line(7)], 9),
        ([line(9, customer="US-001"), stops(8, "RETAIL"), line(7)], 8),
        ([line(9, customer="US-002"), line(8, "GOLD")], None),
    ],
)
def test_a_customers_own_lines_are_visited_first(lines: list[Agreement], found: Any) -> None:
    for order in (lines, lines[::-1]):
        assert found_price(order, WANTED, COMPANY, Decimal(5)) == found


def test_lines_of_a_customer_are_nobody_elses() -> None:
    for audience in (RETAIL, Audience()):
        lines = [line(9, customer="US-001")]
        assert found_price(lines, WANTED, audience, Decimal(5)) is None


@pytest.mark.parametrize(
    ("lines", "percents"),
    [
        ([off(5), off(10, "LD1")], [10, 5]),  # Find next: they add up
        ([off(5), off(10, "LD1", finds_next=False)], [10]),
        ([off(5, "OTHER"), off(6, customer="US-002")], []),
        ([off(5, customer="US-001"), off(6, "LD1"), off(7)], [5, 6, 7]),
        ([off(5, item="A"), off(6, item_group="G"), off(7)], [5, 6, 7]),
        ([off(5, item="A", finds_next=False), off(6, item_group="G"), off(7)], [5]),
        ([off(5, item="A"), off(6, item_group="G", finds_next=False), off(7)], [5, 6]),
        ([off(5, from_quantity=6)], []),
        ([off(5, currency="EUR")], []),
        ([off(5, unit="box")], []),
    ],
)
def test_line_discounts_are_found_as_f_and_o_finds_them(
    lines: list[Discount], percents: list[int]
) -> None:
    found = counted_discounts(lines, WANTED, COMPANY, Decimal(5))
    assert [one.percent for one in found] == percents


@pytest.mark.parametrize(
    ("unclear", "percents"), [("park", None), ("lowest", [5, 6]), ("largest-quantity", [6])]
)
def test_discounts_that_depend_on_an_unknown_order_are_a_setting(
    unclear: Unclear, percents: list[int] | None
) -> None:
    lines = [off(5, finds_next=False), off(6, from_quantity=2)]
    if percents is None:
        with pytest.raises(UnclearPrice):
            counted_discounts(lines, WANTED, COMPANY, Decimal(5), unclear)
    else:
        found = counted_discounts(lines, WANTED, COMPANY, Decimal(5), unclear)
        assert [one.percent for one in found] == percents


def test_two_percentages_that_add_to_others_are_unclear() -> None:
    alone, more = [off(5, is_double=True)], [off(5, is_double=True), off(6, "LD1")]
    assert counted_discounts(alone, WANTED, COMPANY, Decimal(5)) == alone
    assert len(counted_discounts(more, WANTED, COMPANY, Decimal(5), "lowest")) == len(more)
    found = prices_to_show(replace(priced([]), discounts=more), PriceRules([COMPANY]))
    assert isinstance(found, Never)
    assert "a second discount percentage: records 1, 1" in found.reason


def test_a_shown_price_is_less_its_discounts() -> None:
    given = replace(
        priced([line(8, "RETAIL")]),
        discounts=[off(10), off(0, "LD1", amount="0.5"), off(5, "LD1", from_quantity=10)],
    )
    rules = replace(RULES, audiences=[RETAIL, COMPANY])
    assert prices_to_show(given, rules) == {
        "base": {"price": Decimal("9.00")},
        "Retailer|1": {"price": Decimal("7.20")},
        "Company 7|1": {"price": Decimal("6.75")}, "Company 7|10": {"price": Decimal("6.38")},
    }  # fmt: skip


ENDS = DAY + timedelta(days=3)


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([line(8, ends=ENDS)], {"base": "10.00", "special": "8.00"}),
        ([line(9), line(8, ends=ENDS)], {"base": "9.00", "special": "8.00"}),
        ([line(9), line(9, ends=ENDS)], {"base": "9.00"}),
        ([stops(11), stops(12, ends=ENDS, dimensions=RED)], {"base": "12.00"}),
        ([line(8, "RETAIL", ends=ENDS)], {"base": "10.00", "Retailer|1": "8.00"}),
        ([line(8, ends=ENDS, begins=ENDS)], {"base": "10.00"}),
    ],
)
def test_a_lower_price_of_everybody_that_ends_is_a_special_price(
    lines: list[Agreement], shown: dict[str, str]
) -> None:
    found = prices_to_show(priced(lines), replace(RULES, special=True))
    assert not isinstance(found, Never)
    assert {scope: str(one["price"]) for scope, one in found.items()} == shown
    if "special" in shown:
        assert found["special"]["ends"] == "2026-12-02 00:00:00"


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([line(9, from_quantity=5)], {"ALL GROUPS|5": "9.00"}),
        ([line(9, "RETAIL"), line(8, "GOLD")], {"Retailer|1": "9.00", "Gold|1": "8.00"}),
        ([line(7, from_quantity=5), line(9, "RETAIL")],
         {"ALL GROUPS|5": "7.00", "Retailer|1": "9.00"}),
        ([line(9, from_quantity=5), line(7, from_quantity=5, ends=ENDS)], {"ALL GROUPS|5": "7.00"}),
        ([line(12, "RETAIL")], {}),
        # F&O charges 8: the special price stops its search
        ([stops(8, ends=ENDS, dimensions=RED), line(7, from_quantity=5)], {}),
    ],
)  # fmt: skip
def test_tiers_above_a_special_price_stay_since_the_shop_ends_it_by_itself(
    lines: list[Agreement], shown: dict[str, str]
) -> None:
    found = prices_to_show(priced([line(8, ends=ENDS), *lines]), replace(RULES, special=True))
    assert not isinstance(found, Never)
    prices = {scope: str(one["price"]) for scope, one in found.items()}
    assert prices == {"base": "10.00", "special": "8.00", **shown}


def test_an_only_price_that_ends_is_the_base_price() -> None:
    given = priced([line(8, ends=ENDS)], base=None)
    found = prices_to_show(given, replace(RULES, special=True))
    assert found == {"base": {"price": Decimal("8.00")}}
