from urllib.parse import quote

import httpx
import pytest

from sandbox.commerce.state import CommerceState
from tests.sandbox.commerce.shop import ORDERS, ids, listing


async def test_groups_are_joined_by_and_and_their_filters_by_or(
    shop: httpx.AsyncClient, placed: list[int]
) -> None:
    assert await ids(shop, ("entity_id", "gt", "2"), ("entity_id", "lt", "5")) == [3, 4]
    start = "searchCriteria[filter_groups][0][filters]"
    either = (
        f"{start}[0][field]=entity_id&{start}[0][value]=2&{start}[1][field]=entity_id&"
        f"{start}[1][value]=5"
    )
    response = await shop.get(f"{ORDERS}?{either}")
    assert [order["entity_id"] for order in response.json()["items"]] == [2, 5]


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("eq", "3", [3]),
        ("neq", "3", [1, 2, 4, 5, 6]),
        ("in", "2,4,9", [2, 4]),
        ("nin", "2,4", [1, 3, 5, 6]),
        ("gteq", "5", [5, 6]),
        ("moreq", "5", [5]),  # documented, unknown to the database: equals
        ("gte", "5", [5]),
        ("eq", "abc", []),  # cast to 0
        ("like", "%", [1, 2, 3, 4, 5, 6]),
        ("null", "1", []),
        ("notnull", "1", [1, 2, 3, 4, 5, 6]),
    ],
)
async def test_condition_types_compare_as_the_database_does(
    shop: httpx.AsyncClient, placed: list[int], condition: str, value: str, expected: list[int]
) -> None:
    assert await ids(shop, ("entity_id", condition, value)) == expected


async def test_text_is_compared_without_case_and_accents(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    (order,) = state.place_new()
    order.row["customer_lastname"] = "Müller"
    assert await ids(shop, ("customer_lastname", "eq", "MULLER")) == [order.entity_id]
    assert await ids(shop, ("customer_lastname", "like", "m_ll%")) == [order.entity_id]
    assert await ids(shop, ("customer_lastname", "nlike", "m_ll%")) == []


async def test_null_fits_nothing_but_null(shop: httpx.AsyncClient, state: CommerceState) -> None:
    (order,) = state.place_new()
    assert await ids(shop, ("ext_order_id", "neq", "SO-1")) == []
    assert await ids(shop, ("ext_order_id", "nin", "SO-1")) == []
    assert await ids(shop, ("ext_order_id", "null", "1")) == [order.entity_id]


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("gteq", "2026-11-21 18:17:14", [5, 6]),
        ("gteq", "2026-11-21T18:17:14Z", [5, 6]),
        ("gteq", "2026-11-21T18:17:14+02:00", [5, 6]),  # the offset is ignored
        ("gteq", "20261121181714", [5, 6]),
        ("gt", "2026-11-21 18:17:14", [6]),
        ("lteq", "2026-11-21 18:17:11", [1, 2]),
        ("gteq", "not-a-date", [1, 2, 3, 4, 5, 6]),
        ("lteq", "not-a-date", []),
        ("eq", "2026-11-21 18:17:12", [3]),
        ("lt", "2026-11-22", [1, 2, 3, 4, 5, 6]),
    ],
)
async def test_dates_are_compared_as_the_database_reads_them(
    shop: httpx.AsyncClient, placed: list[int], condition: str, value: str, expected: list[int]
) -> None:
    assert await ids(shop, ("updated_at", condition, value)) == expected


async def test_from_and_to_in_one_group_are_a_range(
    shop: httpx.AsyncClient, placed: list[int]
) -> None:
    start = "searchCriteria[filter_groups][0][filters]"
    parts = [("0", "from", "2"), ("1", "to", "3")]
    query = "&".join(
        (
            f"{start}[{n}][field]=entity_id&{start}[{n}][condition_type]={kind}&"
            f"{start}[{n}][value]={value}"
        )
        for n, kind, value in parts
    )
    response = await shop.get(f"{ORDERS}?{query}")
    assert [order["entity_id"] for order in response.json()["items"]] == [2, 3]


async def test_pages_end_with_an_empty_list_and_the_true_count(
    shop: httpx.AsyncClient, placed: list[int]
) -> None:
    assert await ids(shop, pageSize="4", currentPage="2") == [5, 6]
    past = await listing(shop, pageSize="4", currentPage="3")
    assert (past["items"], past["total_count"]) == ([], 6)
    cut = await listing(shop, pageSize="4", currentPage="3", fields="items[entity_id],total_count")
    assert cut == {"items": None, "total_count": 6}


