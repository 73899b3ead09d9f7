"""Orders under load are measured, and the system that they load does what it says."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from sandbox.capacity import Capacity, Hot, UserLimits
from sandbox.dials import Arrival
from tests.benchmarks.lasting import Memory, memory
from tests.benchmarks.load import PACKAGE, Way, by_others
from tests.benchmarks.load_page import PAGE, SECTIONS, renewed
from tests.benchmarks.load_parts import PARTS, lines
from tests.benchmarks.load_results import Load, Loaded, Recovered
from tests.benchmarks.top_rate import BEGIN, TopRate, measured_top_rate
from tests.virtual_time import in_virtual_time

READ, WRITE = Arrival("GET", "/data/A", "", b""), Arrival("POST", "/data/A", "", b"")
BATCH = Arrival("POST", "/data/$batch", "", b"GET A HTTP/1.1\nPOST B HTTP/1.1\nPATCH C HTTP/1.1")
LOADED = Loaded(
    "all at once", 10, 0.5, 0.91, 0.002, 0.1, 2.05, (1.0, 2.0, 9.0), 12.5, 0, 0, 9.3, 3.0
)


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
@in_virtual_time
async def test_who_comes_when_it_is_hot_is_refused(
    capacity: Capacity, together: int, taken: int, seconds: float
) -> None:
    async def one() -> bool:
        try:
            async with capacity.working_on(WRITE):
                return True
        except Hot:
            return False

    found = await asyncio.gather(*(one() for _ in range(together)))
    count, took = sum(found), asyncio.get_running_loop().time()
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
    load = Load([LOADED], [usual], Recovered(300, 6.0, 12, 80, 0, 0)).facts()
    parts: dict[str, Any] = {
        "load": load, "burst": LOADED.facts(), "hooks": TopRate(400, 2.5, 40.0, 500, 1.75).facts(),
        "before": {"empty": LOADED.facts(), "full": LOADED.facts()},
        "memory": Memory(20_000, 0, 0, {10_000: 171.5, 20_000: 172.0}).facts(),
    }  # fmt: skip
    measured = {"machine": "a machine, 2 cores", "loads": [0.1, 0.25]}
    figures = {name: {name: facts, **measured} for name, facts in parts.items()}
    pages = renewed(PAGE.read_text(encoding="utf-8"), json.loads(json.dumps(figures)))
    text = pages.pop(PAGE)
    assert set(parts) == set(PARTS) == {part for part, _ in SECTIONS.values()}
    row = "| all at once | 20 | 91.0 % | 0.2 % | 2.05 | 0.1 | 9.3 | 3 | 2 | 9 | 9 | 12.5 | 0 | 0 |"
    assert text.count(row) == 4
    assert text.count("a machine, 2 cores; its load before and after: 0.1 and 0.2.") == len(
        SECTIONS
    )
    assert "takes 400 hooks a second" in text
    assert "| 20,000 | 172.0 |" in text
    assert [text.count("<rect ") for text in pages.values()] == [1, 2]
    assert next(iter(lines(parts["before"]))).startswith("  what all at once, orders 10")


def test_what_is_kept_of_an_order_can_be_multiplied_and_memory_is_looked_at() -> None:
    full = Way("full", 4, before=50).play()
    assert (full.lost, full.doubled, full.tables > 0) == (0, 0, True)
    found = memory(8, 4).facts()
    assert (found["lost"], found["doubled"], [*found["megabytes"]]) == (0, 0, [4, 8])


@pytest.mark.long
async def test_hooks_are_answered_at_a_rate_that_rises() -> None:
    found = await measured_top_rate(0.1, signed=20, most=BEGIN)
    assert found.cpu_ms > 0
    assert found.a_second in (0, BEGIN), "a slow machine takes fewer"
