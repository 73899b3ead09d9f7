"""What `check` says of products before anything is published."""

from typing import Any

import pytest

from sync.checks.entities import fields_exist
from sync.checks.products import (
    product_categories_are_there,
    product_codes_are_there,
    product_places_are_there,
    shared_catalogs_are_there,
)
from tests.checks.conftest import Sandboxes, levels, only_fault

CHECKS = (product_places_are_there, product_categories_are_there, product_codes_are_there)
WHOLE: dict[str, Any] = {
    "fields": ["name", "status", "tax_class", "quantities"], "create": True,
    "tax_classes": {"FULL": "Taxable Goods", "": "reduced"}, "lifecycle_states": ["", "Live"],
    "views": {"de": {"language": "de"}}, "attributes": {"material": {"name": "Material"}},
    "barcode": "ean", "images": True, "category_hierarchy": "Web", "categories": {"77": 3},
}  # fmt: skip


def with_products(**products: Any) -> dict[str, Any]:
    return {"products": {**WHOLE, **products}, "flows": ["orders", "products"]}


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.put("ProductLifecycleStates", LifecycleStateId="Live")
    for check in (*CHECKS, fields_exist):
        assert levels(await sandboxes.found(check, **with_products())) == {"ok"}, check


@pytest.fixture(autouse=True)
def defined(sandboxes: Sandboxes) -> None:
    """The shop has the attributes, F&O the category."""
    sandboxes.dynamics.put(
        "ProductCategories", ProductCategoryHierarchyName="Web", CategoryName="Lamps",
        CategoryRecordId=77,
    )  # fmt: skip
    for code in ("material", "ean"):
        sandboxes.commerce.products.attributes.define(code)


async def test_where_products_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in CHECKS:
        assert await sandboxes.found(check) == []


@pytest.mark.parametrize(
    ("products", "said"),
    [
        ({"views": {"xx": {"language": "de"}}}, "no store view xx"),
        ({"sales_unit": "nobody"}, "no product attribute nobody"),
        ({"attribute_set": 99}, "no attribute set 99"),
        ({"tax_classes": {"FULL": "Luxury"}}, "no product tax class Luxury"),
    ],
)
async def test_what_the_shop_lacks_is_named(
    sandboxes: Sandboxes, products: dict[str, Any], said: str
) -> None:
    found = await sandboxes.found(product_places_are_there, **with_products(**products))
    assert said in only_fault(found).what


@pytest.mark.parametrize(
    ("categories", "said"), [({"78": 3}, "record id 78"), ({"77": 99}, "no category 99")]
)
async def test_categories_are_those_of_both_systems(
    sandboxes: Sandboxes, categories: dict[str, int], said: str
) -> None:
    settings = with_products(categories=categories)
    assert said in only_fault(await sandboxes.found(product_categories_are_there, **settings)).what


@pytest.mark.parametrize(
    ("products", "said"),
    [({"tax_classes": {"NOPE": "x"}, "lifecycle_states": []}, "NOPE"),
     ({"lifecycle_states": ["Dead"]}, "Dead")],
)  # fmt: skip
async def test_what_f_and_o_lacks_is_named(
    sandboxes: Sandboxes, products: dict[str, Any], said: str
) -> None:
    found = await sandboxes.found(product_codes_are_there, **with_products(**products))
    assert f"F&O has no {said}" in only_fault(found).what


SHARED: dict[str, Any] = {
    "flows": ["orders", "shared_catalogs"],
    "products": {
        "category_hierarchy": "Web",
        "shared_catalogs": {"1": ["*"], "Wholesale": ["77"], "Retail": ["78"]},
    },
}


async def test_shared_catalogs_are_looked_for_by_name_or_id(sandboxes: Sandboxes) -> None:
    shop = sandboxes.commerce.shared_catalogs
    assert (shop.share("Default (General)", 1), shop.share("Wholesale")) == (1, 2)
    assert await sandboxes.found(shared_catalogs_are_there) == []
    said = only_fault(await sandboxes.found(shared_catalogs_are_there, **SHARED))
    assert said.what == 'the shop has no shared catalog "Retail"'
    said = only_fault(await sandboxes.found(product_categories_are_there, **SHARED))
    assert (said.what[-12:], said.cure[-25:]) == ("record id 78", "products.shared_catalogs.")
    shop.is_on = False
    said = only_fault(await sandboxes.found(shared_catalogs_are_there, **SHARED))
    assert "the module that brings this service is enabled" in said.cure
