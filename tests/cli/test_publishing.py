"""The commands around stock, against both systems behind real sockets. The tests share the shop."""

import asyncio
from typing import Any

import httpx
import pytest

from sync.cli import map_attributes, map_categories, map_groups
from sync.cli.map_sources import matched
from sync.config.connections.products import ProductAttribute
from tests.cli.running import Line, Systems

SKU = "SIMPLE-001"
FIELDS = {
    "sku", "scope", "field", "commerce", "dynamics", "mirror", "owner", "changed_in", "since",
    "action",
}  # fmt: skip
STOCK = """
[connections.shop.stock]
sources = { 13 = "default" }
"""


@pytest.fixture
def shop(line: Line, systems: Systems) -> Line:
    line.configured(systems)
    path = line.folder / "connections.toml"
    text = path.read_text().replace(
        "[connections.shop]", '[connections.shop]\nflows = ["orders", "stock"]'
    )
    path.write_text(text + STOCK)
    return line


def receives(systems: Systems, pieces: int) -> None:
    """F&O takes goods in."""
    body = {"items": {SKU: pieces}, "company": "usmf"}
    assert httpx.post(f"{systems.dynamics}/sandbox/receipts", json=body).status_code == 200


def published(shop: Line, *arguments: str) -> list[dict[str, Any]]:
    """Ask for it, do it, and look at what the shop shows of the SKU."""
    assert shop(*arguments, "--wait", "0").status == 0
    shop.deliver_everything()
    return [one for one in shop("drift", "stock", "--json").documents if one["sku"] == SKU]


def test_stock_is_previewed_published_and_compared(shop: Line, systems: Systems) -> None:
    receives(systems, 5)
    ran = shop("preview", "stock", "--sku", SKU, "--json")
    (row,) = ran.documents
    (request,) = row["requests"]
    wanted = row["content"]["default"]["quantity"]
    assert (ran.status, request["path"]) == (0, "/V1/inventory/source-items")
    assert request["body"]["sourceItems"][0]["sku"] == SKU
    changed = shop("preview", "stock", "--changed", "--json").documents
    assert SKU in {one["key"] for one in changed}
    before = shop("drift", "stock", "--sku", SKU, "--json")
    assert before.status == 1
    assert {*before.documents[0]} == FIELDS
    assert before.documents[0]["mirror"] == "none"
    assert published(shop, "publish", "stock") == []
    assert shop("drift").status == 0
    assert "Differences: 0." in shop("drift", "stock").out
    assert shop("preview", "stock", "--sku", SKU, "--json").documents[0]["requests"] == []
    receives(systems, 1)
    assert published(shop, "touch", SKU) == []
    told = [one for one in shop("trail", SKU, "--json").documents if "published" in one]
    (quantities,) = (
        [row["content"]["default"]["quantity"] for row in one["published"]] for one in told
    )
    assert quantities == [wanted, wanted + 1]
    assert told[0]["published"][0]["origin"] == f"item {SKU}"
    assert f"item {SKU}" in shop("trail", SKU).out
    (row,) = shop("preview", "stock", "--sku", SKU, "--json").documents
    assert row["content"]["default"]["quantity"] == wanted + 1


def test_what_something_else_wrote_is_drift_and_is_repaired(shop: Line, systems: Systems) -> None:
    assert published(shop, "publish", "stock") == []
    asyncio.run(_spoils(systems))
    ran = shop("drift", "stock", "--json")
    assert (ran.status, ran.documents[0]["mirror"]) == (1, "confirmed")
    assert ran.documents[0]["commerce"] == 12345
    assert published(shop, "publish", "stock") != []
    assert shop("drift", "stock", "--repair", "--yes", "--wait", "0").status == 1
    shop.deliver_everything()
    assert shop("drift", "stock").status == 0
    asyncio.run(_spoils(systems))
    assert published(shop, "publish", "stock", "--all") == []


