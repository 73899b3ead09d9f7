"""Every kind of trigger reaches the engine through Microsoft's converters as it was sent, and does
there what it should.

The edition is the embedded one, neither system answers, and everything is looked at where it is
kept: in the queue, in the claims and in the trail. One worker serves all of these tests, as one
serves many calls in Azure; each tells of a record of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from sandbox.commerce.signing import WebhookSignature
from sync.app.console_sign_ins import Role, SignIns
from sync.core.encoding import from_json, to_json
from sync.engine.claim import State
from sync.engine.dead_letters import DEAD_LETTERS
from sync.engine.message import Message
from tests.worker.inputs import Input, http, service_bus, timer
from tests.worker.process import DONE, TRACE_PARENT, Outcome
from tests.worker.serving import CONNECTION, Serving, nobody_listens, poll_of_orders, serving

AT: Final = datetime(2026, 3, 1, tzinfo=UTC)
TRIES: Final = 100
KEY, WAITING, DEAD = "000000042@1", "000000043@1", "000000044@1"
BODY: Final = (
    '{"data": {"order": {"increment_id": "000000042", "store_id": 1, "customer_lastname": "Žižka –'
    ' 🚲"}}}'.encode()
)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(package: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Serving]:
    with nobody_listens() as ready:
        async with serving(package, tmp_path_factory.mktemp("serving"), ready) as there:
            yield there


async def taken(there: Serving) -> Message:
    """The next message; the queue has it no more."""
    message = await there.next()
    await there.beside.edition_parts.queue.complete(message)
    return Message.decode(message.body)


def hook(body: bytes, signature: Mapping[str, str]) -> Input:
    headers = {"Content-Type": "application/json", **signature}
    return http(
        "POST", f"webhooks/{CONNECTION}/orders", headers=headers, body=body,
        route={"connection": CONNECTION, "flow": "orders"},
    )  # fmt: skip


def signed(body: bytes, key: str = "webhooks") -> Mapping[str, str]:
    return WebhookSignature(key=key).headers(body)


async def answered(there: Serving, given: Input) -> Outcome:
    """The answer to a webhook. A machine that is slower than a shop waits says 503, and that
    nothing is lost: the webhook is then sent again."""
    for _ in range(TRIES):
        outcome = await there.worker.invoke("receive_webhook", given)
        if outcome.status != HTTPStatus.SERVICE_UNAVAILABLE:
            break
    return outcome


def notified(key: str) -> bytes:
    return Message("orders", CONNECTION, key, "webhook", AT).encode()


async def test_a_person_signs_in_to_the_console_by_a_form(there: Serving) -> None:
    parts = there.beside.edition_parts
    token = await SignIns(parts.tables, parts.clock).token("ann", Role.VIEWER)
    page = await there.worker.invoke("console", http("GET", f"console/sign-in?token={token}"))
    assert (page.status, page.content_type) == (200, "text/html; charset=utf-8")
    assert token.encode() in page.body
    form = {"content-type": "application/x-www-form-urlencoded"}
    sent = http("POST", "console/sign-in", headers=form, body=f"token={token}".encode())
    answer = await there.worker.invoke("console", sent)
    assert (answer.status, answer.http["headers"]["location"]) == (303, "/api/console")
    (cookie,) = answer.http["cookies"]
    assert (cookie["name"], cookie["http_only"]["value"], cookie["same_site"]) == (
        "console", True, 2
    )  # fmt: skip
    given = {"cookie": f"console={cookie['value']}"}
    seen = await there.worker.invoke("console", http("GET", "console", headers=given))
    assert b"ann, viewer" in seen.body
    log = there.worker.log
    assert token not in log
    assert "ann, viewer" not in log, "no page is logged, at any level"


async def test_a_signed_webhook_is_answered_and_its_key_is_queued(there: Serving) -> None:
    outcome = await answered(there, hook(BODY, signed(BODY)))
    assert (outcome.status, outcome.body) == (200, b'{"op":"success"}')
    assert outcome.content_type == "application/json"
    message = await taken(there)
    assert (message.flow, message.connection, message.key, message.origin) == (
        "orders",
        CONNECTION,
        KEY,
        "webhook",
    )


FORGED: Final[Mapping[str, Input]] = {
    "by another key": hook(BODY, signed(BODY, key="another shop's")),
    "the same document in other bytes": hook(to_json(from_json(BODY)), signed(BODY)),
    "the same text in other bytes": hook(BODY.decode().encode("utf-16"), signed(BODY)),
    "not signed": hook(BODY, {}),
}


async def test_a_webhook_whose_bytes_nobody_signed_is_refused_and_leaves_nothing(
    there: Serving,
) -> None:
    before = await there.queued()
    answers = {name: await answered(there, given) for name, given in FORGED.items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(FORGED, 401)
    assert await there.queued() == before


async def test_many_webhooks_at_once_are_all_answered_and_none_is_lost(there: Serving) -> None:
    bodies = [
        to_json({"data": {"order": {"increment_id": f"{n:09}", "store_id": 1}}}) for n in range(20)
    ]
    outcomes = await asyncio.gather(*(answered(there, hook(body, signed(body))) for body in bodies))
    assert [outcome.status for outcome in outcomes] == [200] * 20
    expected, found = {f"{n:09}@1" for n in range(20)}, set[str]()
    while found < expected:
        found.add((await taken(there)).key)
    assert found == expected


async def test_a_challenge_is_answered_from_the_query(there: Serving) -> None:
    asked = http(
        "GET",
        f"events/{CONNECTION}",
        route={"connection": CONNECTION},
        query={"challenge": "8ec8 é"},
    )
    outcome = await there.worker.invoke("receive_events", asked)
    assert (outcome.status, outcome.body.decode()) == (200, "8ec8 é")
    assert outcome.content_type == "text/plain; charset=utf-8"


async def test_health_is_answered_as_json(there: Serving) -> None:
    outcome = await there.worker.invoke("health", http("GET", "health"))
    assert outcome.content_type == "application/json"
    assert (outcome.status, from_json(outcome.body)["status"]) == (200, "ok")


async def test_a_message_is_worked_off_and_waits_for_the_shop_with_a_new_message(
    there: Serving,
) -> None:
    before = await there.beside.edition_parts.queue.depth("documents")
    given = service_bus(notified(WAITING), "orders#7", deliveries=3)
    assert await there.worker.invoke("deliver_documents", given) == DONE
    request = TRACE_PARENT.split("-")[2]
    assert f"documents.received id=orders#7 deliveries=3 within={request}" in there.worker.log
    (entry,) = await there.beside.ledger.trail(CONNECTION, "orders", WAITING)
    assert (entry.event, entry.attempt) == ("waited", 1)
    assert entry.reason.startswith("no answer from Commerce")
    depth = await there.beside.edition_parts.queue.depth("documents")
    assert (depth.due, depth.scheduled) == (before.due, before.scheduled + 1)


async def test_a_message_that_cannot_be_read_leaves_facts(there: Serving) -> None:
    bodies, before = (b"\xff\x00", b"{}", b""), await there.queued()
    for body in bodies:
        given = service_bus(body, "orders#1")
        assert await there.worker.invoke("deliver_documents", given) == DONE
    rows = there.beside.edition_parts.tables.query(DEAD_LETTERS, "documents")
    assert {row.values["bytes"] async for row in rows} == set(map(len, bodies))
    assert await there.queued() == before


async def test_a_dead_letter_parks_its_record_for_the_reason_that_the_broker_gave(
    there: Serving,
) -> None:
    given = service_bus(
        notified(DEAD), "orders#1", deliveries=25, DeadLetterReason="MaxDeliveryCountExceeded",
        DeadLetterErrorDescription="Message could not be consumed after 25 delivery attempts.",
    )  # fmt: skip
    assert await there.worker.invoke("park_documents", given) == DONE
    claim = await there.beside.ledger.claim(CONNECTION, "orders", DEAD)
    assert claim.state is State.PARKED
    assert claim.reason.startswith("the queue gave the message up")
    (entry,) = await there.beside.ledger.trail(CONNECTION, "orders", DEAD)
    assert entry.details["dead_letter_reason"] == "MaxDeliveryCountExceeded"
    assert (
        entry.details["description"] == "Message could not be consumed after 25 delivery attempts."
    )


POSTED: Final[Mapping[str, Any]] = {
    "BusinessEventId": "SalesInvoicePostedBusinessEvent", "BusinessEventLegalEntity": "usmf",
    "EventId": "E-1",
    "EventTimeIso8601": "2026-11-21T10:00:00.1234567Z", "InvoiceId": "CIV-000042",
    "SalesOrderId": "000042",
}  # fmt: skip


async def test_a_business_event_comes_in_by_http_and_by_queue_and_is_taken_once(
    there: Serving,
) -> None:
    by_http = http(
        "POST",
        f"business-events/{CONNECTION}",
        body=to_json(POSTED),
        route={"connection": CONNECTION},
    )
    assert (
        await there.worker.invoke("take_business_event", service_bus(to_json(POSTED), "1")) == DONE
    )
    outcome = await there.worker.invoke("receive_business_event", by_http)
    assert (outcome.status, from_json(outcome.body)) == (200, {"taken": False, "test": False})


async def test_the_timer_stores_what_is_due_and_a_poll_asks_the_shop(there: Serving) -> None:
    assert await there.worker.invoke("tick", timer()) == DONE
    assert await there.queued("polls") > 1
    assert await there.worker.invoke("run_poll", service_bus(poll_of_orders(), "1")) == DONE
    assert f"orders.poll_failed connection={CONNECTION}" in there.worker.log
