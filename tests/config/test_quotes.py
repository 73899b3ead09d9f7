"""What must hold for quotes in `connections.toml`."""

from typing import Any

import pytest

from sync.config.connections.quotes import Quotes
from sync.config.file.quote_rules import quote_breaches

PATH = ("connections", "main")
FLOWS = ["orders", "quotes", "quote_answers"]


def places(written: dict[str, Any]) -> list[str | int]:
    found = list(quote_breaches(PATH, written))
    assert all(one.what and one.remedy for one in found)
    return [one.path[-1] for one in found]


@pytest.mark.parametrize(
    ("quotes", "place"),
    [
        ({}, None),
        ({"answered": []}, "answered"),
        ({"reference_template": "Q{store_id}"}, "reference_template"),
        ({"number_template": "{nobody}"}, "number_template"),
        ({"numbers": "ours", "number_template": "QUOTATION-NUMBER-{quote_id}"}, "number_template"),
        ({"texts": {"answer": "{number} {version}{terms}"}}, None),
        ({"texts": {"lost": "{order}"}}, "lost"),
        ({"texts": {"ordered": "{order} {"}}, "ordered"),
    ],
)
def test_quotes_need_what_they_are_told_by(quotes: dict[str, Any], place: str | None) -> None:
    assert places({"flows": FLOWS, "quotes": quotes}) == ([place] if place else [])


SALES = {"target": "dataverse", "order_field": "SalesOrderName"}


@pytest.mark.parametrize(
    ("quotes", "place"),
    [
        ({}, None),
        ({"order_field": "QuotationNumber"}, "order_field"),
        ({"numbers": "ours"}, "numbers"),
        ({"files": "account"}, "files"),
        ({"sales": {"answered": []}}, "answered"),
    ],
)
def test_quotes_in_sales_have_nothing_of_f_and_o(quotes: dict[str, Any], place: str | None) -> None:
    written = {"flows": FLOWS, "dataverse": {"url": "https://a.example"}}
    assert places({**written, "quotes": {**SALES, **quotes}}) == ([place] if place else [])


def test_quotes_in_sales_need_an_environment() -> None:
    assert places({"flows": FLOWS, "quotes": SALES}) == ["target"]


@pytest.mark.parametrize("flows", [["quotes"], ["orders", "quote_answers"]])
def test_a_flow_needs_those_that_it_follows(flows: list[str]) -> None:
    assert places({"flows": flows}) == ["quotes"]


def test_a_text_is_ours_until_the_shop_has_its_own() -> None:
    assert "{order}" in Quotes().text("ordered")
    assert Quotes(texts={"lost": "Nein."}).text("lost") == "Nein."
