import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.pacing.limiter import FAIR, MOST, SLOWLY, Limiter, NoTurn
from sync.pacing.priority import Priority
from tests.pacing.paces import slot_of
from tests.virtual_time import virtually


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def hold(
    limiter: Limiter, priority: Priority, name: str, log: list[str], leave: asyncio.Event
) -> None:
    async with slot_of(limiter, priority):
        log.append(name)
        await leave.wait()


async def fail(limiter: Limiter) -> None:
    async with slot_of(limiter):
        raise KeyError


async def complain_and_fail(limiter: Limiter) -> None:
    async with slot_of(limiter) as slot:
        slot.overloaded()
        raise KeyError


@pytest.mark.parametrize(("start", "cap"), [(0, 4), (5, 4), (1, 52), (-1, 3)])
def test_a_limit_outside_the_bounds_is_refused(start: int, cap: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        Limiter(start, cap)


async def test_no_more_are_inside_than_the_limit() -> None:
    limiter, log, leave = Limiter(2, 2), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(hold(limiter, Priority.DOCUMENTS, name, log, leave))
        await settle()
        assert log == ["a", "b"]
        assert limiter.waiting == 1
        leave.set()
    assert log == ["a", "b", "c"]
    assert limiter.in_use == 0


async def test_documents_go_before_master_data_before_catalogue_and_first_come_first_served() -> (
    None
):
    limiter, log, leave = Limiter(1, 1), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for priority, name in [
            (2, "first"),
            (2, "c1"),
            (1, "m1"),
            (0, "d1"),
            (2, "c2"),
            (0, "d2"),
            (1, "m2"),
        ]:
            group.create_task(hold(limiter, Priority(priority), name, log, leave))
            await settle()
        leave.set()
    assert log == ["first", "d1", "d2", "m1", "m2", "c1", "c2"]


async def test_nobody_starves_while_more_urgent_work_keeps_coming() -> None:
    limiter, log, leave = Limiter(1, 1), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(hold(limiter, Priority.DOCUMENTS, "first", log, leave))
        await settle()
        group.create_task(hold(limiter, Priority.CATALOGUE, "catalogue", log, leave))
        await settle()
        for number in range(20):
            group.create_task(hold(limiter, Priority.DOCUMENTS, f"d{number}", log, leave))
        await settle()
        leave.set()
    assert log.index("catalogue") == FAIR


@pytest.mark.parametrize("room", [1, 12])
def test_documents_have_nine_tenths_of_the_time_beside_long_requests_of_the_catalogue(
    room: int,
) -> None:
    limiter, took, ends = Limiter(room, room), Counter[Priority](), 400.0

    async def asks(priority: Priority, seconds: float) -> None:
        while asyncio.get_running_loop().time() < ends:
            try:
                async with slot_of(limiter, priority):
                    await asyncio.sleep(seconds)
                    took[priority] += round(10 * seconds)
            except NoTurn:
                await asyncio.sleep(10)

    async def simulate() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(2 * room):
                group.create_task(asks(Priority.DOCUMENTS, 0.5))
                group.create_task(asks(Priority.CATALOGUE, 5.0))

    virtually(simulate())
    documents, catalogue = took[Priority.DOCUMENTS], took[Priority.CATALOGUE]
    assert 0.9 <= documents / (documents + catalogue) <= 0.97, "and the catalogue moves"


async def test_a_newcomer_does_not_overtake_those_who_wait() -> None:
    limiter, log, first, rest = Limiter(1, 1), list[str](), asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(hold(limiter, Priority.DOCUMENTS, "a", log, first))
        await settle()
        group.create_task(hold(limiter, Priority.DOCUMENTS, "b", log, rest))
        await settle()
        first.set()
        await asyncio.sleep(0)  # a has left, b has been called but has not woken up
        group.create_task(hold(limiter, Priority.DOCUMENTS, "c", log, rest))
        await settle()
        assert log == ["a", "b"]
        rest.set()


async def test_one_who_is_cancelled_while_waiting_takes_no_slot() -> None:
    limiter, log, leave = Limiter(1, 1), list[str](), asyncio.Event()
    holder = asyncio.create_task(hold(limiter, Priority.DOCUMENTS, "a", log, leave))
    await settle()
    waiter = asyncio.create_task(hold(limiter, Priority.DOCUMENTS, "b", log, leave))
    await settle()
    waiter.cancel()
    await asyncio.wait([waiter])
    assert limiter.waiting == 0
    leave.set()
    await holder
    assert limiter.in_use == 0
    async with slot_of(limiter):
        assert log == ["a"]


async def test_one_who_is_cancelled_after_being_called_passes_the_turn_on() -> None:
    limiter, log, leave = Limiter(1, 1), list[str](), asyncio.Event()
    async with slot_of(limiter):
        called = asyncio.create_task(hold(limiter, Priority.DOCUMENTS, "called", log, leave))
        await settle()
        follower = asyncio.create_task(hold(limiter, Priority.DOCUMENTS, "follower", log, leave))
        await settle()
    called.cancel()  # its turn was given on leaving the block, it has not run since
    leave.set()
    await asyncio.wait([called, follower])
    assert log == ["follower"]
    assert limiter.in_use == 0


async def test_an_error_inside_gives_the_slot_back_and_raises_no_limit() -> None:
    limiter = Limiter(1, 4)
    with pytest.raises(KeyError):
        await fail(limiter)
    assert (limiter.in_use, limiter.limit) == (0, 1)


async def test_the_limit_rises_by_one_per_round_of_good_answers_while_it_is_the_bottleneck() -> (
    None
):
    limiter = Limiter(1, 3)
    async with slot_of(limiter):
        pass
    assert limiter.limit == 2
    for _ in range(5):
        async with slot_of(limiter):
            pass
    assert limiter.limit == 2, "one at a time needs no more than two slots"
    async with slot_of(limiter), slot_of(limiter):
        pass
    async with slot_of(limiter), slot_of(limiter):
        pass
    assert limiter.limit == 3
    for _ in range(9):
        async with slot_of(limiter), slot_of(limiter), slot_of(limiter):
            pass
    assert limiter.limit == 3, "the cap holds"


async def test_a_complaint_halves_the_limit_once_per_wave() -> None:
    limiter = Limiter(8, 8)
    async with slot_of(limiter) as one, slot_of(limiter) as two:
        one.overloaded()
        two.overloaded()
    assert limiter.limit == 4
    with pytest.raises(KeyError):
        await complain_and_fail(limiter)
    assert limiter.limit == 2
    for _ in range(3):
        async with slot_of(limiter) as slot:
            slot.overloaded()
    assert limiter.limit == 1, "one request is always allowed"


async def test_near_what_was_too_much_the_limit_rises_slowly() -> None:
    limiter, answers = Limiter(8, 16), list[int]()
    limiter.halve()
    while limiter.limit < 9:
        before, count = limiter.limit, 0
        while limiter.limit == before:
            async with AsyncExitStack() as stack:
                for _ in range(before):
                    await stack.enter_async_context(slot_of(limiter))
            count += 1
        answers.append(count)
    assert answers == [4, 5, 6 * SLOWLY, 7 * SLOWLY, 8]


async def test_after_a_fall_nobody_enters_until_fewer_than_the_new_limit_are_inside() -> None:
    limiter, log = Limiter(4, 4), list[str]()
    leave = [asyncio.Event() for _ in range(4)]
    async with asyncio.TaskGroup() as group:
        for number, event in enumerate(leave[:3]):
            group.create_task(hold(limiter, Priority.DOCUMENTS, str(number), log, event))
        await settle()
        async with slot_of(limiter) as slot:
            slot.overloaded()
        group.create_task(hold(limiter, Priority.DOCUMENTS, "late", log, leave[3]))
        await settle()
        leave[0].set()
        await settle()
        assert "late" not in log
        leave[1].set()
        await settle()
        assert "late" in log
        leave[2].set()
        leave[3].set()


@given(
    st.lists(st.sampled_from(["enter", "leave", "complain", "cancel"]), max_size=60),
    st.integers(1, 6),
)
def test_whatever_happens_slots_are_neither_lost_nor_doubled(steps: list[str], start: int) -> None:
    async def simulate() -> None:
        limiter, log, tasks = (
            Limiter(start, 6),
            list[str](),
            list[tuple[asyncio.Task[None], asyncio.Event]](),
        )
        for step in steps:
            if step == "enter":
                event = asyncio.Event()
                tasks.append(
                    (
                        asyncio.create_task(
                            hold(limiter, Priority(len(tasks) % 3), "x", log, event)
                        ),
                        event,
                    )
                )
            elif step == "complain":
                if limiter.in_use < limiter.limit and not limiter.waiting:
                    async with slot_of(limiter) as slot:
                        slot.overloaded()
            elif tasks:
                task, event = tasks.pop(0)
                event.set()
                if step == "cancel":
                    task.cancel()
            if len(steps) % 2:
                await asyncio.sleep(0)
            assert 1 <= limiter.limit <= 6
            assert 0 <= limiter.in_use <= 6
        for _, event in tasks:
            event.set()
        await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        await settle()
        assert (limiter.in_use, limiter.waiting) == (0, 0)

    asyncio.run(simulate())


def test_the_highest_cap_is_below_what_f_and_o_once_enforced() -> None:
    assert MOST < 52
