"""What is planted in a call, a secret or a person's data, appears in no log line, no answer, no
message and no row."""

import logging
from typing import Any, Final

import httpx
import pytest
import respx

from sync.core.encoding import to_json
from sync.flows.receivables.posted_invoices import KINDS
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


def everything_stored(harness: Harness) -> str:
    """The bytes of both stores as they would lie on a disk, deleted rows among them."""
    stores = (harness.queue._store, harness.tables._store)
    for store in stores:
        store.flush()
    found = "".join(store._db.serialize().decode("utf-8", "replace") for store in stores)
    assert "CREATE TABLE" in found
    return found


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
    assert_clean("what is stored", everything_stored(harness))


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
    assert_clean("what is stored", everything_stored(harness))


ENVELOPE: Final = {
    "EventId": "E-1", "BusinessEventId": next(iter(KINDS)), "BusinessEventLegalEntity": "usmf",
    "ControlNumber": 1, "EventTimeIso8601": "2026-11-02T10:00:00.1234567Z",
    "InvoiceId": "CIV-1", "InvoiceName": PLANTED[1], "Contact": PERSON,
}  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        ENVELOPE, ENVELOPE | {"InvoiceId": PERSON}, ENVELOPE | {"BusinessEventId": "Something"},
        ENVELOPE | {"EventTimeIso8601": PLANTED[1]}, ENVELOPE | {"EventId": PERSON},
        PERSON, [PERSON], PLANTED[1],
        [{
            "id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "data": {"validationUrl": "https://phish.example/hunter2-of-the-gateway"},
        }],
    ],
)  # fmt: skip
async def test_a_business_event_leaves_nothing_of_its_fields_anywhere(
    harness: Harness, caplog: pytest.LogCaptureFixture, document: Any
) -> None:
    """Nor does Event Grid's link: it is neither followed nor shown."""
    caplog.set_level(logging.DEBUG)
    answer = await harness.services.accept_business_event("bikes", to_json(document))
    assert answer.status == (200 if isinstance(document, dict) and "E-1" in str(document) else 400)
    assert_clean("the answer", answer.body.decode())
    assert_clean("a log line", caplog.text)
    assert "phish" not in caplog.text
    assert_clean("what is stored", everything_stored(harness))


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
