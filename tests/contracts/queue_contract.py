"""What every queue does. Time passes by `make_time_pass`, so that it can be run on a real broker
too."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from sync.core.message_queue import LockLost, Outgoing
from tests.contracts.queue_aside import QueueAside
from tests.contracts.queue_under_test import MARGIN, QueueUnderTest, ids


class QueueContract(QueueAside):
    """Subclass it, and give it a fixture `q`."""

    @pytest.fixture
    def q(self) -> QueueUnderTest:
        raise NotImplementedError("the adapter's tests give this fixture")

    async def test_a_message_arrives_as_it_was_sent(self, q: QueueUnderTest) -> None:
        body = bytes(range(256)) * 40
        await q.queue.send([Outgoing(q.name, body, "orders/main_eu#000000042@1")])
        message = await q.take_one()
        assert (message.queue, message.body, message.id) == (
            q.name,
            body,
            "orders/main_eu#000000042@1",
        )
        assert message.deliveries == 1
        assert abs(message.enqueued_at - q.now()) < timedelta(minutes=1)
        assert message.locked_until - q.now() > q.lock - timedelta(seconds=5)
        assert message.locked_until.utcoffset() == message.enqueued_at.utcoffset() == timedelta(0)

    async def test_an_empty_queue_gives_nothing(self, q: QueueUnderTest) -> None:
        assert await q.nothing_comes()
        depth = await q.queue.depth(q.name)
        assert (depth.due, depth.scheduled, depth.locked, depth.dead, depth.oldest) == (
            0,
            0,
            0,
            0,
            None,
        )

    async def test_queues_are_apart(self, q: QueueUnderTest) -> None:
        await q.queue.send([Outgoing(q.name, b"here", "1"), Outgoing(q.other, b"there", "1")])
        assert [message.body for message in await q.take(1)] == [b"here"]
        assert [message.body for message in await q.take(1, q.other)] == [b"there"]
        assert await q.nothing_comes()
        assert await q.nothing_comes(q.other)

    async def test_sending_nothing_is_fine(self, q: QueueUnderTest) -> None:
        await q.queue.send([])
        assert await q.nothing_comes()

    async def test_a_completed_message_is_gone(self, q: QueueUnderTest) -> None:
        await q.send("1")
        await q.queue.complete(await q.take_one())
        await q.make_time_pass(q.lock + MARGIN)
        assert await q.nothing_comes()

    async def test_a_locked_message_is_nobody_elses(self, q: QueueUnderTest) -> None:
        await q.send("1")
        await q.take_one()
        assert await q.nothing_comes()

    async def test_receive_gives_no_more_than_asked_for(self, q: QueueUnderTest) -> None:
        await q.send(*"abcde")
        first = await q.queue.receive(q.name, most=2, wait=q.patience)
        assert 1 <= len(first) <= 2
        assert ids(first + await q.take(5 - len(first))) == list("abcde")

    async def test_a_waiting_receiver_gets_what_is_sent_meanwhile(self, q: QueueUnderTest) -> None:
        waiting = asyncio.create_task(q.take(1))
        for _ in range(5):
            await asyncio.sleep(0)
        await q.send("late")
        assert ids(await waiting) == ["late"]

    async def test_receivers_at_the_same_time_never_share_a_message(
        self, q: QueueUnderTest
    ) -> None:
        everything = [f"m{number:03}" for number in range(200)]
        await asyncio.gather(*(q.send(*everything[at : at + 10]) for at in range(0, 200, 10)))

        async def drain() -> list[str]:
            mine: list[str] = []
            while got := await q.queue.receive(q.name, most=7, wait=q.quiet):
                for message in got:
                    mine.append(message.id)
                    await q.queue.complete(message)
            return mine

        drained = Counter(
            key for mine in await asyncio.gather(*(drain() for _ in range(8))) for key in mine
        )
        assert drained == Counter(everything)

    async def test_a_hundred_messages_go_in_one_call(self, q: QueueUnderTest) -> None:
        names = [f"{number:03}" for number in range(100)]
        await q.send(*names)
        assert ids(await q.take(100)) == names

    async def test_a_message_that_is_too_big_is_refused_with_all_of_its_call(
        self, q: QueueUnderTest
    ) -> None:
        small, big = Outgoing(q.name, b"small", "1"), Outgoing(q.name, bytes(300 * 1024), "2")
        with pytest.raises(ValueError, match=q.name):
            await q.queue.send([small, big])
        assert await q.nothing_comes()

    async def test_an_id_beyond_128_characters_is_refused(self, q: QueueUnderTest) -> None:
        with pytest.raises(ValueError, match="129"):
            await q.send("x" * 129)

    async def test_an_abandoned_message_comes_back_at_once_and_is_counted(
        self, q: QueueUnderTest
    ) -> None:
        await q.send("1")
        await q.queue.abandon(await q.take_one())
        again = await q.take_one()
        assert (again.id, again.body, again.deliveries) == ("1", b"body of 1", 2)

    async def test_a_message_whose_lock_ran_out_comes_back_and_is_counted(
        self, q: QueueUnderTest
    ) -> None:
        await q.send("1")
        await q.take_one()
        await q.make_time_pass(q.lock + MARGIN)
        again = await q.take_one()
        assert (again.id, again.deliveries) == ("1", 2)
        await q.queue.complete(again)

    async def test_whoever_lost_the_lock_cannot_settle(self, q: QueueUnderTest) -> None:
        await q.send("1")
        lost = await q.take_one()
        await q.make_time_pass(q.lock + MARGIN)
        mine = await q.take_one()
        with pytest.raises(LockLost):
            await q.queue.complete(lost)
        with pytest.raises(LockLost):
            await q.queue.abandon(lost)
        with pytest.raises(LockLost):
            await q.queue.dead_letter(lost, reason="Late")
        with pytest.raises(LockLost):
            await q.queue.renew(lost)
        await q.queue.complete(mine)
        assert await q.dead() == []

    async def test_a_lock_that_ran_out_is_lost_even_when_nobody_took_the_message(
        self, q: QueueUnderTest
    ) -> None:
        await q.send("1")
        lost = await q.take_one()
        await q.make_time_pass(q.lock + MARGIN)
        with pytest.raises(LockLost):
            await q.queue.complete(lost)
        assert (await q.take_one()).id == "1"

    async def test_a_message_is_settled_once(self, q: QueueUnderTest) -> None:
        await q.send("1")
        message = await q.take_one()
        await q.queue.complete(message)
        with pytest.raises(LockLost):
            await q.queue.complete(message)
        with pytest.raises(LockLost):
            await q.queue.abandon(message)

    async def test_a_renewed_lock_outlasts_the_first(self, q: QueueUnderTest) -> None:
        await q.send("1")
        message = await q.take_one()
        for _ in range(3):
            await q.make_time_pass(q.lock * 0.6)
            renewed = await q.queue.renew(message)
            assert renewed.locked_until > message.locked_until
            message = renewed
        assert await q.nothing_comes()
        await q.queue.complete(message)
        await q.make_time_pass(q.lock + MARGIN)
        assert await q.nothing_comes()
