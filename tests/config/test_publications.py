"""What must hold for stock, prices and products in `connections.toml`."""

from typing import Any

import pytest

from sync.config.connections import Prices, Products, Stock
from sync.config.file.price_rules import price_breaches
from sync.config.file.product_rules import product_breaches
from sync.config.file.stock_rules import stock_breaches

PATH = ("connections", "main")


@pytest.mark.parametrize(
    ("stock", "place"),
    [
        ({"sources": {"13": "default"}}, None),
        ({}, "sources"),
        ({"sources": {"13": " "}}, "13"),
        ({"sources": {"13": "east"}, "inventory": "stock-items"}, "13"),
        ({"sources": {"13": "default"}, "inventory": "stock-items"}, None),
        ({"sources": {"13": "default"}, "safety": {"*": -1}}, "*"),
    ],
)
def test_stock_needs_sources_that_the_shop_can_have(
    stock: dict[str, Any], place: str | None
) -> None:
    found = list(stock_breaches(PATH, {"flows": ["stock"], "stock": stock}))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("prices", "stores", "place"),
    [
        ({"currency": "USD"}, {}, None),
        ({}, {}, "currency"),
        ({"currency": "USD", "groups": {"A": ""}}, {}, "A"),
        ({"currency": "USD"}, {"1": {"prices_include_tax": True}}, "tax_included"),
        ({"currency": "USD", "tax_included": True}, {"1": {"prices_include_tax": True}}, None),
        ({"currency": "USD"}, {"1": {"prices_include_tax": False}}, None),
    ],
)
def test_prices_need_a_currency_and_the_shops_way_to_count_tax(
    prices: dict[str, Any], stores: dict[str, Any], place: str | None
) -> None:
    written = {"flows": ["prices"], "prices": prices, "stores": stores}
    found = list(price_breaches(PATH, written))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


@pytest.mark.parametrize(
    ("products", "place"),
    [
        ({"fields": ["name"]}, None),
        ({}, "fields"),
        ({"views": {"de": {"language": "de"}}}, None),
        ({"views": {"all": {"language": "de"}}}, "all"),
        ({"fields": ["tax_class"]}, "tax_classes"),
        ({"fields": ["tax_class"], "tax_classes": {"FULL": "Taxable Goods"}}, None),
        ({"fields": ["name"], "options": "create"}, "options"),
        ({"fields": ["name"], "attributes": {"cost": {"name": "Cost"}}}, "cost"),
        ({"fields": ["name"], "barcode": "ean"}, None),
        ({"fields": ["weight"], "weight_factor": "0"}, "weight_factor"),
    ],
)
def test_products_need_fields_that_f_and_o_owns(
    products: dict[str, Any], place: str | None
) -> None:
    found = list(product_breaches(PATH, {"flows": ["products"], "products": products}))
    assert [one.path[-1] for one in found] == ([place] if place else [])
    assert all(one.what and one.remedy for one in found)


def test_what_does_not_flow_needs_nothing() -> None:
    assert not [*stock_breaches(PATH, {}), *price_breaches(PATH, {"prices": {}})]
    assert not [*product_breaches(PATH, {"products": {}})]
    assert str(Products(most_changed_percent=5).share) == "0.05"
    assert not [*stock_breaches(PATH, {"stock": {"sources": 5}})]
    assert (Stock().safety_of("A"), Stock(safety={"A": 2, "*": 1}).safety_of("A")) == (0, 2)
    assert (str(Stock().share), str(Prices(most_changed_percent=5).share)) == ("0.3", "0.05")
