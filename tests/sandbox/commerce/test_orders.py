from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from sync.encoding import from_json
from sync.sandbox.commerce.state import CommerceState
from tests.sandbox.commerce.shop import SetClock, criteria

ORDERS = "/rest/all/V1/orders"


async def ids(shop: httpx.AsyncClient, *filters: tuple[str, str, str], **rest: str) -> list[int]:
    answer = await listing(shop, *filters, **rest)
    return [order["entity_id"] for order in answer["items"] or []]


async def listing(shop: httpx.AsyncClient, *filters: tuple[str, str, str], **rest: str) -> dict[str, Any]:
    response = await shop.get(f"{ORDERS}?{criteria(*filters, **rest)}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = from_json(response.content)
    return found


@pytest.fixture
def placed(state: CommerceState, clock: SetClock) -> list[int]:
    """Six orders, one per second."""
    found = []
    for _ in range(6):
        found += [order.entity_id for order in state.place_new(payment="checkmo")]
        clock.pass_by(seconds=1)
    return found


async def test_groups_are_joined_by_and_and_their_filters_by_or(shop: httpx.AsyncClient, placed: list[int]) -> None:
    assert await ids(shop, ("entity_id", "gt", "2"), ("entity_id", "lt", "5")) == [3, 4]
    start = "searchCriteria[filter_groups][0][filters]"
    either = f"{start}[0][field]=entity_id&{start}[0][value]=2&{start}[1][field]=entity_id&{start}[1][value]=5"
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


async def test_text_is_compared_without_case_and_accents(shop: httpx.AsyncClient, state: CommerceState) -> None:
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


async def test_from_and_to_in_one_group_are_a_range(shop: httpx.AsyncClient, placed: list[int]) -> None:
    start = "searchCriteria[filter_groups][0][filters]"
    parts = [("0", "from", "2"), ("1", "to", "3")]
    query = "&".join(
        f"{start}[{n}][field]=entity_id&{start}[{n}][condition_type]={kind}&{start}[{n}][value]={value}"
        for n, kind, value in parts
    )
    response = await shop.get(f"{ORDERS}?{query}")
    assert [order["entity_id"] for order in response.json()["items"]] == [2, 3]


async def test_pages_end_with_an_empty_list_and_the_true_count(shop: httpx.AsyncClient, placed: list[int]) -> None:
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
    query = "searchCriteria[sortOrders][0][field]=entity_id&searchCriteria[sortOrders][0][direction]=UP"
    response = await shop.get(f"{ORDERS}?{query}")
    assert response.status_code == 400
    assert response.json()["parameters"] == ["ASC", "DESC"]


async def test_fields_cut_the_answer_in_its_own_order(shop: httpx.AsyncClient, placed: list[int]) -> None:
    response = await shop.get(f"{ORDERS}/1?fields=items[sku],increment_id,billing_address[city,street]")
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


async def test_the_store_in_the_path_does_not_filter(shop: httpx.AsyncClient, placed: list[int]) -> None:
    for path in ("/rest/de/V1/orders", "/rest/V1/orders", "/rest/default/V1/orders/", "/rest//V1/orders"):
        assert (await shop.get(f"{path}?searchCriteria")).json()["total_count"] == 6


async def test_an_order_is_seen_from_the_moment_it_commits(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(visible_in=timedelta(seconds=3))
    assert (await shop.get(f"{ORDERS}/{order.entity_id}")).status_code == 404
    assert await ids(shop) == []
    clock.pass_by(seconds=3)
    assert await ids(shop) == [order.entity_id]
    assert order.row["updated_at"] == "2026-11-21 18:17:10"  # the stamp of the statement, not of the commit


async def test_saving_our_number_moves_the_time_and_answers_the_bare_model(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(payment="checkmo")
    clock.pass_by(minutes=1)
    entity = {
        "entity_id": order.entity_id,
        "increment_id": order.row["increment_id"],
        "ext_order_id": "SO-1" + "0" * 40,
    }
    answer = (await shop.post(ORDERS, json={"entity": entity})).json()
    assert (answer["grand_total"], answer["customer_email"], answer["total_due"]) == (None, None, 0)
    assert answer["ext_order_id"] == ("SO-1" + "0" * 40)[:32]
    assert order.row["updated_at"] == answer["updated_at"] == "2026-11-21 18:18:10"
    clock.pass_by(minutes=1)
    await shop.post(ORDERS, json={"entity": {**entity, "updated_at": "2001-01-01 00:00:00"}})
    assert order.row["updated_at"] == "2026-11-21 18:18:10"  # nothing changed


@pytest.mark.parametrize(
    ("body", "message", "parameters"),
    [
        ({}, '"%fieldName" is required. Enter and try again.', {"fieldName": "entity"}),
        (
            {"entity": {"entity_id": 1, "my_field": 1}},
            '"%fieldName" is not supported. Correct the field name and try again.',
            {"fieldName": "MyField"},
        ),
    ],
)
async def test_saving_refuses_what_it_does_not_know(
    shop: httpx.AsyncClient, placed: list[int], body: dict[str, Any], message: str, parameters: dict[str, str]
) -> None:
    response = await shop.post(ORDERS, json=body)
    assert (response.status_code, response.json()) == (400, {"message": message, "parameters": parameters})


async def test_a_comment_with_the_same_status_moves_nothing(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(payment="checkmo")
    clock.pass_by(minutes=1)
    for status in ({}, {"status": "pending"}):
        sent = {
            "statusHistory": {"comment": "F&O sales order SO-1", "parent_id": 1, "is_customer_notified": 0, **status}
        }
        assert (await shop.post(f"{ORDERS}/1/comments", json=sent)).json() is True
    assert order.row["updated_at"] == "2026-11-21 18:17:10"
    assert (await shop.get(f"{ORDERS}/1/comments")).json()["total_count"] == 2


async def test_a_comment_knows_its_fields_and_may_change_the_status_within_the_state(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(payment="paypal_express", skus=["SIMPLE-006"])
    clock.pass_by(minutes=1)
    odd = await shop.post(f"{ORDERS}/1/comments", json={"statusHistory": {"comment": "x", "text": "y"}})
    assert (odd.status_code, odd.json()["parameters"]) == (400, {"fieldName": "Text"})
    assert (await shop.post(f"{ORDERS}/1/comments", json={"statusHistory": {"status": "fraud"}})).json() is True
    assert (order.row["status"], order.row["updated_at"]) == ("fraud", "2026-11-21 18:18:10")


async def test_an_order_cannot_be_made_by_saving(shop: httpx.AsyncClient) -> None:
    response = await shop.post(ORDERS, json={"entity": {"increment_id": "000000042"}})
    assert response.json() == {"message": "Please provide payment for the order."}


async def test_a_comments_status_must_belong_to_the_orders_state(shop: httpx.AsyncClient, placed: list[int]) -> None:
    sent = {"status_history": {"comment": "x", "is_customer_notified": 0, "status": "complete"}}
    response = await shop.post(f"{ORDERS}/1/comments", json=sent)
    text = 'Unable to add comment: The status "%1" is not part of the order status history.'
    assert (response.status_code, response.json()) == (400, {"message": text, "parameters": ["complete"]})


async def test_cancelling_answers_true_once_and_then_false(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    state.place_new(payment="checkmo")
    clock.pass_by(minutes=1)
    assert [(await shop.post(f"{ORDERS}/1/cancel")).json() for _ in range(2)] == [True, False]
    answer = (await shop.get(f"{ORDERS}/1")).json()
    assert (answer["state"], answer["updated_at"]) == ("canceled", "2026-11-21 18:18:10")
    assert answer["total_canceled"] == answer["total_due"] == answer["grand_total"]


async def test_hold_and_unhold_refuse_what_does_not_fit(shop: httpx.AsyncClient, placed: list[int]) -> None:
    assert (await shop.post(f"{ORDERS}/1/hold")).json() is True
    assert (await shop.get(f"{ORDERS}/1")).json()["hold_before_state"] == "new"
    assert (await shop.post(f"{ORDERS}/1/hold")).json() == {"message": "A hold action is not available."}
    assert (await shop.post(f"{ORDERS}/1/cancel")).json() is False
    assert (await shop.post(f"{ORDERS}/1/unhold")).json() is True
    assert "hold_before_state" not in (await shop.get(f"{ORDERS}/1")).json()
    assert (await shop.post(f"{ORDERS}/1/unhold")).status_code == 400


async def test_items_can_be_listed_by_order(shop: httpx.AsyncClient, state: CommerceState) -> None:
    first, second = state.place_new(2, skus=["TEE"])
    answer = (await shop.get(f"{ORDERS}/items?{criteria(('order_id', 'eq', str(second.entity_id)))}")).json()
    assert [item["item_id"] for item in answer["items"]] == [item["item_id"] for item in second.items]
    one = (await shop.get(f"{ORDERS}/items/{first.items[0]['item_id']}")).json()
    assert one["sku"] == first.items[0]["sku"]


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
async def test_malformed_criteria_never_break_the_double(shop: httpx.AsyncClient, query: str, status: int) -> None:
    assert (await shop.get(f"{ORDERS}?{query}")).status_code == status


async def test_rarer_condition_types_compare_too(shop: httpx.AsyncClient, state: CommerceState) -> None:
    (order,) = state.place_new()
    order.row |= {"applied_rule_ids": "3,7", "created_at": "2026-11-21 18:17:10"}
    assert await ids(shop, ("applied_rule_ids", "finset", "7")) == [1]
    assert await ids(shop, ("applied_rule_ids", "nfinset", "7")) == []
    assert await ids(shop, ("customer_email", "regexp", "^[A-Z.]+@")) == [1]
    assert await ids(shop, ("ext_order_id", "seq", "")) == [1]
    assert await ids(shop, ("ext_order_id", "sneq", "")) == []
    assert await ids(shop, ("created_at", "eq", "2026-13-45")) == []
    assert await ids(shop, ("created_at", "is", "2026-11-21 18:17:10")) == [1]


async def test_what_is_not_there_is_not_found(shop: httpx.AsyncClient, placed: list[int]) -> None:
    for path in (
        "orders/99",
        "orders/items/999",
        "invoices/9",
        "creditmemo/9",
        "shipment/9",
        "customerGroups/99",
        "nosuch",
    ):
        assert (await shop.get(f"/rest/all/V1/{path}")).status_code == 404, path
    for path in ("other/V1/orders", "rest/all/V2/orders"):
        assert (await shop.get(f"/{path}")).status_code in {400, 404}, path
    assert (await shop.delete(f"{ORDERS}/1")).status_code == 404


async def test_a_shop_tells_its_stores_and_documents(shop: httpx.AsyncClient, state: CommerceState) -> None:
    (order,) = state.place_new(payment="braintree", skus=["SIMPLE-006"])
    base = "/rest/all/V1"
    assert (await shop.get(f"{base}/invoices/1")).json()["order_id"] == order.entity_id
    assert (await shop.get(f"{base}/customerGroups/1")).json()["code"] == "General"
    rates = (await shop.get(f"{base}/directory/currency")).json()["exchange_rates"]
    assert rates == [{"currency_to": "USD", "rate": 1}, {"currency_to": "EUR", "rate": 0.9137}]


async def test_the_answer_carries_the_shops_own_time(shop: httpx.AsyncClient) -> None:
    assert (await shop.get(f"{ORDERS}?searchCriteria")).headers["date"] == "Sat, 21 Nov 2026 18:17:10 GMT"


@pytest.mark.parametrize(
    ("headers", "content", "message"),
    [
        ({"content-type": "application/json"}, b"{", "Decoding error."),
        ({}, b"{}", "Content-Type header is empty."),
        (
            {"content-type": "application/x-www-form-urlencoded"},
            b"x=1",
            "Server cannot understand Content-Type HTTP header media type application/x-www-form-urlencoded",
        ),
    ],
)
async def test_a_body_must_be_json_and_say_so(
    shop: httpx.AsyncClient, headers: dict[str, str], content: bytes, message: str
) -> None:
    response = await shop.post(ORDERS, content=content, headers=headers)
    assert (response.status_code, response.json()["message"]) == (400, message)
