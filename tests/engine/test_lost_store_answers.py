"""Queue and tables that fail again and again, before or after what was asked of them took effect:
messages do not multiply, and nothing is lost or doubled."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from sync.app.services import Services
from sync.core.message_queue import Outgoing
from sync.engine.claim import State
from sync.engine.message import Message
from sync.flows import FLOWS
from tests.harness import Harness, in_both_harnesses, in_harness, key_of
from tests.simulation.watching import Remote
from tests.systems import CONNECTION

OFTEN = 0.125
"""Before and after: of four calls almost one."""
TROUBLE = timedelta(minutes=20)
RECORDS = 3


class Counted:
    """A queue; messages are counted by record."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.sent = inner, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Stored."""
        self.sent.update(
            message.key
            for message in (Message.decode(one.body) for one in messages if one.share)
            if message.flow == "orders"
        )
        await self._inner.send(messages)


@in_both_harnesses()
async def test_stores_that_often_lose_their_answers_multiply_no_message(harness: Harness) -> None:
    rate = OFTEN
    counted = Counted(harness.systems.queue)
    stores: dict[str, Any] = {
        name: Remote(store, Random(f"stores {name}"), 0.02, lambda: rate)
        for name, store in {"queue": counted, "tables": harness.systems.tables}.items()
    }
    parts = harness.systems.edition_parts(is_alone=False, **stores)
    calm = harness.services
    harness.services = Services(harness.systems.connections, FLOWS, parts)
    orders = [harness.place() for _ in range(RECORDS)]
    for order in orders:
        message = Message("orders", CONNECTION, key_of(order), "webhook", harness.clock.now())
        sent = Outgoing("documents", message.encode(), key_of(order))
        await harness.systems.queue.send([sent])
    await harness.runs_host(TROUBLE)
    assert max(counted.sent.values()) <= 3 * TROUBLE / timedelta(minutes=1)
    depth = await harness.systems.queue.depth("documents")
    assert depth.due + depth.scheduled + depth.locked <= 4 * RECORDS
    rate = 0.0
    await harness.runs_host(timedelta(minutes=15))
    depth = await harness.systems.queue.depth("documents")
    assert depth.due + depth.scheduled + depth.locked + depth.dead == 0
    for order in orders:
        assert (await harness.claim(order)).state is State.DELIVERED
        assert len(harness.headers(order)) == 1
    await harness.services.close()
    harness.services = calm


@in_harness()
async def test_one_message_waits_for_the_holder_of_a_record_however_many_come(
    harness: Harness,
) -> None:
    order = harness.place()
    harness.opens_one_of_many()
    await harness.services.ledger.take(CONNECTION, "orders", key_of(order), "another")
    for _ in range(5):
        await harness.hooks(order)
        await harness.works_during(timedelta(seconds=20))
    depth = await harness.systems.queue.depth("documents")
    assert (depth.due, depth.scheduled) == (0, 1)
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert len(harness.headers(order)) == 1