async def _spoils(systems: Systems) -> None:
    async with httpx.AsyncClient() as http:
        body = {"sku": SKU, "quantity": 12345}
        answer = await http.post(f"{systems.commerce}/sandbox/stock", json=body)
        assert answer.status_code == 200


def test_the_whole_catalogue_is_previewed_with_the_reasons(shop: Line, systems: Systems) -> None:
    path = shop.folder / "connections.toml"
    text = path.read_text().replace('"stock"]', '"stock", "products"]')
    owned = 'which = "released"\nfields = ["name"]'
    path.write_text(f"{text}\n[connections.shop.products]\n{owned}\n")
    receives(systems, 1)
    found = shop("preview", "catalogue", "--sku", SKU, "--json").documents
    assert [one["flow"] for one in found] == ["stock", "products"]
    changed = shop("preview", "catalogue", "--changed", "--json").documents
    assert {"stock", "products"} == {one["flow"] for one in changed}
    assert {"Commerce was never shown it"} >= {
        one["why"] for one in changed if one["flow"] == "products"
    }
    assert "name either" in shop("preview", "catalogue").err


def test_what_cannot_be_done_is_said(shop: Line, systems: Systems) -> None:
    assert "publishes no rows" in shop("publish", "orders").err
    assert "name one of" in shop("publish", "stock", "--all", "--changed").err
    assert "name either" in shop("preview", "stock").err
    ran = shop("approve", "stock")
    assert (ran.status, "Nothing was approved" in ran.err) == (0, True)
    assert shop("approve", "stock", "--yes", "--wait", "0").status == 0
    path = shop.folder / "connections.toml"
    path.write_text(path.read_text().replace(', "stock"]', "]"))
    assert "no flow publishes products" in shop("touch", SKU).err
    assert "stock is not on" in shop("publish", "stock").err
    assert "stock is not on" in shop("preview", "stock", "--changed").err
    assert systems.orders


def test_prices_are_previewed_and_what_has_none_is_named(shop: Line) -> None:
    path = shop.folder / "connections.toml"
    text = path.read_text().replace('"stock"]', '"stock", "prices"]')
    text = text.replace("prices_include_tax = true", "")
    path.write_text(f'{text}\n[connections.shop.prices]\ncurrency = "USD"\n')
    ran = shop("preview", "prices", "--sku", SKU, "--sku", "NO-SUCH", "--json")
    assert ran.status == 1
    assert "no price in USD" in ran.documents[0]["parked"]["reason"]
    assert ran.documents[1]["content"] is None
    assert "would be parked" in shop("preview", "prices", "--sku", SKU).out


def test_products_are_previewed_published_and_compared(shop: Line) -> None:
    path = shop.folder / "connections.toml"
    text = path.read_text().replace('"stock"]', '"stock", "products"]')
    owned = 'which = "released"\nfields = ["name"]\nviews = { de = { language = "de" } }'
    path.write_text(f"{text}\n[connections.shop.products]\n{owned}\n")
    (row,) = shop("preview", "products", "--sku", SKU, "--json").documents
    assert [one["path"] for one in row["requests"]] == [
        f"/{scope}/V1/products/{SKU}" for scope in ("all", "de")
    ]
    assert f"{SKU} is of item {SKU}: " in shop("preview", "products", "--sku", SKU).out
    assert row["origin"] == f"item {SKU}"
    assert shop("publish", "products", "--sku", SKU, "--wait", "0").status == 0
    shop.deliver_everything()
    assert shop("drift", "products", "--sku", SKU, "--json").documents == []
    assert shop("drift", "products", "--sku", "SIMPLE-002", "--json").status == 1


def test_attributes_are_shown_side_by_side() -> None:
    shop = {"mat": ("Material", "select"), "length_cm": ("", "text"), "x": ("Colour", "text")}
    theirs = [("Material", "Text"), ("Length cm", "Decimal"), ("Color", "Text"), ("Q", "Text")]
    pairs = [*map_attributes.matched(theirs, shop, {"x": ProductAttribute(name="color")})]
    assert [(one.code, one.input, one.why) for one in pairs] == [
        ("mat", "select", "label"), ("length_cm", "text", "code"), ("x", "text", "settings"),
        ("", "", ""),
    ]  # fmt: skip


