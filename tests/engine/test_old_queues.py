"""Messages of the version before, which had a queue for each flow, are delivered after an
upgrade."""

import asyncio
from datetime import timedelta

from sync.core.message_queue import Outgoing
from sync.engine.claim import State
from sync.engine.jobs import JOBS
from sync.engine.message import Message
from sync.engine.old_queues import LATER, OLD_QUEUES, SOON, OldQueues
from tests.harness import Harness, in_harness, key_of
from tests.systems import CONNECTION


def as_before(harness: Harness, key: str, queue: str, in_: timedelta = timedelta()) -> Outgoing:
    """A message in the queue of its flow."""
    now = harness.clock.now()
    body = Message(queue, CONNECTION, key, "webhook", now).encode()
    return Outgoing(queue, body, f"old {queue} {key}", now + in_ if in_ else None, CONNECTION)


def old_queues(harness: Harness) -> OldQueues:
    services = harness.services
    return OldQueues(
        services.edition_parts.queue, services.intake, services.dead_letter_parking, harness.clock
    )


@in_harness()
async def test_an_upgrade_loses_nothing_that_lies_in_the_old_queues(harness: Harness) -> None:
    due, scheduled, queue = harness.place(), harness.place(), harness.systems.queue
    await queue.send([as_before(harness, key_of(due), "orders")])
    await queue.send([as_before(harness, key_of(scheduled), "orders", timedelta(minutes=40))])
    await queue.send([as_before(harness, "1", "customers"), Outgoing("orders", b"junk", "junk")])
    await harness.runs_host(timedelta(hours=3))
    assert (await harness.claim(due)).state is State.DELIVERED
    assert (await harness.claim(scheduled)).state is State.DELIVERED
    assert (await harness.claim("1", "customers")).state is not State.NEW
    for name in OLD_QUEUES:
        depth = await queue.depth(name)
        assert (depth.due, depth.scheduled, depth.locked, depth.dead) == (0, 0, 0, 0)
    row = await harness.systems.tables.get(JOBS, JOBS, "old-queues")
    assert row is not None
    assert row.values["over"] is True


@in_harness()
async def test_the_old_queues_are_looked_at_until_they_have_been_empty_for_an_hour(
    harness: Harness,
) -> None:
    old, order, queue = old_queues(harness), harness.place(), harness.systems.queue
    await queue.send([as_before(harness, key_of(order), "orders")])
    (taken,) = await queue.receive("orders", most=1, wait=timedelta())
    await queue.dead_letter(taken, reason="MaxDeliveryCountExceeded")
    assert await old.move(None) == SOON
    assert await harness.events(order) == ["dead-lettered"]
    assert await old.move(harness.clock.now()) == LATER
    begun = harness.clock.now()
    await asyncio.sleep(LATER.total_seconds())
    assert await old.move(begun) is None
