import asyncio
from urllib.parse import parse_qs

import pytest

from sync.core.errors import Later, Never
from sync.dynamics.lookup import LATELY, MOST_CHARACTERS, MOST_VALUES, Lookup
from sync.dynamics.odata_client import ODataClient
from tests.dynamics.doubles import Environment, Harness
from tests.virtual_time import in_virtual_time

SET = "Customers"


@pytest.fixture
def harness() -> Harness:
    rows = [
        {
            "dataAreaId": company,
            "CustomerAccount": f"{company}-{number}",
            "Email": f"shopper{number}@shop.example",
        }
        for company in ("usmf", "dat")
        for number in range(60)
    ]
    return Harness(Environment({SET: ("dataAreaId", "CustomerAccount")}, {SET: rows}))


def filters(harness: Harness) -> list[str]:
    return [
        parse_qs(request.url.query.decode())["$filter"][0] for request in harness.environment.asked
    ]


async def test_concurrent_look_ups_are_one_request(harness: Harness) -> None:
    client = harness.client()
    found = await asyncio.gather(
        *(
            client.find_by(
                SET,
                "Email",
                f"shopper{number}@shop.example",
                company="usmf",
                select=["CustomerAccount"],
            )
            for number in range(5)
        )
    )
    assert [[row["CustomerAccount"] for row in rows] for rows in found] == [
        [f"usmf-{n}"] for n in range(5)
    ]
    assert filters(harness) == [
        "dataAreaId eq 'usmf' and ("
        + " or ".join(f"Email eq 'shopper{n}@shop.example'" for n in range(5))
        + ")"
    ]
    assert client.counts["reads"] == 1


async def test_the_field_is_read_along_even_when_it_is_not_asked_for(harness: Harness) -> None:
    (row,) = await harness.client().find_by(
        SET, "Email", "shopper1@shop.example", company="dat", select=["dataAreaId"]
    )
    assert row == {"dataAreaId": "dat", "Email": "shopper1@shop.example"}


async def test_case_and_trailing_spaces_make_no_difference(harness: Harness) -> None:
    harness.environment.records[SET][0]["Email"] = "Shopper0@Shop.example "
    client = harness.client()
    rows = await client.find_by(
        SET, "Email", "shopper0@shop.EXAMPLE", "SHOPPER0@shop.example ", company="usmf"
    )
    assert [row["CustomerAccount"] for row in rows] == ["usmf-0"]


async def test_what_is_not_there_is_an_empty_list(harness: Harness) -> None:
    assert await harness.client().find_by(SET, "Email", "nobody@shop.example") == []
    assert await harness.client().find_by(SET, "Email") == []


async def test_without_a_company_all_are_searched(harness: Harness) -> None:
    rows = await harness.client().find_by(
        SET, "Email", "shopper1@shop.example", "shopper2@shop.example"
    )
    assert [row["CustomerAccount"] for row in rows] == ["usmf-1", "dat-1", "usmf-2", "dat-2"]


async def test_many_values_are_split_into_requests_of_a_bearable_length(harness: Harness) -> None:
    values = [f"shopper{number}@shop.example" for number in range(60)]
    rows = await harness.client().find_by(SET, "Email", *values, company="usmf")
    assert len(rows) == 60
    assert all(text.count(" or ") < 20 for text in filters(harness))
    assert all(len(request.url.query) < 2000 for request in harness.environment.asked)
    harness.environment.asked.clear()
    assert (
        await harness.client().find_by(
            SET, "Email", *("x" * 900 + str(number) for number in range(3))
        )
        == []
    )
    assert len(harness.environment.asked) == 3


async def test_a_pattern_is_refused_and_spoils_nobody_elses_look_up(harness: Harness) -> None:
    client = harness.client()
    pattern, good = await asyncio.gather(
        client.find_by(SET, "Email", "*@shop.example", company="usmf"),
        client.find_by(SET, "Email", "shopper1@shop.example", company="usmf"),
        return_exceptions=True,
    )
    assert isinstance(pattern, Never)
    assert isinstance(good, list)
    assert len(good) == 1


async def test_an_empty_value_is_a_bug(harness: Harness) -> None:
    with pytest.raises(ValueError, match="needs a value"):
        await harness.client().find_by(SET, "Email", " ")


async def test_closing_ends_joined_look_ups(harness: Harness) -> None:
    client = harness.client()
    waiting = asyncio.create_task(client.find_by(SET, "Email", "shopper1@shop.example"))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(Later):
        await waiting


def emails(client: ODataClient) -> Lookup:
    return client.lookup(SET, "Email", company="usmf")


async def lately(client: ODataClient, email: str) -> int:
    """How many are there."""
    return len(await client.find_by(SET, "Email", email, company="usmf", lately=True))


async def test_a_request_takes_along_what_is_expected_and_that_is_not_asked_again(
    harness: Harness,
) -> None:
    client = harness.client()
    for number in range(30):
        emails(client).expect(f"nobody{number}@shop.example")
    assert await lately(client, "nobody0@shop.example") == 0
    assert len(filters(harness)) == 1
    assert filters(harness)[0].count("Email eq") == MOST_VALUES
    for number in range(MOST_VALUES):
        assert await lately(client, f"NOBODY{number}@shop.example ") == 0
    assert client.counts["reads"] == 1
    assert await lately(client, "nobody25@shop.example") == 0
    assert client.counts["reads"] == 2


async def test_what_is_expected_makes_no_further_request(harness: Harness) -> None:
    client = harness.client()
    long = "x" * 300
    for number in range(9):
        emails(client).expect(f"{long}{number}@shop.example")
    await lately(client, "nobody@shop.example")
    assert client.counts["reads"] == 1
    assert "x" * 300 in filters(harness)[0]
    assert len(filters(harness)[0]) <= MOST_CHARACTERS


async def test_a_record_that_is_there_is_always_looked_at(harness: Harness) -> None:
    client = harness.client()
    emails(client).expect("shopper1@shop.example")
    await lately(client, "nobody@shop.example")
    assert await lately(client, "shopper1@shop.example") == 1
    assert await lately(client, "shopper1@shop.example") == 1
    assert client.counts["reads"] == 3


async def test_who_must_know_asks_again_and_what_was_made_is_not_absent(harness: Harness) -> None:
    client = harness.client()
    assert await lately(client, "nobody@shop.example") == 0
    assert await client.find_by(SET, "Email", "nobody@shop.example", company="usmf") == []
    assert client.counts["reads"] == 2
    emails(client).forget("Nobody@shop.example")
    await lately(client, "nobody@shop.example")
    assert client.counts["reads"] == 3


async def test_a_pattern_is_not_expected(harness: Harness) -> None:
    client = harness.client()
    for value in ("a*", "", " "):
        emails(client).expect(value)
    await lately(client, "nobody@shop.example")
    assert filters(harness)[0].count("Email eq") == 1


@in_virtual_time
async def test_absence_is_remembered_for_seconds(harness: Harness) -> None:
    client = harness.client()
    emails(client).expect("b@shop.example")
    await lately(client, "a@shop.example")
    await asyncio.sleep(LATELY.total_seconds() - 1)
    emails(client).expect("c@shop.example")
    await lately(client, "b@shop.example")
    assert client.counts["reads"] == 1
    await asyncio.sleep(2)
    await lately(client, "b@shop.example")
    assert client.counts["reads"] == 2
    assert "c@shop.example" in filters(harness)[1]
    emails(client).expect("d@shop.example")
    await asyncio.sleep(LATELY.total_seconds() + 1)
    await lately(client, "e@shop.example")
    assert "d@shop.example" not in filters(harness)[2]
    await client.aclose()
