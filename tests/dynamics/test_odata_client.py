import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from sync.core.errors import AlreadyExists, Later, Never, Paused, SignInRefused, Unknown
from sync.dynamics.odata import Filter
from sync.dynamics.odata_client import ODataClient, Write
from sync.dynamics.refusals import NotFound
from sync.pacing.limiter import Limiter
from sync.pacing.priority import Priority, working_at
from tests.dynamics.doubles import HOST, SYSTEM, URL, Environment, Harness, fault

KEYS = {
    "Orders": ("dataAreaId", "Number"),
    "Lines": ("dataAreaId", "Lot"),
    "Customers": ("dataAreaId", "CustomerAccount"),
}
KEY = {"dataAreaId": "usmf", "Number": "N1"}


@pytest.fixture
def harness() -> Harness:
    return Harness(
        Environment(
            KEYS, {"Orders": [{"dataAreaId": "usmf", "Number": "N1", "Total": Decimal("10.10")}]}
        )
    )


async def listed(
    client: ODataClient, where: Filter | None = None, top: int | None = None
) -> list[str]:
    return [
        row["Number"]
        async for row in client.query("Orders", where=where, order_by=["Number"], top=top)
    ]


def many(count: int) -> list[dict[str, str]]:
    return [{"dataAreaId": "usmf", "Number": f"N{number}"} for number in range(count)]


async def test_a_record_is_read_by_key_with_its_decimals_exact(harness: Harness) -> None:
    record = await harness.client().get("Orders", KEY, select=["Number", "Total"])
    assert record == {"Number": "N1", "Total": Decimal("10.10")}
    assert await harness.client().get("Orders", {**KEY, "Number": "O'B/#?%&+ é"}) is None
    assert {str(request.url.params["cross-company"]) for request in harness.environment.asked} == {
        "true"
    }


async def test_every_request_says_what_f_and_o_wants_to_know_and_carries_no_cookie(
    harness: Harness,
) -> None:
    harness.environment.after = lambda _, response: httpx.Response(
        response.status_code,
        content=response.content,
        headers={"set-cookie": "ARRAffinity=node7; path=/"},
    )
    client = harness.client()
    await client.get("Orders", KEY)
    await client.create("Orders", {"dataAreaId": "usmf", "Number": "É"})
    first, second = harness.environment.asked
    for request in (first, second):
        assert request.headers["accept"] == "application/json;odata.metadata=minimal"
        assert request.headers["odata-version"] == request.headers["odata-maxversion"] == "4.0"
        assert "cookie" not in request.headers
        assert "gzip" in request.headers["accept-encoding"]
    assert second.headers["content-type"] == "application/json; charset=utf-8"
    assert second.content == '{"dataAreaId":"usmf","Number":"É"}'.encode()
    ids = [request.headers["x-ms-client-request-id"] for request in (first, second)]
    assert ids == ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]


async def test_pages_are_followed_to_the_end_even_when_they_are_offered_over_http(
    harness: Harness,
) -> None:
    harness.environment.records["Orders"] = many(7)
    harness.environment.page_size = 3
    assert await listed(harness.client()) == [f"N{number}" for number in range(7)]
    assert {request.url.scheme for request in harness.environment.asked} == {"https"}
    assert len({request.url.query for request in harness.environment.asked}) == 3


async def test_no_more_pages_are_read_than_are_asked_for(harness: Harness) -> None:
    harness.environment.records["Orders"] = many(7)
    harness.environment.page_size = 2
    assert await listed(harness.client(), top=4) == ["N0", "N1", "N2", "N3"]
    assert len(harness.environment.asked) == 2


async def test_loopback_pages_stay_on_http(harness: Harness) -> None:
    harness.environment.records["Orders"] = many(2)
    harness.environment.page_size = 1
    harness.environment.own_host = "127.0.0.1:8071"
    assert await listed(harness.client("http://127.0.0.1:8071/")) == ["N0", "N1"]
    assert {request.url.scheme for request in harness.environment.asked} == {"http"}


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.test/data/Orders?a",
        f"https://{HOST}:444/data/Orders",
        f"https://{HOST}/login",
    ],
)
async def test_a_next_page_elsewhere_is_not_fetched(harness: Harness, link: str) -> None:
    harness.environment.before = lambda _: httpx.Response(
        200, json={"value": [], "@odata.nextLink": link}
    )
    with pytest.raises(Never, match="next page"):
        await listed(harness.client())
    assert len(harness.environment.asked) == 1


