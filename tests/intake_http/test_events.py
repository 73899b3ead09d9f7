"""Adobe I/O Events: the challenge, signatures, each event once, and statuses by what Adobe sends
again."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from sync.core.encoding import from_json, to_json
from sync.intake_http.answers import LINES_WITHIN, MOST_LINES
from sync.intake_http.business_events import TABLE as BUSINESS
from sync.intake_http.events import EVENTS
from tests.intake_http.harness import (
    CLIENT,
    STRANGER,
    Harness,
    event,
    signed_by_adobe,
    signed_by_commerce,
)
from tests.virtual_time import virtually

ORDER = {"increment_id": "000000042", "store_id": "1", "customer_email": "jane@example.com"}
MANY = 101
"""More than one transaction of Table Storage takes."""
CUSTOMER = "com.adobe.commerce.observer.customer_save_commit_after"


def counts(answer: Any) -> tuple[int, int, int]:
    assert answer.status == 200, answer.body
    found = from_json(answer.body)
    return found["taken"], found["unknown"], found["repeated"]


async def test_the_challenge_is_answered_with_itself_as_plain_text(harness: Harness) -> None:
    answer = await harness.services.accept_events(
        "bikes", "GET", {}, {"challenge": "8ec8d794"}, b""
    )
    assert (answer.status, answer.body, answer.content_type) == (
        200,
        b"8ec8d794",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize(
    "params", [{}, {"challenge": ""}, {"other": "x"}, {"challenge": "x" * 2000}]
)
async def test_a_question_without_a_challenge_is_refused(
    harness: Harness, params: Mapping[str, str]
) -> None:
    assert (await harness.services.accept_events("bikes", "GET", {}, params, b"")).status == 400


@pytest.mark.parametrize("to", ["boats", "nobody", ""])
async def test_a_connection_that_expects_no_events_answers_neither(
    harness: Harness, to: str
) -> None:
    assert (
        await harness.services.accept_events(to, "GET", {}, {"challenge": "x"}, b"")
    ).status == 404
    assert (await harness.events(event("1", ORDER), to=to)).status == 404


async def test_a_signed_event_is_a_notification(harness: Harness, key_host: respx.Route) -> None:
    assert counts(await harness.events(event("1", ORDER))) == (1, 0, 0)
    assert await harness.stored() == ["orders 000000042@1"]


@pytest.mark.parametrize(
    ("value", "stored"),
    [({"quoteId": 42}, ["quotes 42"]), ({"quote": {"id": "42"}}, ["quotes 42"]), ({"x": 1}, [])],
)
async def test_plugins_that_the_shop_names_tell_of_quotes(
    harness: Harness, key_host: respx.Route, value: dict[str, Any], stored: list[str]
) -> None:
    plugin = "com.adobe.commerce.plugin.api.negotiable_quote_management.send"
    await harness.events(event("1", value, plugin))
    assert await harness.stored() == stored
    assert counts(await harness.events(event("2", value, f"{plugin}.other"))) == (0, 1, 0)


async def test_an_event_sent_again_is_no_second_notification(
    harness: Harness, key_host: respx.Route
) -> None:
    await harness.events(event("1", ORDER))
    assert await harness.stored() == ["orders 000000042@1"]
    assert counts(await harness.events(event("1", ORDER))) == (0, 0, 1)
    assert await harness.stored() == []


async def test_an_event_that_arrives_twice_at_once_is_one_message(
    harness: Harness, key_host: respx.Route
) -> None:
    answers = await asyncio.gather(*(harness.events(event("1", ORDER)) for _ in range(4)))
    assert {answer.status for answer in answers} == {200}
    assert await harness.stored() == ["orders 000000042@1"]


async def test_a_batch_is_taken_whole_and_a_repeat_within_it_once(
    harness: Harness, key_host: respx.Route
) -> None:
    batch = [
        event("1", ORDER),
        event("1", ORDER),
        event("2", {"id": 7}, CUSTOMER),
        event("3", {"sku": "x"}, "com.adobe.commerce.observer.other"),
    ]
    assert counts(await harness.events(batch)) == (2, 1, 1)
    assert sorted(await harness.stored()) == ["customers 7", "orders 000000042@1"]


async def test_an_event_of_a_type_nobody_knows_is_counted_and_not_sent_again(
    harness: Harness, key_host: respx.Route
) -> None:
    assert counts(
        await harness.events(event("1", {"a": 1}, "com.adobe.commerce.observer.unheard_of"))
    ) == (0, 1, 0)
    assert counts(
        await harness.events(event("1", {"a": 1}, "com.adobe.commerce.observer.unheard_of"))
    ) == (0, 0, 1)
    assert await harness.depth() == 0


async def test_an_event_without_a_key_is_no_reason_to_send_the_others_again(
    harness: Harness, key_host: respx.Route
) -> None:
    batch = [
        event("1", {"customer_email": "jane@example.com"}),
        event("2", ORDER),
        event("3", {"increment_id": "a\nb"}),
        event("4", {"store_id": "²"}),
    ]
    assert (await harness.events(batch)).status == 200
    assert await harness.stored() == ["orders 000000042@1"]


@pytest.mark.parametrize(
    ("value", "metadata", "key"),
    [
        ({"increment_id": "42", "store_id": "1"}, {"storeId": "9"}, "42@1"),
        ({"increment_id": "42"}, {"storeId": "2"}, "42@2"),
        ({"increment_id": "42", "store_id": None}, {"storeId": 2}, "42@2"),
        ({"increment_id": "42"}, {}, "42@?"),
        ({"increment_id": "42"}, None, "42@?"),
        ({"order": {"increment_id": "42", "store_id": 3}}, {"storeId": "9"}, "42@3"),
        ({"order": {"increment_id": "42"}}, {}, "42@?"),
        ({"data": {"order": {"increment_id": "42"}}}, {}, "42@?"),
    ],
)
async def test_the_store_comes_from_the_value_or_else_from_the_metadata(
    harness: Harness, key_host: respx.Route, value: dict[str, Any], metadata: Any, key: str
) -> None:
    sent = event("1", value)
    sent["data"]["_metadata"] = metadata
    assert counts(await harness.events(sent)) == (1, 0, 0)
    assert await harness.stored() == [f"orders {key}"]


@pytest.mark.parametrize(
    "kind",
    [
        "com.adobe.commerce.plugin.magento.sales.api.order_management.place",
        "com.adobe.commerce.plugin.sales.api.order_management.place",
        "com.adobe.commerce.my_app.observer.sales_order_place_after",
    ],
)
async def test_an_event_is_known_by_the_end_of_its_type(
    harness: Harness, key_host: respx.Route, kind: str
) -> None:
    assert counts(await harness.events(event("1", {"order": ORDER}, kind))) == (1, 0, 0)


@pytest.mark.parametrize("identity", ["x" * 5000, "a\nb", "\ud83d", "a/b?c#d", "é", "'; DROP"])
async def test_an_id_that_no_table_can_hold_is_still_taken_once(
    harness: Harness, key_host: respx.Route, identity: str
) -> None:
    assert counts(await harness.events(event(identity, ORDER))) == (1, 0, 0)
    assert counts(await harness.events(event(identity, ORDER))) == (0, 0, 1)


# --- refusals


async def test_an_event_for_another_registration_is_dropped_for_good(
    harness: Harness, key_host: respx.Route
) -> None:
    assert (
        await harness.events([event("1", ORDER), event("2", ORDER, recipientclientid="another")])
    ).status == 403
    assert not key_host.called
    assert await harness.depth() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed_by_adobe(b"something else"),
        signed_by_commerce(to_json(event("1", ORDER))),
        signed_by_adobe(to_json(event("1", ORDER)), STRANGER),
        {"x-adobe-digital-signature-1": "AAAA"},
        {
            **signed_by_adobe(to_json(event("1", ORDER))),
            "x-adobe-public-key1-path": "https://evil.example.com/key.pem",
        },
        {
            **signed_by_adobe(to_json(event("1", ORDER))),
            "x-adobe-public-key1-path": "/prod/keys/../../evil",
        },
    ],
)
async def test_a_delivery_that_adobe_did_not_sign_stores_nothing(
    harness: Harness, key_host: respx.Route, headers: dict[str, str]
) -> None:
    assert (await harness.events(event("1", ORDER), headers)).status == 401
    assert await harness.depth() == 0
    assert counts(await harness.events(event("1", ORDER))) == (1, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"junk",
        b"\xff",
        b"null",
        b"5",
        b"{}",
        b"[5]",
        b"[" * 100_000,
        b'{"type": "x"}',
        to_json(event("", ORDER)),
        to_json(event("1", {}, "")),
        to_json({**event("1", ORDER), "data": {"value": []}}),
        to_json([event(str(n), ORDER) for n in range(1001)]),
    ],
)
async def test_what_is_no_event_is_dropped_for_good(
    harness: Harness, key_host: respx.Route, body: bytes
) -> None:
    assert (await harness.events(body)).status == 400
    assert await harness.depth() == 0


async def test_good_events_of_a_batch_are_taken_although_others_are_none(
    harness: Harness, key_host: respx.Route
) -> None:
    assert counts(await harness.events([event("1", ORDER), {"recipientclientid": CLIENT}])) == (
        1,
        0,
        0,
    )


async def test_a_batch_without_events_is_refused_before_a_key_is_fetched(
    harness: Harness, key_host: respx.Route
) -> None:
    assert (await harness.events([])).status == 400
    assert not key_host.called


async def test_a_delivery_of_megabytes_is_refused(harness: Harness, key_host: respx.Route) -> None:
    assert (
        await harness.events(event("1", {**ORDER, "x": "x" * 5 * 1024 * 1024}), {})
    ).status == 413


# --- our own trouble, after which Adobe is to send again


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("down"),
        httpx.ReadTimeout("slow"),
        httpx.Response(500),
        httpx.Response(404),
        httpx.Response(200, text="no key"),
    ],
)
async def test_while_adobes_keys_cannot_be_fetched_events_are_to_be_sent_again(
    harness: Harness, key_host: respx.Route, trouble: Any
) -> None:
    if isinstance(trouble, httpx.Response):
        key_host.mock(return_value=trouble)
    else:
        key_host.mock(side_effect=trouble)
    assert (await harness.events(event("1", ORDER))).status == 503
    assert await harness.depth() == 0


async def test_while_the_tables_are_down_events_are_to_be_sent_again(
    harness: Harness, key_host: respx.Route
) -> None:
    harness.tables.close()
    assert (await harness.events(event("1", ORDER))).status == 503


async def test_while_the_queue_is_down_no_event_counts_as_taken(
    harness: Harness, key_host: respx.Route
) -> None:
    harness.queue.close()
    assert (await harness.events(event("1", ORDER))).status == 503
    assert await harness.tables.get("events", "bikes", "1") is None


async def test_an_address_to_validate_is_followed_by_nobody_for_it_is_not_shown(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    for url in ("https://csm.adobe.io/validate?id=1", "https://a.adobe.com/go?to=forged", 5):
        assert (await harness.events({"validationUrl": url}, {})).status == 200
    shown = "\n".join(record.getMessage() for record in caplog.records)
    assert "intake.validation_requested connection=bikes" in shown
    assert "adobe" not in shown
    assert "forged" not in shown
    assert await harness.depth() == 0


async def test_a_flood_of_forgeries_fills_no_log(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3 * MOST_LINES):
        assert (await harness.events(event("1", ORDER), {})).status == 401
        assert (await harness.hook(b"{}", {})).status == 401
    assert len(caplog.records) == 2 * MOST_LINES
    harness.secrets.is_away = True
    await harness.hook(b"{}")
    harness.secrets.is_away = False
    assert "intake.keys_unreachable" in caplog.records.pop().getMessage(), "forgeries hide nothing"
    harness.clock.at += LINES_WITHIN
    await harness.hook(b"{}", {})
    lines = [record.getMessage() for record in caplog.records[2 * MOST_LINES :]]
    assert lines[0] == f"intake.refusals_not_logged count={4 * MOST_LINES}"
    assert lines[1].startswith("intake.refused connection=bikes")


def test_forgeries_while_the_vault_hangs_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Who has only signed somehow is verified with keys that nobody gives out in time."""

    async def story() -> None:
        harness = Harness()
        harness.secrets.hangs = True
        for _ in range(2 * MOST_LINES):
            assert (await harness.hook(b"{}", signed_by_commerce(b"{}", STRANGER))).status == 503
        await harness.close()

    virtually(story())
    assert caplog.messages == ["intake.out_of_time connection=bikes flow=orders"] * MOST_LINES