def test_the_line_of_attributes_is_printed(shop: Line) -> None:
    assert "[products] attributes = {" in shop("map", "attributes").out
    assert shop("map", "attributes", "--json").documents == []


def test_categories_are_shown_side_by_side(shop: Line) -> None:
    theirs = {"71": "lamps", "72": "Sale", "73": "Twice", "74": "None"}
    there = [(3, "Lamps", "1/2/3"), (4, "X", "1/2/4"), (5, "Twice", "1/5"), (6, "Twice", "1/6")]
    pairs = [*map_categories.matched(theirs, there, {"72": 4})]
    assert [(one.category, one.why) for one in pairs] == [
        (3, "name"), (4, "settings"), (None, ""), (None, ""),
    ]  # fmt: skip
    assert "no category hierarchy" in shop("map", "categories").err
    assert "categories = {" in shop("map", "categories", "--hierarchy", "Web").out
    assert shop("map", "categories", "--hierarchy", "Web", "--json").documents == []


def test_units_and_price_groups_are_shown_side_by_side(shop: Line) -> None:
    (found,) = shop("map", "units", "--json").documents
    assert (found["inventory_unit"], found["unit"], found["pieces"]) == ("ea", "ea", "1")
    assert "for example" in shop("map", "units").out
    assert shop("map", "groups", "--json").documents == []
    assert "[prices] groups = {" in shop("map", "groups").out
    theirs = [("RETAIL", ""), ("GOLD", "retailer"), ("WS", ""), ("X", "")]
    pairs = map_groups.matched(theirs, ["Retailer", "ws", "General"], {"retail": "General"})
    assert [(one.customer_group, one.why) for one in pairs] == [
        ("General", "settings"), ("Retailer", "name"), ("ws", "code"), ("", ""),
    ]  # fmt: skip


def test_warehouses_and_sources_are_shown_side_by_side(shop: Line) -> None:
    ran = shop("map", "sources", "--json")
    assert [one["source"] for one in ran.documents] == ["default", ""]
    assert '[stock] sources = { 13 = "default" }' in shop("map", "sources").out


@pytest.mark.parametrize(
    ("known", "why"), [({"13": "a"}, "settings"), ({"99": "a"}, "code"), ({}, "code")]
)
def test_a_source_is_suggested_by_settings_code_or_name(known: dict[str, str], why: str) -> None:
    pairs = [*matched([("13", "Main"), ("24", "East")], {"13": "x", "far": "EAST"}, known)]
    assert [(one.warehouse, one.why) for one in pairs] == [("13", why), ("24", "name")]


def test_credit_is_previewed_with_its_reasons_and_published(shop: Line) -> None:
    path = shop.folder / "connections.toml"
    text = path.read_text().replace('"stock"]', '"stock", "credit"]')
    path.write_text(f'{text}\n[connections.shop.credit]\ncurrency = "USD"\n')
    assert shop("map", "customers", "set", "2", "US-001", "--kind", "company").status == 0
    (found,) = shop("preview", "credit", "--account", "us-001", "--json").documents
    assert (found["account"], found["available"], found["limit_by"]) == (
        "US-001",
        "0.00",
        "customer",
    )
    assert set(found["used_by_kind"]) == {"balance", "delivered", "ordered"}
    (company,) = found["companies"]
    assert (company["company"], company["wanted"]["limit"]) == (2, "0.00")
    said = shop("preview", "credit", "--account", "US-001", "--decisions").out
    assert "Account US-001: 0.00 USD left." in said
    assert "limit: 0.00 USD (customer)" in said
    assert shop("publish", "credit", "--wait", "0").status == 0
    shop.deliver_everything()
    assert shop("drift", "credit", "--json").documents == []
    assert "no account NOBODY" in shop("preview", "credit", "--account", "NOBODY").err