async def test_pages_that_lead_back_are_not_read_for_ever(harness: Harness) -> None:
    harness.environment.before = lambda request: httpx.Response(
        200, json={"value": [], "@odata.nextLink": str(request.url)}
    )
    with pytest.raises(Later, match="read already"):
        await listed(harness.client())


@pytest.mark.parametrize(
    "body", [b'{"value":{}}', b"[]", b"<html>", b'{"value":[],"@odata.nextLink":"https://h:x"}']
)
async def test_a_list_that_cannot_be_read_is_asked_for_later(harness: Harness, body: bytes) -> None:
    harness.environment.before = lambda _: httpx.Response(200, content=body)
    with pytest.raises(Later, match="cannot be read"):
        await listed(harness.client())


async def test_a_filter_reaches_f_and_o_unharmed(harness: Harness) -> None:
    harness.environment.records["Orders"] = [
        {"dataAreaId": "usmf", "Number": "O'B & co + 100%"},
        *many(2),
    ]
    where = Filter.eq("dataAreaId", "USMF") & Filter.eq("Number", "o'b & CO + 100%")
    assert await listed(harness.client(), where) == ["O'B & co + 100%"]


async def test_records_are_created_changed_and_deleted(harness: Harness) -> None:
    client = harness.client()
    created = await client.create("Orders", {"dataAreaId": "usmf", "Total": Decimal("0.10")})
    assert created["Number"] == "N2"
    key = {"dataAreaId": "usmf", "Number": "N2"}
    await client.update("Orders", key, {"Total": Decimal("0.20")})
    await client.update("Orders", key, {})
    assert harness.environment.records["Orders"][1]["Total"] == Decimal("0.20")
    await client.delete("Orders", key)
    await client.delete("Orders", key)
    assert len(harness.environment.records["Orders"]) == 1
    assert dict(client.counts) == {"tokens": 1, "writes": 4}


async def test_a_duplicate_is_told_from_a_refusal_and_from_a_record_that_is_missing(
    harness: Harness,
) -> None:
    client = harness.client()
    with pytest.raises(AlreadyExists) as caught:
        await client.create("Orders", KEY)
    assert caught.value.code == "aid-1"
    with pytest.raises(Never, match="Customer group") as refused:
        await client.create("Orders", {**KEY, "Number": "N9", "Group": "Local"})
    assert type(refused.value) is Never
    with pytest.raises(NotFound):
        await client.update("Orders", {**KEY, "Number": "N9"}, {"Total": 1})


@pytest.mark.parametrize("content", [b"", b"[]", b"<html>Sign in</html>", b'{"Number":'])
async def test_a_create_whose_answer_cannot_be_read_is_unknown(
    harness: Harness, content: bytes
) -> None:
    harness.environment.after = lambda _request, _response: httpx.Response(201, content=content)
    with pytest.raises(Unknown):
        await harness.client().create("Orders", {"dataAreaId": "usmf"})


async def test_a_document_is_written_in_one_request_and_answers_come_in_its_order(
    harness: Harness,
) -> None:
    client = harness.client()
    answers = await client.changeset(
        [
            Write(
                "POST",
                "Orders",
                None,
                {"dataAreaId": "usmf", "Number": "S-1", "Total": Decimal("1.00")},
            ),
            Write(
                "POST",
                "Lines",
                None,
                {"dataAreaId": "usmf", "Lot": "L1", "Text": 'Größe "M"\r\n--x'},
            ),
            Write("PATCH", "Orders", KEY, {"Total": Decimal("0.00")}),
            Write("DELETE", "Orders", KEY),
        ]
    )
    assert [answer.get("Lot") or answer.get("Number") for answer in answers] == [
        "S-1",
        "L1",
        None,
        None,
    ]
    assert harness.environment.records["Lines"][0]["Text"] == 'Größe "M"\r\n--x'
    assert [row["Number"] for row in harness.environment.records["Orders"]] == ["S-1"]
    assert len(harness.environment.asked) == 1
    assert client.counts["writes"] == 1
    assert await client.changeset([]) == []


async def test_a_batch_that_answers_nothing_of_new_records_has_written_them(
    harness: Harness,
) -> None:
    harness.environment.tells_new = False
    order = {"dataAreaId": "usmf", "Number": "S-1"}
    (answer,) = await harness.client().changeset([Write("POST", "Orders", None, order)])
    assert answer == {}
    with pytest.raises(Unknown, match="has no Number"):
        answer["Number"]
    assert harness.environment.records["Orders"][1] == order


