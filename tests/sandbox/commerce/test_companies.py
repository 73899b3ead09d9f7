"""Companies of the double as REST shows them: searched by the columns of their table, regions by
country."""

from typing import Any

import httpx

from sandbox.commerce.state import Change, CommerceState
from sync.core.encoding import from_json
from tests.sandbox.commerce.shop import criteria


async def found(shop: httpx.AsyncClient, path: str, status: int = 200) -> Any:
    response = await shop.get(f"/rest/all/V1/{path}")
    assert response.status_code == status, response.text
    return from_json(response.content)


async def test_a_company_is_read_by_its_id_and_without_what_is_null(
    shop: httpx.AsyncClient,
) -> None:
    company = await found(shop, "company/2")
    assert (company["id"], company["status"], company["super_user_id"]) == (2, 1, 2)
    assert "legal_name" not in company
    await found(shop, "company/77", 404)


async def test_companies_are_searched_by_the_columns_of_their_table_with_or_without_the_slash(
    shop: httpx.AsyncClient,
) -> None:
    for path in ("company", "company/"):
        listed = await found(shop, f"{path}?{criteria(('entity_id', 'eq', '4'))}")
        assert [row["id"] for row in listed["items"]] == [4]
    await found(shop, f"company/?{criteria(('updated_at', 'gt', '2026-01-01'))}", 500)


async def test_a_countrys_regions_have_codes(shop: httpx.AsyncClient) -> None:
    country = await found(shop, "directory/countries/US")
    assert {"id": "12", "code": "CA", "name": "California"} in country["available_regions"]
    assert "available_regions" not in await found(shop, "directory/countries/NO")
    await found(shop, "directory/countries/XX", 404)


async def test_customers_say_whom_they_buy_for(shop: httpx.AsyncClient) -> None:
    buyer, private = await found(shop, "customers/2"), await found(shop, "customers/1")
    assert buyer["extension_attributes"]["company_attributes"]["company_id"] == 2
    assert "company_attributes" not in private["extension_attributes"]


async def test_who_listens_hears_of_a_company_that_was_saved(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    received: list[Change] = []
    state.on_change(received.append)
    state.save_company(2, status=3)
    assert [change.event for change in received] == [
        "company_save_after",
        "company_save_commit_after",
    ]
    assert received[0].data["company"]["status"] == "3"
    assert (await found(shop, "company/2"))["status"] == 3
