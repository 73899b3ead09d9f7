"""What is planted in a call, a secret or a person's data, appears in no log line, no answer, no
message and no row."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from sync.core.encoding import to_json
from sync.engine.message import Message
from tests.intake_http.harness import (
    HEADER,
    STRANGER,
    Harness,
    event,
    public_pem,
    signed_by_adobe,
    signed_by_commerce,
)

PLANTED = (
    "jane@example.com",
    "Jane Roe",
    "221 Olive St",
    "555-0100",
    "hunter2-of-the-gateway",
    "tok_live_4242",
    "DE-VAT-123456789",
)
PERSON = {
    "customer_email": PLANTED[0], "customer_firstname": PLANTED[1],
    "billing_address": {"street": [PLANTED[2]], "telephone": PLANTED[3]},
    "payment": {"additional_information": [PLANTED[5]]}, "customer_taxvat": PLANTED[6],
}  # fmt: skip
ORDER = {"increment_id": "000000042", "store_id": "1", **PERSON}


async def everything_stored(harness: Harness) -> AsyncIterator[str]:
    harness.clock.at += timedelta(days=1)
    for name in harness.services.flows:
        for message in await harness.queue.receive(name, most=100, wait=timedelta(0)):
            yield message.body.decode()
            yield message.id
            yield str(Message.decode(message.body))
    for table in ("events", "claims", "trail", "parked", "documents", "watermarks", "pauses"):
        async for partition in harness.tables.partitions(table):
            async for row in harness.tables.query(table, partition):
                yield f"{row.partition} {row.key} {dict(row.values)}"


def assert_clean(where: str, text: str) -> None:
    found = [word for word in PLANTED if word.casefold() in text.casefold()]
    assert not found, f"{where} shows {found}"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (to_json({"data": {"order": ORDER}}), None),
        (to_json({"data": {"order": ORDER}}), {}),
        (
            to_json({"data": {"order": ORDER}}),
            {HEADER: "tok_live_4242", "authorization": "Bearer hunter2-of-the-gateway"},
        ),
        (to_json({"data": {"order": ORDER}}), signed_by_commerce(b"other", STRANGER)),
        (to_json({"data": {"order": PERSON}}), None),
        (to_json({"data": {"order": {**PERSON, "increment_id": {"name": "Jane Roe"}}}}), None),
        (
            to_json(
                {"data": {"order": {**PERSON, "increment_id": "jane@example.com\n" + "x" * 60}}}
            ),
            None,
        ),
        (to_json({"data": {"order": ORDER}})[:-3], None),
        (to_json([PERSON]), None),
        (b'{"customer_email": "jane@example.com", "x": \xff}', None),
    ],
)
async def test_a_hook_leaves_nothing_of_its_body_anywhere(
    harness: Harness, caplog: pytest.LogCaptureFixture, body: bytes, headers: dict[str, str] | None
) -> None:
    caplog.set_level(logging.DEBUG)
    for to in (
        "bikes/orders",
        "bikes/customers",
        "boats/orders",
        "bare/orders",
        "nobody/orders",
        "bikes/hunter2-of-the-gateway",
    ):
        answer = await harness.hook(body, headers, to=to)
        if "hunter2" not in to:
            assert_clean(f"the answer of {to}", answer.body.decode())
    assert_clean("a log line", caplog.text)
    async for text in everything_stored(harness):
        assert_clean("what is stored", text)


@pytest.mark.parametrize(
    "document",
    [
        event("1", ORDER), event("2", PERSON),
        event("3", ORDER, "com.adobe.commerce.observer.other"), {"data": {"value": PERSON}},
        PERSON, {"validationUrl": "https://jane@example.com/hunter2-of-the-gateway"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_signed", [True, False])
async def test_an_event_leaves_nothing_of_its_value_anywhere(
    harness: Harness,
    key_host: respx.Route,
    caplog: pytest.LogCaptureFixture,
    document: Any,
    is_signed: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await harness.events(
        document, None if is_signed else signed_by_adobe(b"other", STRANGER)
    )
    assert_clean("the answer", answer.body.decode())
    assert_clean("a log line", caplog.text)
    async for text in everything_stored(harness):
        assert_clean("what is stored", text)


@pytest.mark.parametrize("trouble", ["queue", "tables", "keys", "vault", "adobe"])
async def test_trouble_of_our_own_is_told_without_what_was_sent(
    harness: Harness, key_host: respx.Route, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    caplog.set_level(logging.DEBUG)
    if trouble == "queue":
        harness.queue.close()
    elif trouble == "tables":
        harness.tables.close()
    elif trouble == "keys":
        harness.secrets.values |= {
            "key-1": "hunter2-of-the-gateway",
            "key-2": public_pem(STRANGER)[:100] + "tok_live_4242",
        }
    elif trouble == "vault":
        harness.secrets.is_away = True
    else:
        key_host.mock(side_effect=httpx.ConnectError("no route to jane@example.com"))
    for answer in (
        await harness.hook(to_json({"order": ORDER})),
        await harness.events(event("1", ORDER)),
    ):
        assert_clean("the answer", answer.body.decode())
    assert_clean("a log line", caplog.text)


async def test_a_path_called_by_a_stranger_is_not_written_into_the_log(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await harness.hook(b"{}", {}, to="bikes/jane@example.com\nforged line")
    await harness.hook(b"{}", {}, to="jane@example.com\nforged line/orders")
    assert_clean("a log line", caplog.text)
    assert "forged" not in caplog.text