async def test_documents_that_share_a_batch_succeed_and_fail_each_on_its_own(
    harness: Harness,
) -> None:
    client = harness.client(documents_per_batch=3)

    async def written(number: str, group: str) -> str:
        try:
            answers = await client.changeset(
                [
                    Write(
                        "POST",
                        "Orders",
                        None,
                        {"dataAreaId": "usmf", "Number": number, "Group": group},
                    ),
                    Write("POST", "Lines", None, {"dataAreaId": "usmf", "Lot": f"L-{number}"}),
                ]
            )
        except Never as refused:
            return type(refused).__name__
        return str(answers[0]["Number"])

    async with asyncio.TaskGroup() as group:
        first, second, third = (
            group.create_task(written(number, name))
            for number, name in (("S-1", ""), ("S-2", "Local"), ("S-3", ""))
        )
    assert [first.result(), second.result(), third.result()] == ["S-1", "Never", "S-3"]
    assert [row["Number"] for row in harness.environment.records["Orders"]] == ["N1", "S-1", "S-3"]
    assert len(harness.environment.asked) == 1


async def test_a_document_is_written_whole_or_not_at_all(harness: Harness) -> None:
    with pytest.raises(Never, match="Customer group") as caught:
        await harness.client().changeset(
            [
                Write("POST", "Orders", None, {"dataAreaId": "usmf", "Number": "S-1"}),
                Write(
                    "POST",
                    "Orders",
                    None,
                    {"dataAreaId": "usmf", "Number": "S-2", "Group": "Local"},
                ),
            ]
        )
    assert caught.value.code == "aid-batch"
    assert [row["Number"] for row in harness.environment.records["Orders"]] == ["N1"]
    with pytest.raises(AlreadyExists):
        await harness.client().changeset([Write("POST", "Orders", None, KEY)])
    with pytest.raises(NotFound):
        await harness.client().changeset(
            [Write("DELETE", "Lines", {"dataAreaId": "usmf", "Lot": "gone"})]
        )


async def test_answers_without_content_ids_are_taken_in_order(harness: Harness) -> None:
    harness.environment.after = lambda _, response: httpx.Response(
        200, content=response.content.replace(b"Content-ID: ", b"X: "), headers=response.headers
    )
    answers = await harness.client().changeset(
        [
            Write("POST", "Orders", None, {"dataAreaId": "usmf", "Number": number})
            for number in ("S-1", "S-2")
        ]
    )
    assert [answer["Number"] for answer in answers] == ["S-1", "S-2"]


async def test_answers_in_another_order_are_put_in_order(harness: Harness) -> None:
    def swapped(_: httpx.Request, response: httpx.Response) -> httpx.Response:
        content = response.content.replace(b"Content-ID: 1", b"Content-ID: x").replace(
            b"Content-ID: 2", b"Content-ID: 1"
        )
        return httpx.Response(
            200,
            content=content.replace(b"Content-ID: x", b"Content-ID: 2"),
            headers=response.headers,
        )

    harness.environment.after = swapped
    answers = await harness.client().changeset(
        [
            Write("POST", "Orders", None, {"dataAreaId": "usmf", "Number": number})
            for number in ("S-1", "S-2")
        ]
    )
    assert [answer["Number"] for answer in answers] == ["S-2", "S-1"]


@pytest.mark.parametrize("cut", ["parts", "html"])
async def test_a_batch_answer_that_says_too_little_is_unknown(harness: Harness, cut: str) -> None:
    def shortened(_: httpx.Request, response: httpx.Response) -> httpx.Response:
        if cut == "html":
            return httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"})
        end = response.content.rindex(b"--changesetresponse_1\r\n")
        return httpx.Response(200, content=response.content[:end], headers=response.headers)

    harness.environment.after = shortened
    writes = [
        Write("POST", "Orders", None, {"dataAreaId": "usmf", "Number": number})
        for number in ("S-1", "S-2")
    ]
    with pytest.raises(Unknown):
        await harness.client().changeset(writes)


