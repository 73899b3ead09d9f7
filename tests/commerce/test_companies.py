"""Reading companies and regions: joined, as far as needed, and none where there is none."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sync.commerce.client import CommerceClient
from sync.commerce.companies import Companies, relation_requests
from sync.commerce.models.company import FIELDS
from sync.core.errors import Later, Never
from tests.commerce.shop import Reply, Shop


def company(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "entity_id": number,
        "status": 1,
        "company_name": f"Company {number}",
        "comment": "long",
        **more,
    }


@pytest.fixture
async def companies(client: CommerceClient) -> AsyncIterator[Companies]:
    yield client.companies
    await client.aclose()


async def test_one_company_is_read_by_itself_and_one_that_is_gone_is_none(
    companies: Companies, shop: Shop
) -> None:
    shop.records["company/7"] = company(7)
    assert await companies.by_id(7) == company(7)
    assert await companies.by_id(8) is None
    shop.replies = [Reply(200, [])]
    assert await companies.by_id(9) is None


async def test_several_are_read_by_one_search(companies: Companies, shop: Shop) -> None:
    shop.lists["company/"] = [company(number) for number in range(1, 6)]
    found = await asyncio.gather(*(companies.by_id(number) for number in (2, 4, 9)))
    assert [row and row["id"] for row in found] == [2, 4, None]
    assert len(shop.received) == 1


async def test_all_companies_come_page_by_page_with_what_is_read_of_them(
    companies: Companies, shop: Shop, client: CommerceClient
) -> None:
    shop.largest_page = 2
    shop.lists["company/"] = [company(number) for number in range(1, 6)]
    rows = [row async for row in companies.every()]
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(set(row) <= set(FIELDS) for row in rows)
    assert [row["id"] for row in [row async for row in companies.every(after=3)]] == [4, 5]


async def test_a_company_without_an_id_stops_none_of_the_others(
    companies: Companies, shop: Shop
) -> None:
    page = [company(1), {"status": 1, "id": None}, company(2)]
    shop.replies = [Reply(200, {"items": page, "total_count": 3})]
    assert [row["id"] for row in [row async for row in companies.every()]] == [1, 2]


async def test_a_shop_that_does_not_answer_is_asked_later(companies: Companies, shop: Shop) -> None:
    shop.replies = [Reply(503, b"maintenance")] * 4
    with pytest.raises(Later):
        await companies.by_id(7)
    with pytest.raises(Later):
        await companies.region_code("US", "12")


async def test_a_region_is_known_by_its_id_and_a_country_asked_for_once(
    companies: Companies, shop: Shop
) -> None:
    regions = [
        {"id": "12", "code": "CA", "name": "California"},
        {"id": 47, "code": None, "name": "Ohio"},
    ]
    shop.records["directory/countries/US"] = {"id": "US", "available_regions": regions}
    shop.records["directory/countries/MC"] = {"id": "MC"}
    assert await companies.region_code("US", "12") == "CA"
    assert await companies.region_code("US", "47") == ""
    assert await companies.region_code("US", "99") == ""
    assert await companies.region_code("MC", "1") == ""
    assert await companies.region_code("XX", "1") == ""
    assert await companies.region_code("US", "") == ""
    assert len(shop.received) == 3


@pytest.mark.parametrize(
    ("before", "parent", "sent"),
    [
        (None, 4, ["POST company/4/relations"]), (4, None, ["DELETE company/4/relations/2"]),
        (4, 9, ["DELETE company/4/relations/2", "POST company/9/relations"]),
        (4, 4, []), (None, None, []),
    ],
)  # fmt: skip
def test_a_company_leaves_its_parent_before_it_gets_another(
    before: int | None, parent: int | None, sent: list[str]
) -> None:
    found = relation_requests(2, before, parent)
    assert [f"{one.method} {one.path.removeprefix('/V1/')}" for one in found] == sent
    bodies = [one.body for one in found if one.method == "POST"]
    assert bodies == [{"relations": [{"company_id": 2, "parent_id": parent}]}] * len(bodies)


@pytest.mark.parametrize("message", ['The "relations" value\'s type is invalid.', "Bad filter"])
async def test_a_shop_of_before_relations_says_so(
    companies: Companies, shop: Shop, message: str
) -> None:
    """There the path is that of a company called `relations`."""
    shop.replies = [Reply(400, {"message": message})]
    with pytest.raises(Never) as error:
        await companies.parent_of(2)
    assert "lists no relations of companies" in error.value.reason
    assert message[-9:] in error.value.reason
