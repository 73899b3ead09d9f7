"""Messages that a queue has given up: what they stand for waits for a person, and is not lost."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from sync.app.services import Services
from sync.core.message_queue import DeadLetter
from sync.core.ports import Row
from sync.engine.claim import LEASE, PARKED, State
from sync.engine.dead_letters import DEAD_LETTERS
from sync.engine.jobs import Job
from sync.engine.message import Message
from sync.flows import FLOWS
from tests.harness import Harness, in_both_harnesses, in_harness, key_of
from tests.systems import CONNECTION

GIVEN_UP, EXPIRED = "MaxDeliveryCountExceeded", "TTLExpiredException"


class Meanwhile:
    """Tables; while a record is put on the list of the parked, something else happens first."""

    def __init__(self, inner: Any, happens: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._happens = inner, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def upsert(self, table: str, row: Row) -> Row:
        if table == PARKED:
            await self._happens()
        stored: Row = await self._inner.upsert(table, row)
        return stored


def one_of_many(harness: Harness, tables: Any = None) -> Services:
    """A process that others work beside."""
    return Services(
        harness.systems.connections,
        FLOWS,
        harness.systems.edition_parts(is_alone=False, tables=tables),
    )


async def set_aside(harness: Harness, reason: str = GIVEN_UP) -> None:
    """The queue gives up all that is due."""
    await asyncio.sleep(2)
    for taken in await harness.systems.queue.receive("documents", most=10, wait=timedelta()):
        await harness.systems.queue.dead_letter(
            taken, reason=reason, description="delivered too often"
        )


async def parks_dead_letters(harness: Harness) -> list[DeadLetter]:
    """The host hands over what the queue has given up, and forgets it."""
    letters = [letter async for letter in harness.systems.queue.dead_letters("documents")]
    for letter in letters:
        await harness.services.park_dead_letter(
            "documents", letter.body, letter.id, letter.reason, letter.description
        )
        await harness.systems.queue.remove_dead_letter(letter)
    return letters


@in_both_harnesses()
async def test_a_dead_letters_order_is_parked_with_why_and_posted_when_it_is_replayed(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.hooks(order)
    await set_aside(harness)
    assert len(await parks_dead_letters(harness)) == 1
    (entry,) = await harness.trail(order)
    assert (entry.event, entry.details["dead_letter_reason"]) == ("dead-lettered", GIVEN_UP)
    assert "replay" in entry.remedy
    claim = await harness.claim(order)
    assert (claim.state, claim.reason) == (State.PARKED, entry.reason)
    assert await harness.parked() == [key_of(order)]
    await harness.replays(key_of(order))
    assert await harness.events(order) == ["dead-lettered", "created"]
    assert await harness.parked() == []


@in_harness()
async def test_a_message_that_expired_says_so(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    await set_aside(harness, EXPIRED)
    await parks_dead_letters(harness)
    assert "expired" in (await harness.claim(order)).reason


@in_harness()
async def test_a_reason_of_the_brokers_own_is_told_as_it_is(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    await set_aside(harness, "HeaderSizeExceeded")
    await parks_dead_letters(harness)
    assert "HeaderSizeExceeded" in (await harness.claim(order)).reason


@in_harness()
async def test_an_order_that_was_delivered_since_is_left_alone(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    await set_aside(harness)
    await asyncio.sleep(30)
    await harness.delivers(order)
    await parks_dead_letters(harness)
    assert await harness.events(order) == ["created"]
    assert (await harness.claim(order)).state is State.DELIVERED


@in_harness()
async def test_an_order_that_somebody_is_at_work_on_is_looked_at_when_their_lease_ends(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.hooks(order)
    await set_aside(harness)
    harness.services = one_of_many(harness)
    await harness.services.ledger.take(CONNECTION, "orders", key_of(order), "a worker that dies")
    await parks_dead_letters(harness)
    assert await harness.events(order) == []
    await asyncio.sleep(LEASE.total_seconds())
    await harness.works_until_idle()
    assert await harness.events(order) == ["created"]


@in_harness()
async def test_a_notification_that_comes_while_the_letter_is_parked_is_not_lost(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.hooks(order)
    await set_aside(harness)
    another = one_of_many(harness)

    async def takes() -> None:
        await another.ledger.take(CONNECTION, "orders", key_of(order), "another")

    harness.services = one_of_many(harness, Meanwhile(harness.systems.tables, takes))
    await parks_dead_letters(harness)
    await harness.works_until_idle()
    assert await harness.events(order) == ["dead-lettered", "created"]


@in_harness()
async def test_what_is_no_message_of_ours_leaves_facts_and_no_content(harness: Harness) -> None:
    body = b'{"street": "Unter den Linden"}'
    await harness.services.park_dead_letter(
        "documents", body, "m-1", GIVEN_UP, "delivered too often"
    )
    await harness.services.park_dead_letter("documents", body, "m-1", GIVEN_UP, "")
    (row,) = [row async for row in harness.systems.tables.query(DEAD_LETTERS, "documents")]
    assert (row.values["bytes"], row.values["message_id"], row.values["reason"]) == (
        len(body),
        "m-1",
        GIVEN_UP,
    )
    assert "Linden" not in str(row.values)
    assert hashlib.sha256(body).hexdigest() not in repr(row)


@pytest.mark.parametrize("is_dead", [True, False])
@in_harness()
async def test_the_record_of_a_flow_that_this_version_lacks_is_parked(
    harness: Harness, is_dead: bool
) -> None:
    body = Message("wishes", CONNECTION, "1", "webhook", harness.clock.now()).encode()
    if is_dead:
        await harness.services.park_dead_letter("documents", body, "m-1", GIVEN_UP, "")
    else:
        await harness.services.take("documents", body, "m-1", 1)
        assert "no flow called wishes" in (await harness.claim("1", "wishes")).reason
    assert await harness.parked("wishes") == ["1"]


@pytest.mark.parametrize("queue", ["documents", "polls", "business-events"])
@in_harness()
async def test_what_is_no_message_of_ours_is_kept_at_once_and_not_delivered_again(
    harness: Harness, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.services.take(queue, b"junk", "m-1", 1)
    await harness.services.park_dead_letter(queue, b"junk", "m-1", GIVEN_UP, "")
    rows = [row async for row in harness.systems.tables.query(DEAD_LETTERS, queue)]
    assert [row.values["bytes"] for row in rows] == [4]
    assert f"dead_letters.unreadable queue={queue} id=m-1 bytes=4" in caplog.text


@in_harness()
async def test_what_no_table_can_hold_is_kept_and_reported(harness: Harness) -> None:
    now, services = harness.clock.now(), harness.services
    bad_key = Message("orders", CONNECTION, "1\x00", "webhook", now).encode()
    bad_connection = Message("orders", "\ud800", "1", "webhook", now).encode()
    for body in (bad_key, bad_connection):
        await services.take("documents", body, "m-1", 1)
        await services.park_dead_letter("documents", body, "m-1", GIVEN_UP, "\ud800")
    assert [one.key async for one in services.refused_keys.all()] == ["1\\x00"]
    kept = [row async for row in harness.systems.tables.query(DEAD_LETTERS, "documents")]
    assert [row.values["fault"] for row in kept] == ["ValueError"]


@in_harness()
async def test_a_dead_letter_names_what_ended_its_deliveries(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    await asyncio.sleep(2)
    (taken,) = await harness.systems.queue.receive("documents", most=1, wait=timedelta())
    reason = "Later: table claims: Table Storage answered 403"
    await harness.services.note_trouble("documents", taken.body, reason)
    await harness.systems.queue.dead_letter(taken, reason=GIVEN_UP)
    await parks_dead_letters(harness)
    assert reason in (await harness.claim(order)).reason


@in_harness()
async def test_a_job_that_was_given_up_is_reported_and_the_next_one_comes_by_the_timer(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job("poll", harness.clock.now(), "orders", CONNECTION)
    body = job.outgoing().body
    await harness.services.park_dead_letter("polls", body, "m-1", GIVEN_UP, "")
    assert f"jobs.given_up job=poll|orders|{CONNECTION} reason={GIVEN_UP}" in caplog.text
    assert not [row async for row in harness.systems.tables.query(DEAD_LETTERS, "polls")]
