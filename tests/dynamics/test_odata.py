from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.errors import Never
from sync.dynamics.odata import (
    Filter,
    Literal,
    Member,
    instant_of,
    literal,
    query_string,
    record_path,
)
from tests.dynamics.doubles import key_in

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (
            {"dataAreaId": "usmf", "CustomerAccount": "O'B"},
            "X(dataAreaId='usmf',CustomerAccount='O%27%27B')",
        ),
        ({"A": "a/b#c?d%e&f+g h"}, "X(A='a%2Fb%23c%3Fd%25e%26f%2Bg%20h')"),
        ({"A": "DAT\\-000011"}, "X(A='DAT%5C-000011')"),
        ({"A": "*"}, "X(A='%2A')"),
        ({"A": ""}, "X(A='')"),
        ({"A": "Ünïcode"}, "X(A='%C3%9Cn%C3%AFcode')"),
        ({"LineNumber": 1, "Id": 5637145331}, "X(LineNumber=1,Id=5637145331)"),
        ({"N": Decimal("1.0"), "M": Decimal("1E+2")}, "X(N=1.0,M=100)"),
        ({"D": date(2026, 7, 23)}, "X(D=2026-07-23T12:00:00Z)"),
        (
            {"D": datetime(2026, 7, 23, 14, 0, tzinfo=timezone(timedelta(hours=2)))},
            "X(D=2026-07-23T12:00:00Z)",
        ),
        ({"E": Member("NoYes", "Yes")}, "X(E=Microsoft.Dynamics.DataEntities.NoYes'Yes')"),
        ({"B": True, "C": False}, "X(B=true,C=false)"),
    ],
)
def test_a_record_is_addressed_by_its_encoded_key(key: dict[str, Literal], path: str) -> None:
    assert record_path("X", key) == path


@given(st.dictionaries(st.sampled_from(["dataAreaId", "Account", "Third"]), TEXT, min_size=1))
def test_whatever_a_key_holds_it_can_be_read_back_from_the_url_that_is_sent(
    key: dict[str, str],
) -> None:
    sent = httpx.URL("https://env.test/data/" + record_path("CustomersV3", key)).raw_path.decode()
    assert sent.startswith("/data/CustomersV3(")
    assert key_in(sent[len("/data/CustomersV3(") : -1]) == key


@given(TEXT.filter(lambda text: "*" not in text and "\\" not in text))
def test_whatever_a_filter_compares_with_it_can_be_read_back_from_the_url_that_is_sent(
    value: str,
) -> None:
    options = query_string(where=Filter.eq("Name", value), select=["Name"])
    url = httpx.URL("https://env.test/data/X?" + options)
    assert url.fragment == ""
    assert dict(url.params) == {
        "cross-company": "true", "$select": "Name", "$filter": f"Name eq {literal(value)}",
    }  # fmt: skip


@pytest.mark.parametrize("value", [1.5, None, b"x", Decimal("NaN"), Decimal("Infinity")])
def test_what_f_and_o_has_no_literal_for_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="no key or filter value"):
        literal(value)


def test_a_datetime_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        literal(datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def test_half_a_character_parks_with_a_remedy() -> None:
    with pytest.raises(Never) as caught:
        record_path("X", {"A": "\ud800"})
    assert "Correct" in caught.value.remedy


@pytest.mark.parametrize("name", ["", "a b", "x'y", "A/B", "1A", "dataAreaId eq 'x' or A"])
def test_an_odd_name_is_a_bug_and_never_reaches_the_url(name: str) -> None:
    for make in (
        lambda: record_path(name, {"A": "1"}),
        lambda: record_path("X", {name: "1"}),
        lambda: Filter.eq(name, "1"),
        lambda: query_string(select=[name]),
        lambda: query_string(order_by=[name]),
        lambda: str(Member(name, "Yes")),
    ):
        with pytest.raises(ValueError, match=r"no name|no order"):
            make()


def test_a_record_without_a_key_is_a_bug() -> None:
    with pytest.raises(ValueError, match="all of its key fields"):
        record_path("X", {})


def test_conditions_combine_with_brackets_where_they_are_needed() -> None:
    company = Filter.eq("dataAreaId", "usmf")
    some = Filter.any_of("Reference", ["a", "O'B"])
    assert (
        company & some
    ).text == "dataAreaId eq 'usmf' and (Reference eq 'a' or Reference eq 'O''B')"
    assert (company | Filter.ne("X", 1)).text == "dataAreaId eq 'usmf' or X ne 1"
    assert Filter.any_of("A", ["x"]).text == "A eq 'x'"
    assert (
        (company | company) & company
    ).text == "(dataAreaId eq 'usmf' or dataAreaId eq 'usmf') and dataAreaId eq 'usmf'"


def test_every_operator_writes_its_value() -> None:
    day = date(2026, 7, 1)
    assert [make("D", day).text for make in (Filter.gt, Filter.ge)] == [
        f"D {operator} 2026-07-01T12:00:00Z" for operator in ("gt", "ge")
    ]
    assert Filter.eq("S", Member("SalesStatus", "Backorder")).text == (
        "S eq Microsoft.Dynamics.DataEntities.SalesStatus'Backorder'"
    )


@pytest.mark.parametrize("value", ["a*b", "*", "back\\slash"])
def test_a_pattern_is_refused_without_repeating_it(value: str) -> None:
    for make in (Filter.eq, Filter.ne, Filter.ge):
        with pytest.raises(Never) as caught:
            make("Email", value)
        assert value not in caught.value.reason.replace("'*'", "")
        assert "Email" in caught.value.reason
        assert caught.value.remedy


def test_members_of_an_enum_have_no_order() -> None:
    with pytest.raises(TypeError, match="order"):
        Filter.gt("Status", Member("SalesStatus", "Backorder"))


def test_one_of_no_values_is_no_condition() -> None:
    with pytest.raises(ValueError, match="no values"):
        Filter.any_of("A", [])


def test_a_query_always_asks_across_companies() -> None:
    assert query_string() == "cross-company=true"
    assert query_string(select=["A", "B"], order_by=["dataAreaId", "N desc"], top=5) == (
        "cross-company=true&$select=A,B&$orderby=dataAreaId,N%20desc&$top=5"
    )


@pytest.mark.parametrize("term", ["A up", "A  desc", "A desc desc"])
def test_an_order_is_a_field_and_a_direction(term: str) -> None:
    with pytest.raises(ValueError, match="no order"):
        query_string(order_by=[term])


def test_the_first_of_no_records_is_a_bug() -> None:
    with pytest.raises(ValueError, match="nothing"):
        query_string(top=0)


@pytest.mark.parametrize("unset", ["1900-01-01T12:00:00Z", "1900-01-01T00:00:00Z", "", None])
def test_the_first_of_january_1900_is_no_date(unset: str | None) -> None:
    assert instant_of(unset) is None


def test_dates_are_days_and_instants_are_utc() -> None:
    assert instant_of("2026-07-30T08:58:53.1234567Z") == datetime(
        2026, 7, 30, 8, 58, 53, 123456, tzinfo=UTC
    )
    assert instant_of("2026-07-30T10:58:53+02:00") == datetime(2026, 7, 30, 8, 58, 53, tzinfo=UTC)
    assert instant_of("2026-07-30T08:58:53") == datetime(2026, 7, 30, 8, 58, 53, tzinfo=UTC)
