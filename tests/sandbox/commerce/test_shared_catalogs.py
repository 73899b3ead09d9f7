"""Shared catalogs in the sandbox: who sees what, and what is refused."""

from typing import Any

import pytest

from sandbox.commerce.faults import RestFault
from sandbox.commerce.routing import RestRequest
from sandbox.commerce.shared_catalog_endpoints import (
    assign,
    assign_companies,
    products,
    unassign,
)
from sandbox.commerce.shop_endpoints import group
from sandbox.commerce.state import CommerceState
from tests.sandbox.commerce.shop import SetClock

SKU, OTHER = "SIMPLE-001", "SIMPLE-002"


def asked(state: CommerceState, **body: Any) -> RestRequest:
    return RestRequest(state, "all", {"id": "2"}, {}, body)


@pytest.fixture
def state() -> CommerceState:
    """A shop with the public shared catalog and a custom one."""
    found = CommerceState(SetClock())
    found.shared_catalogs.share("Default (General)", 1)
    found.shared_catalogs.share("Wholesale")
    return found


def sent(*skus: str) -> list[dict[str, str]]:
    return [{"sku": sku} for sku in skus]


def test_a_company_sees_what_its_shared_catalog_has(state: CommerceState) -> None:
    assert assign_companies(asked(state, companies=[{"id": 2}]))
    own = state.customers[2]["group_id"]
    assert group(RestRequest(state, "all", {"id": str(own)}, {}))["code"] == "Wholesale"
    assert not state.shared_catalogs.sees(own, SKU)
    assert assign(asked(state, products=sent(SKU, SKU.lower(), OTHER)))
    assert products(asked(state)) == [SKU, OTHER]
    assert state.shared_catalogs.sees(own, SKU)
    assert not state.shared_catalogs.sees(0, SKU)
    assert unassign(asked(state, products=sent(SKU.lower())))
    assert products(asked(state)) == [OTHER]


def test_one_product_refuses_the_whole_call(state: CommerceState) -> None:
    for refuse in (assign, unassign):
        with pytest.raises(RestFault, match="Requested product doesn't exist"):
            refuse(asked(state, products=sent(SKU, "NOBODYS")))
    shop = state.shared_catalogs
    shop.adds_categories = False
    state.products.members[SKU.casefold()] = {3}
    with pytest.raises(RestFault, match="category permissions"):
        assign(asked(state, products=sent(OTHER, SKU)))
    assert products(asked(state)) == []
    shop.adds_categories = shop.takes_unknown = True
    assert assign(asked(state, products=sent(SKU, "NOBODYS")))
    assert (products(asked(state)), shop.categories[2]) == ([SKU, "NOBODYS"], {3})
