"""What `check` says of stock before anything is published."""

from typing import Any

import pytest

from sync.checks.entities import fields_exist
from sync.checks.finding import Level
from sync.checks.stock import (
    bulks_can_be_followed,
    sources_are_there,
    variants_convert_alike,
    warehouses_are_there,
)
from tests.checks.conftest import Sandboxes, levels, only_fault


def with_stock(**stock: Any) -> dict[str, Any]:
    return {"stock": {"sources": {"13": "default"}, **stock}, "flows": ["orders", "stock"]}


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    settings = with_stock(statuses=["Available"], multiples=True)
    for check in (sources_are_there, warehouses_are_there, fields_exist):
        assert levels(await sandboxes.found(check, **settings)) == {"ok"}, check


async def test_where_stock_does_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in (sources_are_there, warehouses_are_there):
        assert await sandboxes.found(check) == []


@pytest.mark.parametrize(
    ("stock", "said"),
    [({"sources": {"13": "nope"}}, "no source nope"), ({"sources": {"13": "far"}}, "disabled"),
     ({"inventory": "stock-items"}, "has sources (default, far)")],
)  # fmt: skip
async def test_sources_are_compared_with_the_shop(
    sandboxes: Sandboxes, stock: dict[str, Any], said: str
) -> None:
    sandboxes.commerce.stock.sources["far"] = False
    finding = only_fault(await sandboxes.found(sources_are_there, **with_stock(**stock)))
    assert said in finding.what
    assert finding.cure


@pytest.mark.parametrize(("bulk_from", "level"), [(0, set()), (500, {"ok"})])
async def test_bulks_can_be_followed_where_there_are_any(
    sandboxes: Sandboxes, bulk_from: int, level: set[str]
) -> None:
    found = await sandboxes.found(bulks_can_be_followed, commerce={"bulk_from": bulk_from})
    assert levels(found) == level


async def test_a_shop_without_inventory_management_needs_stock_items(sandboxes: Sandboxes) -> None:
    sandboxes.commerce.stock.is_single = True
    finding = only_fault(await sandboxes.found(sources_are_there, **with_stock()))
    assert 'inventory = "stock-items"' in finding.cure
    settings = with_stock(inventory="stock-items")
    assert await sandboxes.found(sources_are_there, **settings) == []


async def test_warehouses_are_compared_with_f_and_o_and_with_the_stores(
    sandboxes: Sandboxes,
) -> None:
    found = await sandboxes.found(
        warehouses_are_there, **with_stock(sources={"24": "default", "99": "default"})
    )
    assert [one.level for one in found] == [Level.OK, Level.FAULT, Level.WARN]
    assert "warehouse 13" in found[-1].what


@pytest.mark.parametrize(("flag", "level"), [("No", "ok"), ("Yes", "warn")])
async def test_conversions_of_single_variants_are_told(
    sandboxes: Sandboxes, flag: str, level: str
) -> None:
    sandboxes.dynamics.put(
        "ProductsV2", ProductNumber="SHIRT", IsProductVariantUnitConversionEnabled=flag
    )
    (found,) = await sandboxes.found(variants_convert_alike, **with_stock())
    assert (str(found.level), found.example) == (level, "SHIRT" if level == "warn" else "")
    assert await sandboxes.found(variants_convert_alike) == []
