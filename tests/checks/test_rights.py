"""Rights of the integration: all that are missing are told at once, as the boxes of the guide."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.commerce.app import ENDPOINTS
from sandbox.commerce.oauth import Consumer
from sync.checks.commerce import orders_can_be_read, shop_answers
from sync.checks.connection import checked
from sync.checks.finding import Finding, Level, findings_of
from sync.checks.rights import rights_are_given
from sync.commerce.rights import BOXES
from sync.flows import FLOWS
from tests.checks.conftest import Sandboxes, levels, only_fault

GUIDE: Final = Path(__file__).parents[2] / "docs" / "deploying.md"
EVERY: Final = frozenset(endpoint.resource for endpoint in ENDPOINTS)
WHOLE: Final[dict[str, Any]] = {
    "flows": [flow.name for flow in FLOWS],
    "write_back": {"to": "ext_order_id"},
    "stock": {"sources": {"13": "default"}},
    "shipments": {"sources": {"13": "default"}},
    "accounts": {"groups": ["10"]},
    "prices": {"currency": "USD", "groups": {"10": "General"}},
    "reporting": {"also": ["carts", "returns"]},
    "credit": {"currency": "USD", "methods": ["companycredit", "checkmo"]},
    "products": {
        "fields": ["status", "tax_class", "quantities"],
        "create": True,
        "tax_classes": {"FULL": "Taxable Goods"},
        "attributes": {"material": {"name": "Material"}},
        "category_hierarchy": "Web",
        "categories": {"77": 3},
    },
}
"""Every flow."""
LEGACY: Final[dict[str, Any]] = {**WHOLE, "stock": {**WHOLE["stock"], "inventory": "stock-items"}}


def without(sandboxes: Sandboxes, *lacking: str) -> None:
    resources = EVERY - set(lacking)
    sandboxes.commerce.oauth.consumers[:] = [Consumer.named("sandbox", resources=resources)]


async def refused(sandboxes: Sandboxes, settings: dict[str, Any]) -> set[str]:
    """The rights that the flows need: those that are missed where there are none."""
    without(sandboxes, *EVERY)
    found = await sandboxes.found(rights_are_given, **settings)
    return set(re.findall(r"\((Magento_\w+::\w+)\)", only_fault(found).cure))


async def test_whoever_has_all_rights_lacks_none(sandboxes: Sandboxes) -> None:
    before = dict(sandboxes.commerce.stock.items)
    sandboxes.commerce.place_new()
    for settings in (WHOLE, LEGACY):
        assert levels(await sandboxes.found(rights_are_given, **settings)) == {"ok"}
    assert sandboxes.commerce.stock.items == before
    assert not list(sandboxes.commerce.shipments())


async def test_all_that_are_missing_are_told_at_once_with_the_boxes_to_tick(
    sandboxes: Sandboxes,
) -> None:
    without(sandboxes, "Magento_Sales::comment", "Magento_Customer::customer")
    told = only_fault(await sandboxes.found(rights_are_given, **WHOLE))
    assert "Customers > All Customers, Sales > Operations > Orders > Actions > Comment" in told.what
    assert "tick Customers > All Customers (Magento_Customer::customer)," in told.cure


async def test_every_right_that_a_flow_needs_has_a_box_and_stands_in_the_guide(
    sandboxes: Sandboxes,
) -> None:
    needed = await refused(sandboxes, WHOLE) | await refused(sandboxes, LEGACY)
    assert len(needed) > 10
    guide = GUIDE.read_text("utf-8")
    assert [name for name in needed if f"*{BOXES[name]}*" not in guide] == []


@pytest.mark.parametrize(
    ("to", "flows", "lacking", "is_missed"),
    [
        ("ext_order_id", ("orders",), "Magento_Sales::api_actions", True),
        ("ext_order_id", ("orders",), "Magento_Sales::comment", False),
        ("comment", ("orders",), "Magento_Sales::comment", True),
        ("comment", ("orders",), "Magento_Sales::api_actions", False),
        ("ext_order_id", ("orders", "invoices"), "Magento_Sales::comment", True),
        ("none", ("orders",), "Magento_Sales::comment", False),
    ],
)
async def test_the_right_to_write_numbers_back_is_looked_for_without_writing(
    sandboxes: Sandboxes, to: str, flows: tuple[str, ...], lacking: str, is_missed: bool
) -> None:
    (order,) = sandboxes.commerce.place_new()
    before = (dict(order.row), list(order.comments))
    without(sandboxes, lacking)
    settings = {"flows": [*flows, "write_back"], "write_back": {"to": to}}
    (found,) = await sandboxes.found(rights_are_given, **settings)
    assert (found.level is Level.FAULT, lacking in found.cure) == (is_missed, is_missed)
    assert (order.row, order.comments) == before


async def test_a_missing_right_is_told_once_whatever_stumbles_over_it(sandboxes: Sandboxes) -> None:
    without(sandboxes, "Magento_Sales::actions_view")
    probe = await sandboxes.probe()
    found: list[Finding] = []
    async for _, each in checked(probe):
        found += each
    (told,) = [one for one in found if one.level is Level.FAULT]
    assert told.what.endswith("the right Sales > Operations > Orders > Actions > View")
    assert await findings_of(orders_can_be_read, probe) == []


async def test_the_right_to_read_store_views_is_only_needed_where_nothing_else_names_them(
    sandboxes: Sandboxes,
) -> None:
    without(sandboxes, "Magento_Backend::store")
    assert levels(await sandboxes.found(shop_answers)) == {"ok"}
    assert levels(await sandboxes.found(rights_are_given)) == {"fault"}
    named = {"stores": {"default": {"site": "1", "warehouse": "13"}}}
    assert levels(await sandboxes.found(rights_are_given, **named)) == {"warn"}


async def test_reports_of_carts_and_returns_need_rights_of_their_own(sandboxes: Sandboxes) -> None:
    def settings(*also: str) -> dict[str, Any]:
        return {"flows": ["orders"], "reporting": {"also": [*also]}}

    more = await refused(sandboxes, settings("carts", "returns"))
    assert more - await refused(sandboxes, settings()) == {
        "Magento_Cart::manage", "Magento_Rma::magento_rma"
    }  # fmt: skip