async def test_a_pause_is_told_to_everybody_and_nobody_sends_before_its_end(
    harness: Harness,
) -> None:
    harness.environment.before = lambda _: httpx.Response(429, headers={"retry-after": "20"})
    client = harness.client()
    with pytest.raises(Paused):
        await client.create("Orders", {"dataAreaId": "usmf"})
    end = harness.clock.at + timedelta(seconds=20)
    standing = await harness.pauses.standing(SYSTEM)
    assert standing is not None
    assert standing.until == end
    assert harness.limiter.limit == 2
    harness.clock.at += timedelta(seconds=5)
    with pytest.raises(Paused) as caught:
        await client.get("Orders", KEY)
    assert caught.value.after == timedelta(seconds=15)
    assert (len(harness.environment.asked), harness.limiter.limit) == (1, 2)
    harness.clock.at += timedelta(seconds=15)
    harness.environment.before = lambda _: None
    assert await client.get("Orders", KEY)


async def test_a_pause_inside_a_batch_is_told_to_everybody_too(harness: Harness) -> None:
    harness.environment.after = lambda _, response: httpx.Response(
        200,
        content=response.content.replace(b"201 Whatever", b"429 Slow"),
        headers=response.headers,
    )
    with pytest.raises(Paused):
        await harness.client().changeset([Write("POST", "Orders", None, {"dataAreaId": "usmf"})])
    end = harness.clock.at + timedelta(seconds=30)
    standing = await harness.pauses.standing(SYSTEM)
    assert standing is not None
    assert standing.until == end
    assert harness.limiter.limit == 2


async def test_many_refusals_inside_one_batch_are_one_complaint(harness: Harness) -> None:
    harness.limiter = Limiter(8, 8)
    harness.environment.after = lambda _, response: httpx.Response(
        200,
        content=response.content.replace(b"201 Whatever", b"429 Slow"),
        headers=response.headers,
    )
    client = harness.client(documents_per_batch=5)
    write = Write("POST", "Orders", None, {"dataAreaId": "usmf"})
    ends = await asyncio.gather(
        *(client.changeset([write]) for _ in range(5)), return_exceptions=True
    )
    assert {type(end) for end in ends} == {Paused}
    assert len(harness.environment.asked) == 1
    assert harness.limiter.limit == 4


async def test_a_refused_token_is_renewed_once_for_all_who_were_refused(harness: Harness) -> None:
    harness.environment.bearers = {"Bearer token-2"}
    client = harness.client()
    records = await asyncio.gather(*(client.get("Orders", KEY) for _ in range(4)))
    assert all(records)
    assert harness.issuer.renewals == 1


async def test_a_write_is_sent_again_after_a_refused_token_because_nothing_was_done(
    harness: Harness,
) -> None:
    harness.environment.bearers = {"Bearer token-2"}
    await harness.client().create("Orders", {"dataAreaId": "usmf", "Number": "S-1"})
    assert [row["Number"] for row in harness.environment.records["Orders"]] == ["N1", "S-1"]


async def test_a_write_is_not_sent_again_when_its_time_passed_while_the_token_was_renewed(
    harness: Harness,
) -> None:
    deadline = harness.clock.now() + timedelta(seconds=60)
    harness.environment.bearers = {"Bearer token-2"}

    def time_passes(_: httpx.Request) -> None:
        harness.clock.at = deadline + timedelta(microseconds=1)

    harness.environment.before = time_passes
    with pytest.raises(Later, match="nothing was sent"):
        await harness.client().create("Orders", {"dataAreaId": "usmf"}, not_after=deadline)
    assert harness.issuer.renewals == 1
    assert len(harness.environment.asked) == 1


