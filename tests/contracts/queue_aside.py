"""What every queue does apart from delivery: schedules, duplicates, dead letters, counts."""

import asyncio
from datetime import timedelta

from tests.contracts.queue_under_test import MARGIN, QueueUnderTest, ids


class QueueAside:
    """Part of `QueueContract`."""

    async def test_a_scheduled_message_is_not_had_before_its_time(self, q: QueueUnderTest) -> None:
        await q.send("later", not_before=q.now() + q.delay)
        assert await q.nothing_comes()
        assert (await q.queue.depth(q.name)).scheduled == 1
        await q.make_time_pass(q.delay + MARGIN)
        assert ids(await q.take(1)) == ["later"]

    async def test_a_schedule_in_the_past_is_now(self, q: QueueUnderTest) -> None:
        await q.send("overdue", not_before=q.now() - q.delay)
        assert ids(await q.take(1)) == ["overdue"]

    async def test_an_id_seen_before_is_accepted_and_dropped(self, q: QueueUnderTest) -> None:
        await q.send("1", "1", "2")
        await q.send("1")
        await q.send("1", not_before=q.now() + q.delay)
        assert ids(await q.take(2)) == ["1", "2"]
        assert await q.nothing_comes()

    async def test_an_id_is_remembered_beyond_its_messages_completion(
        self, q: QueueUnderTest
    ) -> None:
        await q.send("1")
        await q.queue.complete(await q.take_one())
        await q.send("1")
        assert await q.nothing_comes()

    async def test_an_id_is_forgotten_after_the_window(self, q: QueueUnderTest) -> None:
        await q.send("1")
        await q.queue.complete(await q.take_one())
        await q.make_time_pass(q.duplicate_window + MARGIN)
        await q.send("1")
        assert ids(await q.take(1)) == ["1"]

    async def test_of_concurrent_sends_under_one_id_one_arrives(self, q: QueueUnderTest) -> None:
        await asyncio.gather(*(q.send("same") for _ in range(20)))
        assert ids(await q.take(1)) == ["same"]
        assert await q.nothing_comes()

    async def test_after_its_last_delivery_an_abandoned_message_is_dead(
        self, q: QueueUnderTest
    ) -> None:
        await q.send("poison")
        for delivery in range(1, q.most_deliveries + 1):
            message = await q.take_one()
            assert message.deliveries == delivery
            await q.queue.abandon(message)
        assert await q.nothing_comes()
        (letter,) = await q.dead()
        assert (letter.id, letter.body, letter.reason) == (
            "poison",
            b"body of poison",
            "MaxDeliveryCountExceeded",
        )

    async def test_after_its_last_delivery_a_message_whose_lock_ran_out_is_dead(
        self, q: QueueUnderTest
    ) -> None:
        await q.send("poison")
        for _ in range(q.most_deliveries - 1):
            await q.queue.abandon(await q.take_one())
        await q.take_one()
        await q.make_time_pass(q.lock + MARGIN)
        assert await q.nothing_comes()
        assert [letter.reason for letter in await q.dead()] == ["MaxDeliveryCountExceeded"]

    async def test_a_dead_letter_says_why(self, q: QueueUnderTest) -> None:
        await q.send("1")
        await q.queue.dead_letter(
            await q.take_one(), reason="Unreadable", description="not JSON: line 1, column 7"
        )
        await q.make_time_pass(q.lock + MARGIN)
        assert await q.nothing_comes()
        (letter,) = await q.dead()
        assert (letter.queue, letter.id, letter.body) == (q.name, "1", b"body of 1")
        assert (letter.reason, letter.description) == ("Unreadable", "not JSON: line 1, column 7")
        assert abs(letter.enqueued_at - q.now()) < q.lock + timedelta(minutes=1)

    async def test_dead_letters_are_listed_oldest_first_and_stay(self, q: QueueUnderTest) -> None:
        names = [f"{number:03}" for number in range(25)]
        for name in names:
            await q.send(name)
            await q.queue.dead_letter(await q.take_one(), reason="Test")
        assert [letter.id for letter in await q.dead()] == names
        assert [letter.id for letter in await q.dead()] == names
        assert (await q.queue.depth(q.name)).dead == 25

    async def test_a_dead_letter_is_removed_alone_and_removing_it_again_is_fine(
        self, q: QueueUnderTest
    ) -> None:
        await q.send("1", "2", "3")
        for message in await q.take(3):
            await q.queue.dead_letter(message, reason="Test")
        victim = next(letter for letter in await q.dead() if letter.id == "2")
        await q.queue.remove_dead_letter(victim)
        await q.queue.remove_dead_letter(victim)
        assert ids(await q.dead()) == ["1", "3"]

    async def test_depth_counts_what_waits(self, q: QueueUnderTest) -> None:
        await q.send("1", "2", "3", "4")
        later = q.now() + q.delay
        await q.send("5", not_before=later + q.delay)
        await q.send("6", not_before=later)
        await q.queue.dead_letter(await q.take_one(), reason="Test")
        depth = await q.queue.depth(q.name)
        assert (depth.due + depth.locked, depth.scheduled, depth.dead) == (
            3,
            2,
            1,
        )  # a broker may count locked as due
        assert depth.oldest is not None
        assert abs(depth.oldest - q.now()) < timedelta(minutes=1)
        assert depth.next is not None
        assert abs(depth.next - later) < timedelta(milliseconds=1)

    async def test_what_waits_is_shown_and_stays(self, q: QueueUnderTest) -> None:
        assert await q.queue.waiting(q.name, most=5) == []
        await q.send("later", not_before=q.now() + q.delay)
        await q.send("1", "2", "3")
        shown = await q.queue.waiting(q.name, most=5)
        assert shown == [b"body of 1", b"body of 2", b"body of 3"]
        assert await q.queue.waiting(q.name, most=2) == shown[:2]
        for message in await q.take(3):
            await q.queue.complete(message)
        assert await q.queue.waiting(q.name, most=5) == []
        await q.send("4")
        assert await q.queue.waiting(q.name, most=5) == [b"body of 4"]
        await q.make_time_pass(q.delay)
        assert sorted(await q.queue.waiting(q.name, most=5)) == [b"body of 4", b"body of later"]