async def test_business_events_that_cannot_be_read_fill_no_log(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2 * MOST_LINES):
        assert (await harness.services.accept_business_event("bikes", b"junk")).status == 400
    assert len(caplog.records) == MOST_LINES


async def test_ids_of_events_are_forgotten_once_adobe_sends_them_no_more(
    harness: Harness, key_host: respx.Route
) -> None:
    for number in range(MANY):
        await harness.events(event(str(number), ORDER))
    assert len(await ids(harness)) == MANY
    harness.clock.at += timedelta(days=6)
    await harness.events(event("last", ORDER))
    await harness.tidies()
    assert len(await ids(harness)) == MANY + 1
    harness.clock.at += timedelta(days=2)
    await harness.tidies()
    assert await ids(harness) == ["last"]


async def test_business_events_are_listed_for_a_month(harness: Harness) -> None:
    body = to_json({"EventId": "E1", "BusinessEventId": "Something", "ControlNumber": 1})
    assert (await harness.services.accept_business_event("bikes", body)).status == 200
    harness.clock.at += timedelta(days=29)
    await harness.tidies()
    assert await ids(harness, BUSINESS) == ["E1"]
    harness.clock.at += timedelta(days=2)
    await harness.tidies()
    assert await ids(harness, BUSINESS) == []


async def ids(harness: Harness, table: str = EVENTS) -> list[str]:
    tables = harness.services.edition_parts.tables
    return [row.key async for row in tables.query(table, "bikes")]