async def test_a_token_that_stays_refused_is_later_and_an_alert(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.environment.bearers = set()
    with pytest.raises(SignInRefused, match="Entra applications") as caught:
        await harness.client().get("Orders", KEY)
    assert not caught.value.counts
    assert harness.issuer.renewals == 1
    assert "dynamics.unauthorised" in caplog.text
    assert "token-" not in caplog.text + str(caught.value)


async def test_a_write_whose_turn_comes_too_late_is_not_sent(harness: Harness) -> None:
    deadline = harness.clock.now() + timedelta(seconds=60)
    client = harness.client()
    await client.create("Orders", {"dataAreaId": "usmf"}, not_after=deadline)
    harness.clock.at = deadline + timedelta(microseconds=1)
    for write in (
        client.create("Orders", {"dataAreaId": "usmf"}, not_after=deadline),
        client.update("Orders", KEY, {"Total": 1}, not_after=deadline),
        client.delete("Orders", KEY, not_after=deadline),
        client.changeset([Write("DELETE", "Orders", KEY)], not_after=deadline),
    ):
        with pytest.raises(Later, match="nothing was sent") as caught:
            await write
        assert not caught.value.counts
    assert len(harness.environment.asked) == 1


def failing(error: Exception, times: int, harness: Harness) -> httpx.MockTransport:
    left = [error] * times

    async def answer(request: httpx.Request) -> httpx.Response:
        if left:
            raise left.pop()
        return await harness.environment.answer(request)

    return httpx.MockTransport(answer)


async def test_a_read_whose_connection_broke_is_asked_once_more(harness: Harness) -> None:
    client = harness.client(transport=failing(httpx.RemoteProtocolError("closed"), 1, harness))
    assert await client.get("Orders", KEY)
    assert client.counts["reads"] == 2
    with pytest.raises(Later):
        await harness.client(transport=failing(httpx.ReadError("closed"), 2, harness)).get(
            "Orders", KEY
        )


async def test_a_write_whose_connection_broke_is_unknown_and_never_sent_twice(
    harness: Harness,
) -> None:
    client = harness.client(transport=failing(httpx.RemoteProtocolError("closed"), 1, harness))
    with pytest.raises(Unknown):
        await client.create("Orders", {"dataAreaId": "usmf"})
    assert client.counts["writes"] == 1
    with pytest.raises(Later) as caught:
        await harness.client(transport=failing(httpx.ConnectError("no route"), 1, harness)).create(
            "Orders", {}
        )
    assert type(caught.value) is Later


async def test_a_write_that_is_not_answered_in_time_is_unknown_and_slows_everybody_down(
    harness: Harness,
) -> None:
    async def silent(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    client = replace(harness, write_timeout=timedelta(milliseconds=5)).client(
        transport=httpx.MockTransport(silent)
    )
    with pytest.raises(Unknown):
        await client.create("Orders", {"dataAreaId": "usmf"})
    assert harness.limiter.limit == 2
    assert harness.limiter.in_use == 0


async def test_an_overloaded_gateway_slows_everybody_down(harness: Harness) -> None:
    harness.environment.before = lambda _: httpx.Response(503)
    with pytest.raises(Unknown):
        await harness.client().create("Orders", {"dataAreaId": "usmf"})
    assert harness.limiter.limit == 2


async def test_documents_go_before_catalogue_work(harness: Harness) -> None:
    harness.limiter = Limiter(1, 1)

    async def when_the_others_queue(request: httpx.Request) -> httpx.Response:
        harness.environment.asked.append(request)
        while harness.limiter.waiting < 3 - len(harness.environment.asked):  # noqa: ASYNC110 - the limiter has no event
            await asyncio.sleep(0)
        return httpx.Response(200, json={})

    client = harness.client(transport=httpx.MockTransport(when_the_others_queue))

    async def get(number: str, priority: Priority) -> None:
        with working_at(priority):
            await client.get("Orders", {**KEY, "Number": number})

    await asyncio.gather(
        get("c1", Priority.CATALOGUE),
        get("c2", Priority.CATALOGUE),
        get("d1", Priority.DOCUMENTS),
    )
    assert [str(request.url.path)[-4:-2] for request in harness.environment.asked] == [
        "c1",
        "d1",
        "c2",
    ]


async def test_an_error_text_holds_nothing_of_the_key_or_the_token(harness: Harness) -> None:
    harness.environment.before = lambda _: fault(
        "Infolog: Error: Customer with e-mail jane@doe.example is unknown."
    )
    with pytest.raises(Never) as caught:
        await harness.client().get("Orders", {"dataAreaId": "usmf", "Number": "jane@doe.example"})
    assert "jane" not in str(caught.value) + caught.value.remedy
    assert "Secret.Place" not in str(caught.value)


async def test_the_environment_says_what_a_field_may_hold(harness: Harness) -> None:
    def metadata(request: httpx.Request) -> httpx.Response | None:
        path = request.url.raw_path.decode()
        if path == "/metadata/PublicEntities('SalesOrderHeaderV4')":
            return httpx.Response(200, json={"Name": "SalesOrderHeaderV4", "IsReadOnly": False})
        return httpx.Response(404) if path.startswith("/metadata/") else None

    harness.environment.before = metadata
    client = harness.client()
    assert (await client.public_entity("SalesOrderHeaderV4") or {})["IsReadOnly"] is False
    assert await client.public_entity("Nothing") is None


def test_an_address_that_would_leak_the_token_makes_no_client(harness: Harness) -> None:
    with pytest.raises(Never, match="in the clear"):
        harness.client(URL.replace("https", "http"))
