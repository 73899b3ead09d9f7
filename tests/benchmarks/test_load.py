"""Orders under load are measured, and the system that they load does what it says."""

import asyncio
from dataclasses import replace

import pytest

from sandbox.capacity import Capacity, Hot, UserLimits
from sandbox.dials import Arrival
from tests.benchmarks.load import PACKAGE, Way, by_others
from tests.benchmarks.load_page import PAGE, renewed
from tests.benchmarks.load_results import Load, Loaded, Recovered
from tests.virtual_time import virtually

READ, WRITE = Arrival("GET", "/data/A", "", b""), Arrival("POST", "/data/A", "", b"")
BATCH = Arrival("POST", "/data/$batch", "", b"GET A HTTP/1.1\nPOST B HTTP/1.1\nPATCH C HTTP/1.1")
LOADED = Loaded("all at once", 10, 0.5, 0.91, 0.002, 0.1, 2.05, (1.0, 2.0, 9.0), 12.5)


def test_work_takes_as_long_as_its_parts() -> None:
    capacity = Capacity(read=0.1, write=0.2, batch=0.05)
    assert capacity.seconds(READ) == (0.1, 0.0)
    assert capacity.seconds(WRITE) == (0.2, 0.2)
    assert capacity.seconds(BATCH) == pytest.approx((0.55, 0.4))


@pytest.mark.parametrize(
    ("capacity", "together", "taken", "seconds"),
    [
        (Capacity(workers=2, waiting=0), 3, 2, 0.2),
        (Capacity(workers=2, waiting=2), 5, 4, 0.4),
        (Capacity(workers=2, waiting=9, user=UserLimits(together=3)), 5, 3, 0.4),
        (Capacity(workers=9, user=UserLimits(requests=4)), 6, 4, 0.2),
        (Capacity(workers=9, user=UserLimits(seconds=0.5)), 6, 3, 0.2),
    ],
)
def test_who_comes_when_it_is_hot_is_refused(
    capacity: Capacity, together: int, taken: int, seconds: float
) -> None:
    async def one() -> bool:
        try:
            async with capacity.working_on(WRITE):
                return True
        except Hot:
            return False

    async def all_of_them() -> tuple[int, float]:
        found = await asyncio.gather(*(one() for _ in range(together)))
        return sum(found), asyncio.get_running_loop().time()

    count, took = virtually(all_of_them())
    assert count == taken
    assert took == pytest.approx(seconds)


def test_what_was_asked_for_long_ago_counts_no_more() -> None:
    limits = UserLimits(requests=2, window=300.0)
    limits.add(0.0, 1.0)
    limits.add(100.0, 1.0)
    assert limits.exceeded(100.0, 0) == 200
    assert limits.exceeded(301.0, 0) is None


def test_orders_arrive_once_though_answers_are_lost_and_the_usual_way_doubles_them() -> None:
    way = Way("all at once", 12, faults={"lost_rate": 0.2})
    ours, usual = way.play(), by_others(replace(way, begun={}))
    assert (ours.lost, ours.doubled) == (0, 0)
    assert len(ours.seconds) == ours.orders == 12
    assert usual.doubled
    assert 0 < ours.share < 1


def test_a_plain_odata_client_posts_all_orders_and_loses_those_whose_answers_are_lost() -> None:
    pytest.importorskip("odata", reason="make test installs it")
    way = Way("all at once", 12)
    assert by_others(way, PACKAGE).lost == 0
    assert by_others(replace(way, faults={"lost_rate": 0.2}), PACKAGE).lost


def test_the_page_shows_what_was_measured() -> None:
    usual = replace(LOADED, what="all at once; line by line", doubled=3, lost=1)
    pages = renewed(Load([LOADED], [usual], Recovered(300, 6.0, 12, 80, 0, 0)), 10)
    assert "| all at once | 20 | 91.0 % | 0.2 % | 2.05 | 0.1 | 2 | 9 | 9 | 12.5 | 0 | 0 |" in (
        pages.pop(PAGE)
    )
    assert [text.count("<rect ") for text in pages.values()] == [1, 2]
