"""Reading a window of changes: complete, in order, without page numbers, behind the shop's own
clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.commerce.client import CommerceClient
from sync.commerce.filters import stamp
from sync.commerce.polling import Keyset, position_of
from sync.commerce.sales_documents import ORDER_COLUMNS
from sync.core.errors import Never
from tests.commerce.conftest import MakeClient
from tests.commerce.doubles import START, HandClock
from tests.commerce.shop import Reply, Shop, numbers, order, select

DAWN = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> str:
    return stamp(DAWN + timedelta(seconds=second))


def everything(
    keyset: Keyset, rows: list[dict[str, Any]], *, tells_total: bool = True
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while (search := keyset.search()) is not None:
        page, total = select(rows, dict(search.query()))
        found += keyset.take(page, total if tells_total else None, page_size=search.page_size)
    return found


@given(
    seconds=st.lists(st.integers(0, 6), max_size=30),
    ids=st.permutations(range(1, 31)),
    page_size=st.integers(1, 8),
    since=st.integers(0, 6),
    length=st.integers(0, 6),
    tells_total=st.booleans(),
)
def test_every_row_of_a_window_is_read_exactly_once_whatever_shares_a_second(
    *,
    seconds: list[int],
    ids: list[int],
    page_size: int,
    since: int,
    length: int,
    tells_total: bool,
) -> None:
    rows = [order(number, at(second)) for number, second in zip(ids, seconds, strict=False)]
    first, last = DAWN + timedelta(seconds=since), DAWN + timedelta(seconds=since + length)
    found = everything(Keyset(first, last, page_size=page_size), rows, tells_total=tells_total)
    wanted = [row for row in rows if stamp(first) <= row["updated_at"] <= stamp(last)]
    assert found == sorted(wanted, key=lambda row: (row["updated_at"], row["entity_id"]))


def test_an_empty_window_asks_nothing() -> None:
    assert Keyset(DAWN, DAWN - timedelta(seconds=1), page_size=5).search() is None


def test_a_second_fuller_than_a_page_is_continued_by_id() -> None:
    rows = [order(n, at(3)) for n in range(1, 6)] + [order(9, at(4))]
    keyset = Keyset(DAWN, DAWN + timedelta(seconds=9), page_size=2)
    queries: list[dict[str, str]] = []
    found: list[int] = []
    while (search := keyset.search()) is not None:
        queries.append(dict(search.query()))
        page, total = select(rows, queries[-1])
        found += numbers(keyset.take(page, total, page_size=2))
    assert found == [1, 2, 3, 4, 5, 9]
    inside = queries[1]
    assert inside["searchCriteria[filter_groups][0][filters][0][condition_type]"] == "eq"
    assert inside["searchCriteria[filter_groups][0][filters][0][value]"] == at(3)
    assert inside["searchCriteria[filter_groups][1][filters][0][field]"] == "entity_id"
    assert inside["searchCriteria[filter_groups][1][filters][0][condition_type]"] == "gt"
    assert inside["searchCriteria[filter_groups][1][filters][0][value]"] == "2"
    assert all(query["searchCriteria[currentPage]"] == "1" for query in queries)


def test_a_window_ends_with_its_last_full_second() -> None:
    rows = [order(n, at(3)) for n in range(1, 4)]
    assert len(everything(Keyset(DAWN, DAWN + timedelta(seconds=3), page_size=2), rows)) == 3


def test_a_page_of_one_second_without_order_of_ids_is_read_again_by_id() -> None:
    keyset = Keyset(DAWN, DAWN + timedelta(seconds=9), page_size=2)
    page = [order(1, at(2)), order(5, at(3)), order(2, at(3))]
    assert numbers(keyset.take(page, 4, page_size=3)) == [1]
    page = [order(2, at(3)), order(4, at(3)), order(5, at(3))]
    assert numbers(keyset.take(page, 3, page_size=3)) == [2, 4, 5]


@given(
    seconds=st.lists(st.integers(0, 4), min_size=1, max_size=30),
    ids=st.permutations(range(1, 31)),
    page_size=st.integers(1, 8),
    place=st.integers(0, 29),
)
def test_a_reading_goes_on_after_any_row_with_the_next_one(
    seconds: list[int], ids: list[int], page_size: int, place: int
) -> None:
    rows = [order(number, at(second)) for number, second in zip(ids, seconds, strict=False)]
    last = DAWN + timedelta(seconds=9)
    found = everything(Keyset(DAWN, last, page_size=page_size), rows)
    place %= len(found)
    rest = Keyset(DAWN, last, page_size=page_size, after=position_of(found[place]))
    assert everything(rest, rows) == found[place + 1 :]


@pytest.mark.parametrize(
    "pages",
    [
        [[order(1, at(5)), order(2, at(4))]],
        [[order(1, at(3)), order(2, at(4))], [order(1, at(3)), order(1, at(3))]],
        [[order(1, at(3)), order(2, at(3))], [order(2, at(3)), order(1, at(3))]],
        [[order(1, at(3)), order(2, at(3))], [order(1, at(3)), order(2, at(3))]],
    ],
)
def test_a_list_that_ignores_the_order_asked_for_is_refused_rather_than_read_in_part(
    pages: list[list[dict[str, Any]]],
) -> None:
    keyset = Keyset(DAWN, DAWN + timedelta(seconds=9), page_size=2)
    for page in pages[:-1]:
        keyset.take(page, 99, page_size=2)
    with pytest.raises(Never, match="order asked for"):
        keyset.take(pages[-1], 99, page_size=2)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"entity_id": "x", "updated_at": at(1)},
        {"entity_id": 1, "updated_at": "now"},
        {"entity_id": None, "updated_at": at(1)},
    ],
)
def test_a_row_without_key_and_stamp_is_passed_over_and_stops_nothing(
    row: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    keyset = Keyset(DAWN, DAWN + timedelta(seconds=9), page_size=2)
    assert numbers(keyset.take([row, order(4, at(1))], 5, page_size=2)) == [4]
    with pytest.raises(Never, match="usable entity_id and updated_at"):
        keyset.take([row, row], 4, page_size=2)
    assert keyset.take([row], 1, page_size=2) == []
    assert caplog.messages == [
        f"commerce.rows_unusable key=entity_id count={count}" for count in (1, 2, 1)
    ]


async def test_changed_orders_are_found_with_their_own_row_and_oldest_first(
    make: MakeClient, shop: Shop, clock: HandClock
) -> None:
    shop.lists["orders"] = [order(n, at(100 - n), grand_total=1) for n in range(1, 8)]
    client = make(page_size=3)
    found = [row async for row in client.orders.changed(DAWN, clock.now())]
    assert numbers(found) == [7, 6, 5, 4, 3, 2, 1]
    assert found[0].keys() == {"increment_id", "entity_id", "store_id", "updated_at", "grand_total"}
    assert not {"items", "payment", "billing_address", "extension_attributes"} & {*ORDER_COLUMNS}


async def test_a_shop_is_asked_for_no_more_than_ours(
    make: MakeClient, shop: Shop, clock: HandClock
) -> None:
    shop.lists["orders"] = [order(n, at(5), store_id=n % 3) for n in range(1, 10)]
    people = [
        {"id": n, "store_id": 1, "website_id": n % 2, "updated_at": at(5)} for n in range(1, 10)
    ]
    shop.lists["customers/search"] = people
    client = make(page_size=2)
    found = [row async for row in client.orders.changed(DAWN, clock.now(), stores={1, 2})]
    assert [row["store_id"] for row in found] == [1, 2, 1, 2, 1, 2]
    customers = [row async for row in client.customers.changed(DAWN, clock.now(), websites={1})]
    assert [row["id"] for row in customers] == [1, 3, 5, 7, 9]


async def test_changed_customers_are_told_apart_by_id(
    make: MakeClient, shop: Shop, clock: HandClock
) -> None:
    is_subscribed, company = {"is_subscribed": True}, {"company_attributes": {"company_id": 7}}
    rows = [
        {"id": n, "updated_at": at(5), "email": "x", "dob": "1990-01-01", "addresses": [],
         "extension_attributes": is_subscribed | company}
        for n in range(1, 8)
    ]  # fmt: skip
    shop.lists["customers/search"] = rows
    found = [row async for row in make(page_size=3).customers.changed(DAWN, clock.now())]
    assert [row["id"] for row in found] == list(range(1, 8))
    assert found[0].keys() == {"id", "updated_at", "email", "addresses", "extension_attributes"}
    assert found[0]["extension_attributes"] == company


async def test_a_window_ends_behind_the_shops_clock_not_ours(
    client: CommerceClient, shop: Shop
) -> None:
    server = START - timedelta(minutes=9)
    shop.clock = lambda: server
    stamps = {
        1: server - timedelta(seconds=5),
        2: server - timedelta(seconds=4),
        3: server + timedelta(minutes=5),
    }
    shop.lists["orders"] = [order(n, stamp(moment)) for n, moment in stamps.items()]
    assert numbers([row async for row in client.orders.changed(DAWN)]) == [1]
    assert numbers([row async for row in client.orders.changed(DAWN, START)]) == [1]
    assert client.counts["reads"] == 3


async def test_a_shop_that_tells_no_time_is_read_by_our_clock(
    client: CommerceClient, shop: Shop
) -> None:
    shop.tells_time = False
    shop.lists["orders"] = []
    assert await client.settled() == START - timedelta(seconds=5)


async def test_a_shop_with_small_pages_is_polled_completely(
    make: MakeClient, shop: Shop, clock: HandClock
) -> None:
    shop.largest_page = 2
    shop.lists["orders"] = [order(n, at(n // 3)) for n in range(1, 12)]
    found = [row async for row in make(page_size=100).orders.changed(DAWN, clock.now())]
    assert numbers(found) == list(range(1, 12))


async def test_a_page_shorter_than_its_total_is_continued(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [
        Reply(200, {"items": None, "total_count": 0}),
        Reply(200, {"items": [order(1, at(1)), order(2, at(2))], "total_count": 3}),
        Reply(200, {"items": [order(2, at(2)), order(3, at(3))], "total_count": 2}),
    ]
    assert numbers([row async for row in client.orders.changed(DAWN)]) == [1, 2, 3]