@pytest.mark.parametrize("rest", [{}, {"pageSize": "0"}, {"page_size": "0", "current_page": "1"}])
async def test_without_a_page_size_everything_comes(
    shop: httpx.AsyncClient, placed: list[int], rest: dict[str, str]
) -> None:
    assert await ids(shop, **rest) == placed


async def test_no_direction_sorts_descending(shop: httpx.AsyncClient, placed: list[int]) -> None:
    descending = {"sortOrders][0][field": "updated_at"}
    assert await ids(shop, **descending) == placed[::-1]
    assert await ids(shop, **descending, **{"sortOrders][0][direction": "asc"}) == placed


async def test_a_bad_direction_is_refused(shop: httpx.AsyncClient) -> None:
    query = (
        "searchCriteria[sortOrders][0][field]=entity_id&searchCriteria[sortOrders][0][direction]=UP"
    )
    response = await shop.get(f"{ORDERS}?{query}")
    assert response.status_code == 400
    assert response.json()["parameters"] == ["ASC", "DESC"]


async def test_fields_cut_the_answer_in_its_own_order(
    shop: httpx.AsyncClient, placed: list[int]
) -> None:
    response = await shop.get(
        f"{ORDERS}/1?fields=items[sku],increment_id,billing_address[city,street]"
    )
    answer = response.json()
    assert set(answer) == {"items", "increment_id", "billing_address"}
    assert {key for item in answer["items"] for key in item} == {"sku"}
    assert set(answer["billing_address"]) == {"city", "street"}


async def test_fields_leave_plain_values_alone(shop: httpx.AsyncClient, placed: list[int]) -> None:
    answer = (await shop.get(f"{ORDERS}/1?fields=billing_address[street[x]],state[y]")).json()
    assert isinstance(answer["billing_address"]["street"][0], str)
    assert answer["state"] == "new"


@pytest.mark.parametrize("fields", ["nosuch", "a b", "items[entity_id", "a]"])
async def test_fields_that_nobody_knows_or_understands_leave_an_empty_array(
    shop: httpx.AsyncClient, placed: list[int], fields: str
) -> None:
    assert (await shop.get(f"{ORDERS}/1?fields={quote(fields)}")).json() == []


async def test_the_store_in_the_path_does_not_filter(
    shop: httpx.AsyncClient, placed: list[int]
) -> None:
    for path in (
        "/rest/de/V1/orders",
        "/rest/V1/orders",
        "/rest/default/V1/orders/",
        "/rest//V1/orders",
    ):
        assert (await shop.get(f"{path}?searchCriteria")).json()["total_count"] == 6


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("searchCriteria[filter_groups][0]=x", 400),
        ("searchCriteria[filter_groups][0][nosuch]=x", 400),
        ("searchCriteria[filter_groups][0][filters][0]=x", 400),
        ("searchCriteria[filter_groups][0][filters][0][nosuch]=x", 400),
        ("searchCriteria[sortOrders][0]=x", 400),
        ("searchCriteria[filter_groups][0][filters]=", 200),
        ("searchCriteria[pageSize]=-1", 200),
    ],
)
async def test_malformed_criteria_never_break_the_double(
    shop: httpx.AsyncClient, query: str, status: int
) -> None:
    assert (await shop.get(f"{ORDERS}?{query}")).status_code == status


async def test_rarer_condition_types_compare_too(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    (order,) = state.place_new()
    order.row |= {"applied_rule_ids": "3,7", "created_at": "2026-11-21 18:17:10"}
    assert await ids(shop, ("applied_rule_ids", "finset", "7")) == [1]
    assert await ids(shop, ("applied_rule_ids", "nfinset", "7")) == []
    assert await ids(shop, ("customer_email", "regexp", "^[A-Z.]+@")) == [1]
    assert await ids(shop, ("ext_order_id", "seq", "")) == [1]
    assert await ids(shop, ("ext_order_id", "sneq", "")) == []
    assert await ids(shop, ("created_at", "eq", "2026-13-45")) == []
    assert await ids(shop, ("created_at", "is", "2026-11-21 18:17:10")) == [1]
