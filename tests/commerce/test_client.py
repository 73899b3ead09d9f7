"""The client against a shop that follows Commerce's rules: reads, lists, lost answers, pauses."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.commerce.errors import NotThere, PageTooLarge
from sync.commerce.filters import Op, where
from sync.commerce.rest import Page
from sync.commerce.returns import saved
from sync.commerce.search import Search, Sort
from sync.commerce.shipments import Track
from sync.config.connections import Commerce
from sync.core.errors import Later, Never, Paused, Unknown
from sync.pacing.limiter import Limiter
from tests.commerce.conftest import MakeClient
from tests.commerce.doubles import HandClock, Network
from tests.commerce.shop import Reply, Shop, numbers, order, refusal
from tests.pacing.paces import pace_of
from tests.virtual_time import in_virtual_time

PAYLOADS = Path(__file__).parents[1] / "payloads" / "commerce_live"
BY_ID = Search(sorts=(Sort("entity_id"),), page_size=2)
MAINTENANCE = Reply(503, b"<h1>Service Temporarily Unavailable</h1> maintenance downtime")


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())["response"]["body"]


async def everything(client: CommerceClient, search: Search = BY_ID) -> list[Page]:
    return [page async for page in client.pages("orders", search)]


async def test_numbers_with_fractions_arrive_as_decimals(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [Reply(200, b'{"grand_total":0.010000000000218,"qty":2}')]
    assert await client.get("orders/1") == {"grand_total": Decimal("0.010000000000218"), "qty": 2}


async def test_an_empty_answer_to_a_write_is_none_and_to_a_read_none_at_all(
    client: CommerceClient, shop: Shop
) -> None:
    """Before a shop stand machines that answer 200 or 204 for it with nothing."""
    shop.replies = [Reply(204, b""), Reply(200, b" "), Reply(200, b" ")]
    assert await client.post("orders/1/hold") is None
    with pytest.raises(Later, match="with success, but not JSON"):
        await client.search("orders", BY_ID)


async def test_a_tracking_number_is_sent_with_all_that_the_specification_wants(
    client: CommerceClient, shop: Shop, clock: HandClock
) -> None:
    shop.replies = [Reply(200, {"entity_id": 1})]
    track = Track("1Z999", "UPS Ground", "ups")
    await client.shipments.add_track(42, 7, track, not_after=clock.now() + timedelta(minutes=1))
    (_, _, _, raw), wanted = shop.received[0], {"weight": 0, "qty": 1, "description": ""}
    assert wanted.items() <= json.loads(raw)["entity"].items()


def test_an_rma_is_saved_with_every_quantity_whether_or_not_the_shop_named_it() -> None:
    item = {"entity_id": 5, "qty_requested": 2, "qty_authorized": 2}
    body: Any = saved({"entity_id": 3, "items": [item]}).body
    (sent,) = body["rmaDataObject"]["items"]
    assert sent == {**item, "qty_returned": None, "qty_approved": None}


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"true", b"false", b'{"id":null}', b'"x"'])
async def test_what_made_a_record_and_names_no_id_is_unknown(
    client: CommerceClient, shop: Shop, clock: HandClock, body: bytes
) -> None:
    shop.replies = [Reply(200, one) for one in (body, b'"12"', b"12", b'{"id":12}')]
    late = clock.now() + timedelta(minutes=1)
    with pytest.raises(Unknown, match="names no id"):
        await client.made("order/1/ship", {}, not_after=late)
    for _ in range(3):
        assert await client.made("order/1/ship", {}, not_after=late) == 12


async def test_a_customer_is_read_as_recorded_and_a_deleted_one_is_none(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["customers/search"] = [recorded("customer_get")]
    found = await client.customers.by_id(1)
    assert found is not None
    assert found["addresses"]
    assert await client.customers.by_id(2) is None


async def test_a_customer_is_known_by_website_whether_a_number_or_a_text(
    client: CommerceClient, shop: Shop
) -> None:
    rows = [
        {"id": 1, "email": "a@b", "website_id": 1},
        {"id": 2, "email": "a@b", "website_id": "2"},
    ]
    shop.lists["customers/search"] = rows
    assert [await client.customers.with_email("a@b", one) for one in (1, 2, 3)] == [*rows, None]


async def test_store_views_are_read_as_recorded(client: CommerceClient, shop: Shop) -> None:
    shop.records["store/storeViews"] = recorded("store_views")
    assert {view["code"] for view in await client.store_views()} == {"default", "admin", "de"}
    shop.records["store/storeViews"] = {"items": []}
    with pytest.raises(Never, match="not a list of records"):
        await client.store_views()


async def test_many_orders_are_read_by_number_with_one_request(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(n) for n in range(1, 100)]
    found = await client.orders.by_numbers([f"{n:09d}" for n in range(1, 80)])
    assert numbers(found) == list(range(1, 80))
    assert client.counts == {"reads": 1, "writes": 0}


async def test_one_number_may_belong_to_orders_of_several_stores(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(1), order(2, increment_id="000000001", store_id=2)]
    assert numbers(await client.orders.by_number("000000001")) == [1, 2]
    assert await client.orders.by_number("000000009") == []


async def test_what_is_asked_for_at_the_same_time_is_one_request(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(1), order(2), order(3, increment_id="000000002", store_id=2)]
    first, in_store, none, nowhere = await asyncio.gather(
        client.orders.by_number("000000001"),
        client.orders.in_store("000000002", "2"),
        client.orders.by_number("000000009"),
        client.orders.in_store("000000001", "7"),
    )
    assert (numbers(first), none, nowhere) == ([1], [], None)
    assert in_store is not None
    assert in_store["entity_id"] == 3
    by_id = await asyncio.gather(client.orders.by_id(1), client.orders.by_id(77))
    assert [row and row["entity_id"] for row in by_id] == [1, None]
    assert client.counts["reads"] == 2
    await client.aclose()
    with pytest.raises(Later):
        await client.orders.by_number("000000001")


async def test_a_number_with_a_comma_is_asked_for_by_itself(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(1, increment_id="A,1"), order(2, increment_id="B")]
    assert sorted(numbers(await client.orders.by_numbers(["A,1", "B", "", "B"]))) == [1, 2]
    assert client.counts["reads"] == 2


async def test_no_numbers_cost_no_request(client: CommerceClient) -> None:
    assert await client.orders.by_numbers([]) == []
    assert client.counts["reads"] == 0


async def test_very_many_numbers_are_split_over_urls_that_proxies_accept(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(n) for n in range(1, 1001)]
    found = await client.orders.by_numbers(row["increment_id"] for row in shop.lists["orders"])
    assert sorted(numbers(found)) == list(range(1, 1001))
    assert max(len(target) for _, target, _, _ in shop.received) < 8192


async def test_customers_are_read_by_id_with_one_request(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["customers/search"] = [{"id": n, "email": "x"} for n in range(1, 10)]
    found = await asyncio.gather(*map(client.customers.by_id, [3, 5, 77]))
    assert [one and one["id"] for one in found] == [3, 5, None]
    assert client.counts["reads"] == 1


async def test_skus_of_products_are_one_request_and_are_remembered(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["products"] = [{"id": n, "sku": f"SKU-{n}"} for n in range(1, 10)]
    products = client.products
    one, other = await asyncio.gather(products.skus([3, 5]), products.skus([5, 77]))
    assert one == {3: "SKU-3", 5: "SKU-5"}
    assert other == {5: "SKU-5"}
    assert await products.skus([3, 5]) == {3: "SKU-3", 5: "SKU-5"}
    assert client.counts["reads"] == 1


async def test_pages_give_every_row_once_and_stop_at_the_last_match(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(n) for n in range(1, 5)]
    pages = await everything(client)
    assert [numbers(page.items) for page in pages] == [[1, 2], [3, 4]]
    assert [page.total_count for page in pages] == [4, 4]
    assert client.counts["reads"] == 2


async def test_an_empty_list_has_no_pages(client: CommerceClient, shop: Shop) -> None:
    shop.lists["orders"] = []
    assert await everything(client) == []


async def test_a_shop_that_repeats_its_last_page_does_not_hold_us(
    client: CommerceClient, shop: Shop
) -> None:
    shop.repeats_last_page = True
    shop.replies = [
        Reply(200, {"items": [order(1), order(2)]}),
        Reply(200, {"items": [order(3), order(2)]}),
    ]
    shop.replies += [Reply(200, {"items": [order(3), order(2)]})]
    assert [numbers(page.items) for page in await everything(client)] == [[1, 2], [3]]


async def test_a_total_that_is_too_high_ends_at_a_page_without_news(
    client: CommerceClient, shop: Shop
) -> None:
    last = {"items": [order(1), order(2)], "total_count": 9}
    shop.replies = [Reply(200, last), Reply(200, last)]
    assert [numbers(page.items) for page in await everything(client)] == [[1, 2]]


async def test_items_null_and_a_short_page_without_total_are_ends(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [
        Reply(200, {"items": [order(1), order(2)], "total_count": "5"}),
        Reply(200, {"items": None}),
    ]
    assert [numbers(page.items) for page in await everything(client)] == [[1, 2]]
    shop.replies = [Reply(200, {"items": [{"name": "no key"}], "total_count": None})]
    assert [page.items for page in await everything(client)] == [[{"name": "no key"}]]


@pytest.mark.parametrize(
    "document", [[], {"error": 1}, "text", {"items": ["x"]}, {"items": {"0": {}}}]
)
async def test_an_answer_that_is_no_list_is_never_taken_for_an_empty_one(
    client: CommerceClient, shop: Shop, document: Any
) -> None:
    shop.replies = [Reply(200, document)]
    with pytest.raises(Never, match="not a list of records"):
        await client.search("orders", BY_ID)


async def test_a_page_beyond_the_last_is_empty_as_recorded(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [Reply(200, recorded("orders_list_page_beyond_last_small_fields"))]
    page = await client.search("orders", BY_ID)
    assert (page.items, page.total_count) == ([], 150)


async def test_a_limit_of_page_sizes_is_obeyed_and_remembered(
    client: CommerceClient, shop: Shop
) -> None:
    shop.largest_page = 3
    shop.lists["orders"] = [order(n) for n in range(1, 8)]
    wide = Search(sorts=(Sort("entity_id"),), page_size=100)
    assert [numbers(page.items) for page in await everything(client, wide)] == [
        [1, 2, 3],
        [4, 5, 6],
        [7],
    ]
    assert client.counts["reads"] == 4
    assert (await client.search("orders", wide)).page_size == 3
    assert client.counts["reads"] == 5


async def test_a_limit_that_falls_while_pages_are_read_begins_again_without_repeating_rows(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(n) for n in range(1, 8)]
    reading = client.pages("orders", Search(sorts=(Sort("entity_id"),), page_size=3))
    seen = numbers((await anext(reading)).items)
    shop.largest_page = 2
    seen += [n for page in [page async for page in reading] for n in numbers(page.items)]
    assert seen == list(range(1, 8))


async def test_a_limit_learnt_by_somebody_else_begins_again_too(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = [order(n) for n in range(1, 8)]
    reading = client.pages("orders", Search(sorts=(Sort("entity_id"),), page_size=3))
    seen = numbers((await anext(reading)).items)
    shop.largest_page = 2
    await client.search("orders", Search(page_size=100))
    seen += [n for page in [page async for page in reading] for n in numbers(page.items)]
    assert seen == list(range(1, 8))


async def test_a_later_page_alone_is_not_silently_moved(client: CommerceClient, shop: Shop) -> None:
    shop.lists["orders"] = [order(n) for n in range(1, 8)]
    shop.largest_page = 2
    with pytest.raises(PageTooLarge):
        await client.search("orders", BY_ID.at(page=2, page_size=3))


async def test_a_limit_that_is_no_limit_does_not_ask_for_ever(
    client: CommerceClient, shop: Shop
) -> None:
    too_large = refusal(400, "Maximum SearchCriteria pageSize is %max", {"max": 300})
    shop.replies = [too_large, too_large]
    with pytest.raises(PageTooLarge):
        await client.search("orders", BY_ID)
    with pytest.raises(PageTooLarge):
        await everything(client)


async def test_a_read_is_tried_once_more_after_a_lost_connection(
    client: CommerceClient, shop: Shop, network: Network
) -> None:
    shop.records["orders/1"] = {"entity_id": 1}
    network.before = [httpx.ConnectError("refused"), None]
    assert await client.get("orders/1") == {"entity_id": 1}
    network.after = [httpx.ReadTimeout("slow"), None]
    assert await client.get("orders/1") == {"entity_id": 1}
    network.before = [httpx.ConnectError("refused"), httpx.ConnectError("refused")]
    with pytest.raises(Later, match=r"no answer from Commerce to GET orders/1 \(ConnectError\)"):
        await client.get("orders/1")
    assert client.counts == {"reads": 6, "writes": 0}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_is_tried_once_more_after_a_server_fault(
    client: CommerceClient, shop: Shop, status: int
) -> None:
    shop.records["orders/1"] = {"entity_id": 1}
    shop.replies = [Reply(status, {"message": "Internal Error."}), None]
    assert await client.get("orders/1") == {"entity_id": 1}
    shop.replies = [Reply(status, {"message": "Internal Error."})] * 2
    with pytest.raises(Later):
        await client.get("orders/1")


async def test_maintenance_is_not_tried_again_at_once(client: CommerceClient, shop: Shop) -> None:
    shop.replies = [MAINTENANCE]
    with pytest.raises(Later) as caught:
        await client.get("orders/1")
    assert not caught.value.counts
    assert client.counts["reads"] == 1


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), httpx.ReadError("x")]
)
async def test_a_write_whose_answer_is_lost_is_sent_once_and_unknown(
    client: CommerceClient, shop: Shop, network: Network, error: Exception
) -> None:
    network.after = [error]
    with pytest.raises(Unknown):
        await client.post("order/42/ship", {"items": []})
    assert len(shop.received) == 1


async def test_a_write_that_never_left_is_later(
    client: CommerceClient, shop: Shop, network: Network
) -> None:
    network.before = [httpx.ConnectTimeout("x")]
    with pytest.raises(Later) as caught:
        await client.put("products/A", {"product": {}})
    assert not isinstance(caught.value, Unknown)
    assert not shop.received


async def test_a_write_answered_500_is_sent_once_and_unknown(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [Reply(500, {"message": "Internal Error."})]
    with pytest.raises(Unknown):
        await client.post("customers", {"customer": {}})
    assert client.counts == {"reads": 0, "writes": 1}


async def test_a_write_answered_with_something_unreadable_has_happened_and_is_unknown(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [Reply(200, b'{"entity_id": 4')]
    with pytest.raises(Unknown, match="with success, but not JSON"):
        await client.post("orders", {"entity": {}})


async def test_an_action_without_body_sends_none(client: CommerceClient, shop: Shop) -> None:
    shop.records["orders/42/hold"] = True
    assert await client.post("orders/42/hold") is True
    _, _, headers, raw = shop.received[0]
    assert raw == b""
    assert "content-type" not in headers


async def test_cookies_are_not_sent_back_because_a_session_would_queue_our_requests(
    client: CommerceClient, shop: Shop
) -> None:
    shop.records["orders/1"] = {}
    await client.get("orders/1")
    await client.get("orders/1")
    assert all("cookie" not in headers for _, _, headers, _ in shop.received)


async def test_a_redirect_is_not_followed_with_our_signature(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [Reply(302, b"", (("location", "https://elsewhere.example/"),))]
    with pytest.raises(Later, match="302"):
        await client.get("orders/1")
    assert len(shop.received) == 1


async def test_a_429_is_told_to_everybody_before_it_is_raised(make: MakeClient, shop: Shop) -> None:
    client = make()
    shop.replies = [
        Reply(429, {"message": "Too Many Requests", "trace": None}, (("retry-after", "17"),))
    ] * 2
    with pytest.raises(Paused) as caught:
        await client.get("orders/1")
    assert caught.value.after == timedelta(seconds=17)
    assert caught.value.system == client.system == "Commerce at shop.example.com"
    with pytest.raises(Paused):
        await client.get("orders/1")
    assert len(shop.received) == 1
    with pytest.raises(Paused):
        await make().get("orders/1")


@pytest.mark.parametrize("status", [429, 503, 504])
async def test_a_shop_that_has_too_much_to_do_is_asked_less_at_a_time(
    make: MakeClient, shop: Shop, clock: HandClock, status: int
) -> None:
    limiter = Limiter(8, 8)
    client = make(pace_of(clock, limiter))
    shop.replies = [refusal(status, "Too much.")]
    with pytest.raises(Later):
        await client.post("orders/1/comments", {})
    assert limiter.limit == 4


async def test_a_missing_right_is_never_and_names_it(client: CommerceClient, shop: Shop) -> None:
    shop.rights = lambda path: "Magento_Sales::actions_view" if path.startswith("orders") else ""
    with pytest.raises(Never, match="Magento_Sales::actions_view") as caught:
        await client.get("orders/1")
    assert not isinstance(caught.value, NotThere)
    assert len(shop.received) == 1


async def test_error_texts_name_verb_and_path_but_no_query(
    client: CommerceClient, shop: Shop
) -> None:
    shop.replies = [refusal(400, "No.")]
    with pytest.raises(Never) as caught:
        await client.search("orders", BY_ID.having(where("customer_email", Op.EQ, "a@b.example")))
    assert "GET orders" in caught.value.reason
    assert "b.example" not in caught.value.reason + caught.value.remedy


async def test_no_more_requests_are_under_way_than_the_connection_allows(
    clock: HandClock, secrets: Any, shop: Shop
) -> None:
    gate, full = asyncio.Event(), asyncio.Event()
    under_way = most = 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            full.set()
        await gate.wait()
        under_way -= 1
        return httpx.Response(200, json={})

    named = {name.replace("-", "_"): name for name in secrets.values}
    async with httpx.AsyncClient(transport=httpx.MockTransport(slow)) as http:
        settings = Commerce(**{"url": "https://shop.example.com", "concurrency": 3, **named})
        client = CommerceClient(
            Access(
                settings,
                secrets=secrets,
                http=http,
                clock=clock,
                pace=pace_of(clock, Limiter(3, 3)),
            )
        )
        asking = [asyncio.create_task(client.get("orders/1")) for _ in range(10)]
        await full.wait()
        gate.set()
        await asyncio.gather(*asking)
    assert most == 3


@pytest.mark.parametrize("date", ["no date", "", "Thu, 01 Jan 2026 12:00:00 -0000"])
async def test_a_date_that_cannot_be_read_tells_no_time(
    client: CommerceClient, shop: Shop, date: str
) -> None:
    shop.tells_time = False
    shop.replies = [Reply(200, {}, (("date", date),))]
    await client.get("orders/1")
    assert client.server_time is None


@in_virtual_time
async def test_the_shops_time_is_known_by_its_answers_also_where_our_clock_is_set(
    client: CommerceClient, shop: Shop, clock: HandClock
) -> None:
    """A poll looks up to it: too far, and what changes until then is not looked for."""
    told = datetime(2026, 1, 1, 11, 55, 0, tzinfo=UTC)
    shop.clock = lambda: told
    shop.lists["orders"] = []
    assert client.server_time is None
    page = await client.search("orders", BY_ID)
    assert page.server_time == told
    await asyncio.sleep(60)
    clock.move(timedelta(minutes=10))
    assert client.server_time == told + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("told", "known"),
    [([0, 1], 0.4), ([0, 1, 1], 0.4), ([0, 1, -3], -4.2), ([0, 1, 9], 7.8)],
)
@in_virtual_time
async def test_of_dates_that_are_close_the_one_that_came_soonest_counts(
    client: CommerceClient, shop: Shop, clock: HandClock, told: list[int], known: float
) -> None:
    begin = clock.now()
    shop.lists["orders"] = []
    for second in told:
        date = begin + timedelta(seconds=second)
        shop.clock = lambda date=date: date  # type: ignore[misc]
        await client.search("orders", BY_ID)
        await asyncio.sleep(0.6)
    now = begin + timedelta(seconds=0.6 * len(told))
    assert client.server_time == now + timedelta(seconds=known)


async def test_a_write_whose_turn_comes_too_late_is_not_sent_and_uses_up_no_try(
    client: CommerceClient, shop: Shop, clock: HandClock
) -> None:
    deadline = clock.now()
    shop.replies = [Reply(200, b"true")]
    await client.post("orders/1/comments", {}, not_after=deadline)
    clock.move(timedelta(milliseconds=1))
    with pytest.raises(Later) as late:
        await client.post("orders/1/comments", {}, not_after=deadline)
    assert not isinstance(late.value, Unknown)
    assert not late.value.counts
    assert client.counts["writes"] == 1
