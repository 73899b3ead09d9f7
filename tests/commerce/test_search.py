"""searchCriteria: the queries of a live shop are reproduced, and the silent traps cannot be
expressed."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.commerce.address import encoded
from sync.commerce.filters import Filter, Op, Unsearchable, moment_of, stamp, where
from sync.commerce.search import LONGEST_QUERY, Direction, Search, Sort, selection, split
from tests.commerce.shop import order, raw_pairs, select

PAYLOADS = Path(__file__).parents[1] / "payloads" / "commerce_live"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SINCE_LONG_AGO = Search().having(where("updated_at", Op.GTEQ, LONG_AGO))

RECORDED: list[tuple[str, Search]] = [
    (
        "orders_list_page_last",
        Search(
            SINCE_LONG_AGO.groups,
            (Sort("entity_id"),),
            100,
            2,
            ("entity_id", "increment_id", "updated_at"),
        ),
    ),
    (
        "orders_list_status_in",
        Search(page_size=5).having(where("status", Op.IN, ["processing", "complete"])),
    ),
    ("orders_list_null", Search(page_size=5).having(where("customer_id", Op.NULL))),
    (
        "orders_list_like",
        Search(page_size=5).having(where("customer_email", Op.LIKE, "cust%@example.com")),
    ),
    (
        "orders_list_future_gt_page2_empty",
        Search(page_size=10, page=2).having(
            where("updated_at", Op.GTEQ, datetime(2099, 1, 1, tzinfo=UTC))
        ),
    ),
    (
        "products_list_sku_in",
        Search(page_size=10).having(where("sku", Op.IN, ("SIMPLE-001", "TEE", "BUNDLE-DYN"))),
    ),
    ("customers_search_empty", Search(page_size=10).having(where("email", Op.EQ, "nobody@x.y"))),
    (
        "order_items_list_by_item_updated_at",
        Search(
            SINCE_LONG_AGO.groups,
            (Sort("updated_at", Direction.DESC),),
            2,
            fields=("item_id", "order_id", "updated_at", "qty_shipped"),
        ),
    ),
]


@pytest.mark.parametrize(("name", "search"), RECORDED, ids=[name for name, _ in RECORDED])
def test_queries_are_those_that_a_live_shop_understood(name: str, search: Search) -> None:
    exchange = json.loads((PAYLOADS / f"{name}.json").read_text())
    sent = dict(parse_qsl(exchange["request"]["raw_query"], keep_blank_values=True))
    ours = dict(search.query())
    if "fields" in sent and "fields" in ours:
        sent["fields"] = sent["fields"].removesuffix(",search_criteria")
    else:
        sent.pop("fields", None)
    assert ours == sent
    echo = exchange["response"]["body"].get("search_criteria")
    if echo:
        assert [group["filters"] for group in echo["filter_groups"]] == [
            [{"field": one.field, "value": one.value, "condition_type": one.op} for one in group]
            for group in search.groups
        ]
        assert (echo["page_size"], echo["current_page"]) == (search.page_size, search.page)


def test_spaces_are_percent_encoded_and_plus_stays_distinct() -> None:
    text = encoded(Search().having(where("name", Op.EQ, "a b+c%")).query())
    assert "value%5D=a%20b%2Bc%25" in text
    assert "+" not in text


def test_every_search_writes_a_size_a_page_and_a_direction() -> None:
    assert Search(sorts=(Sort("entity_id"),)).query() == [
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "ASC"),
        ("searchCriteria[pageSize]", "100"),
        ("searchCriteria[currentPage]", "1"),
    ]


def test_alternatives_share_a_group_and_conditions_do_not() -> None:
    search = (
        Search().having(where("a", Op.EQ, 1), where("b", Op.EQ, 2)).having(where("c", Op.NOTNULL))
    )
    names = [name for name, _ in search.query() if name.endswith("[field]")]
    assert names == [
        "searchCriteria[filter_groups][0][filters][0][field]",
        "searchCriteria[filter_groups][0][filters][1][field]",
        "searchCriteria[filter_groups][1][filters][0][field]",
    ]


@pytest.mark.parametrize("unknown", ["moreq", "gte", "lte", "ne", ""])
def test_operators_that_commerce_takes_for_equals_do_not_exist(unknown: str) -> None:
    with pytest.raises(ValueError, match="not a valid Op"):
        Op(unknown)


@pytest.mark.parametrize(
    ("field", "op", "value"),
    [
        ("updated_at", Op.GTEQ, datetime(2026, 1, 1)),  # noqa: DTZ001 - the point
        ("updated_at", Op.EQ, datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC)),
        ("sku", Op.IN, ["A,B"]),
        ("sku", Op.IN, ["A", ""]),
        ("sku", Op.IN, []),
        ("sku", Op.IN, "A"),
        ("sku", Op.NIN, None),
        ("sku", Op.EQ, None),
        ("sku", Op.EQ, ["A"]),
        ("sku", Op.NULL, "x"),
        ("is_active", Op.EQ, True),
        ("price", Op.GT, 1.5),
        ("entity_id", Op.EQ, "abc"),
        ("store_id", Op.IN, [1, "2x"]),
        ("updated_at]", Op.EQ, "1"),
        ("Items", Op.EQ, "1"),
        ("", Op.EQ, "1"),
    ],
)
def test_what_commerce_would_misread_is_refused(field: str, op: Op, value: Any) -> None:
    with pytest.raises(Unsearchable):
        where(field, op, value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"page_size": 0},
        {"page_size": -1},
        {"page_size": 301},
        {"page": 0},
        {"groups": ((where("a", Op.EQ, 1),),) * 11},
        {"groups": ((where("a", Op.EQ, 1),) * 11,)},
        {"groups": ((),)},
        {"sorts": (Sort("a"),) * 11},
    ],
)
def test_sizes_and_indexes_beyond_what_signs_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(Unsearchable):
        Search(**arguments)


def test_ten_filters_and_ten_groups_are_the_most() -> None:
    ten = (where("a", Op.EQ, 1),) * 10
    names = "".join(name for name, _ in Search((ten,) * 10, (Sort("a"),) * 10).query())
    assert "[9]" in names
    assert "[10]" not in names


def test_a_sort_needs_a_name() -> None:
    with pytest.raises(Unsearchable):
        Sort("updated at")


@pytest.mark.parametrize(
    ("op", "second"), [(Op.GTEQ, 1), (Op.LT, 1), (Op.FROM, 1), (Op.GT, 0), (Op.LTEQ, 0), (Op.TO, 0)]
)
def test_a_bound_between_two_seconds_finds_the_rows_it_means(op: Op, second: int) -> None:
    half = datetime(2026, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC)
    assert where("updated_at", op, half).value == f"2026-01-01 10:00:0{second}"


def test_dates_are_written_in_utc_without_an_offset() -> None:
    berlin = datetime(2026, 7, 1, 12, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(berlin) == "2026-07-01 10:00:00"
    assert moment_of("2026-07-01 10:00:00") == berlin


def test_decimals_are_written_with_their_digits() -> None:
    assert where("price", Op.GT, Decimal("1E+2")).value == "100"
    assert where("price", Op.GT, Decimal("0.10")) == Filter("price", Op.GT, "0.10")


def test_fields_are_built_from_names() -> None:
    nested = selection(
        ("items", ["sku", ("product_option", ["extension_attributes"])]), "total_count"
    )
    assert nested == "items[sku,product_option[extension_attributes]],total_count"
    for wrong in ("a,b", "a[b]", "", " a"):
        with pytest.raises(Unsearchable):
            selection(wrong)
    with pytest.raises(Unsearchable):
        selection(("items", []))


@given(st.lists(st.text("ABCÜ0123-/ +%", min_size=1, max_size=64), max_size=400))
def test_a_list_is_split_below_the_longest_query_and_loses_nothing(values: list[str]) -> None:
    base = Search(sorts=(Sort("entity_id"),), fields=("sku", "entity_id"))
    searches = list(split(base, "sku", values))
    assert [one for search in searches for one in search.groups[-1][0].value.split(",")] == list(
        dict.fromkeys(values)
    )
    assert all(len(encoded(search.query())) <= LONGEST_QUERY for search in searches)


def test_a_list_that_fits_is_one_search_and_an_empty_one_is_none() -> None:
    assert len(list(split(Search(), "increment_id", [f"{n:09d}" for n in range(300)]))) == 1
    assert list(split(Search(), "increment_id", [])) == []


def test_the_test_shop_falls_into_the_traps_as_a_live_shop_does() -> None:
    rows = [order(1), order(2), order(3)]
    at = "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D"
    pairs = raw_pairs(f"{at}%5Bfield%5D=entity_id&{at}%5Bvalue%5D=2&{at}%5Bcondition_type%5D=moreq")
    assert select(rows, pairs) == ([order(2)], 1)
    assert len(select(rows, {})[0]) == 3
