"""Publications: the target comes to show the source, whatever answers are lost, wherever a process
dies, and whoever publishes the same rows meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from typing_extensions import override

from sync.core.errors import Never
from sync.engine.claim import State
from sync.engine.differences import TURN_EVERY, compared
from sync.engine.flow_pauses import FlowPauses
from sync.engine.ledger import Ledger
from sync.engine.mirror import Mirror, Mirrored, Mirrors, Shown
from sync.engine.mirror_pieces import SLOTS, slot_of
from sync.engine.progress import SPAN
from sync.engine.publication import EVERYTHING, MOST_REFUSED
from sync.engine.published_rows import MassChange
from sync.engine.systems import Systems
from tests.contracts.hand_clock import HandClock
from tests.doubles.digests import DIGESTS
from tests.engine.price_list import NAME, PriceList, SpecialPrices
from tests.virtual_time import virtually

NO_TABLES: Any = None
FAULTS = ("", "lost", "late", "down", "throttled")


def prices(count: int, price: Any = 5) -> dict[str, Any]:
    return {f"SKU-{number}": {"price": price} for number in range(count)}


async def shown(**rows: Any) -> PriceList:
    """A list that the shop shows."""
    there = PriceList(source={sku: {"price": price} for sku, price in rows.items()})
    await there.publish()
    assert there.is_shown()
    there.shop.requests.clear()
    return there


def sent(there: PriceList) -> list[str]:
    return sorted(sku for request in there.shop.requests for sku in request)


async def mirror(there: PriceList) -> Mapping[str, Mirrored]:
    rows = await there.ledger.mirror.whole(f"{NAME}|prices")
    return {key: rows.of(key) for key in rows}


async def test_only_what_differs_is_sent() -> None:
    there = await shown(A=1, B=2, C=3)
    await there.publish()
    assert there.shop.requests == []
    there.source |= {"B": {"price": 7}, "D": {"price": 4}}
    await there.publish()
    assert sent(there) == ["B", "D"]
    assert there.is_shown()


async def test_what_the_source_has_no_more_goes() -> None:
    there = await shown(A=1, B=2)
    del there.source["A"]
    await there.publish()
    assert there.is_shown()
    assert sorted(await mirror(there)) == ["B"]
    await there.publish()
    assert sent(there) == ["A"]


async def test_a_few_rows_that_a_shifted_page_misses_are_asked_for_before_they_go() -> None:
    there = await shown(A=1, B=2, C=3)
    there.missed = {"A", "C"}
    del there.source["C"]
    await there.publish()
    assert there.shop.prices == {"A": 1, "B": 2}
    assert sorted(await mirror(there)) == ["A", "B"]


async def test_many_rows_that_go_are_not_asked_for_one_by_one() -> None:
    there = PriceList(source=prices(40))
    await there.publish()
    there.source = prices(10)
    await there.deliver()
    assert (there.is_shown(), there.sends.messages) == (True, [])


async def test_a_row_that_is_notified_is_published_at_once() -> None:
    there = await shown(A=1, B=2)
    there.source |= {"A": {"price": 7}, "B": {"price": 8}}
    await there.deliver("A", "webhook")
    assert sent(there) == ["A"]
    del there.source["A"]
    await there.publish("A", "webhook")
    assert there.shop.prices == {"B": 2}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("key", [EVERYTHING, "A"])
async def test_a_lost_answer_leaves_no_older_state(fault: str, key: str) -> None:
    there = await shown(A=1)
    there.source["A"] = {"price": 2}
    there.shop.faults = [fault]
    await there.deliver(key)
    there.source["A"] = {"price": 3}
    await there.publish("A", "webhook")
    await there.publish()
    assert there.shop.prices == {"A": 3}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_change_that_is_taken_back_while_its_answer_was_lost_is_undone(fault: str) -> None:
    there = await shown(A=1)
    there.source["A"] = {"price": 2}
    there.shop.faults = [fault]
    await there.deliver()
    there.source["A"] = {"price": 1}
    await there.settle()
    await there.publish()
    assert there.shop.prices == {"A": 1}


IN_ALL_SLOTS = ("A", "B", "P", "Q")


async def test_rows_of_all_slots_are_written_by_one_call() -> None:
    assert len({slot_of(key) for key in IN_ALL_SLOTS}) == SLOTS
    there = PriceList(source={key: {"price": 1} for key in IN_ALL_SLOTS})
    there.target.most = SLOTS
    await there.publish()
    assert [sorted(request) for request in there.shop.requests] == [sorted(IN_ALL_SLOTS)]
    there.source |= {"A": {"price": 2}, "B": {"price": 2}}
    there.shop.requests.clear()
    there.shop.faults = ["lost"]
    await there.publish()
    assert there.is_shown()
    assert [sorted(request) for request in there.shop.requests] == [["A", "B"]] * 2


async def test_a_slot_that_has_to_wait_is_left_out_and_the_others_go_on() -> None:
    there = await shown(**dict.fromkeys(IN_ALL_SLOTS, 1))
    there.target.most = SLOTS
    there.source |= {key: {"price": 2} for key in IN_ALL_SLOTS}
    claim, _ = await there.ledger.take(NAME, "prices-rows", slot_of("B"), "another worker")
    await there.worker().deliver(there.message(EVERYTHING))
    assert sent(there) == ["A", "P", "Q"]
    await there.ledger.release(claim)
    await there.settle()
    assert there.is_shown()


@pytest.mark.parametrize("fault", ["", "late"])
async def test_a_process_that_dies_at_any_step_is_followed_by_one_that_goes_on(fault: str) -> None:
    step, has_died = 0, True
    while has_died:
        step += 1
        there = PriceList(source=prices(4))
        there.shop.faults = [fault]
        has_died = await there.dies_at(step)
        await there.publish()
        assert there.is_shown(), step
        there.shop.requests.clear()
        await there.publish()
        assert there.shop.requests == [], step
    assert step > 20


async def test_an_interrupted_run_goes_on_with_what_is_left() -> None:
    there = PriceList(source=prices(40))
    there.shop.takes = SPAN / 3
    await there.deliver()
    first = sent(there)
    assert 0 < len(first) < 40
    await there.settle()
    assert there.is_shown()
    assert sent(there) == sorted(there.source)


@pytest.mark.parametrize("seed", range(12))
async def test_the_shop_comes_to_show_the_list_whatever_happens(seed: int) -> None:
    chance, there = random.Random(seed), PriceList(source=prices(6))
    for _ in range(12):
        sku = f"SKU-{chance.randrange(8)}"
        there.source[sku] = {"price": chance.randrange(5)}
        if chance.random() < 0.2:
            del there.source[sku]
        there.shop.faults = chance.choices(FAULTS, k=2)
        key = chance.choice([EVERYTHING, sku])
        await (there.deliver(key) if chance.random() < 0.5 else there.publish(key))
    await there.settle()
    await there.publish()
    assert there.is_shown()


async def test_a_row_that_is_refused_parks_alone_with_its_remedy() -> None:
    there = PriceList(source=prices(6))
    there.shop.unknown = {"SKU-3"}
    await there.publish()
    assert there.is_shown()
    assert await there.parked() == ["SKU-3"]
    claim = await there.claim("SKU-3")
    assert (claim.reason, "Create SKU-3" in claim.remedy) == ("the shop has no SKU-3", True)
    assert (await there.claim()).state is State.DELIVERED


@pytest.mark.parametrize(
    ("mended", "key", "origin"),
    [("list", EVERYTHING, "poll"), ("list", "SKU-3", "webhook"), ("shop", "SKU-3", "replay"),
     ("shop", EVERYTHING, "replay"), ("gone", EVERYTHING, "poll")],
)  # fmt: skip
async def test_a_refused_row_is_sent_again_when_it_differs_or_a_person_asks(
    mended: str, key: str, origin: str
) -> None:
    there = PriceList(source=prices(6))
    there.shop.unknown = {"SKU-3"}
    await there.publish()
    there.shop.requests.clear()
    await there.publish()
    assert there.shop.requests == []
    if mended != "gone":
        there.shop.unknown = set()
    if mended == "list":
        there.source["SKU-3"] = {"price": 6}
    if mended == "gone":
        del there.source["SKU-3"]
    await there.publish(key, origin)
    assert there.is_shown()
    assert await there.parked() == []
    assert not [row for row in (await mirror(there)).values() if row.refused]


async def test_one_row_for_which_a_chunk_is_refused_whole_does_not_stop_the_others() -> None:
    there = PriceList(source={**prices(6), "SKU-3": {"price": "five"}})
    await there.publish()
    assert await there.parked() == ["SKU-3"]
    there.source.pop("SKU-3")
    assert there.is_shown()


async def test_a_target_that_takes_nothing_parks_the_run_and_not_every_row() -> None:
    there = PriceList(source=prices(MOST_REFUSED + 20, price="five"))
    await there.publish()
    assert await there.parked() == [EVERYTHING]
    assert (await there.claim()).remedy
    there.source = prices(MOST_REFUSED + 20)
    await there.publish()
    assert there.is_shown()
    assert await there.parked() == []


async def test_a_missing_right_stops_the_flow_at_the_first_chunk_and_refuses_no_row() -> None:
    there = PriceList(source=prices(7))
    there.shop.faults = ["no right"] * 9
    await there.deliver()
    assert len(there.shop.requests) == 1
    (pause,) = await FlowPauses(there.tables, there.clock).standing()
    assert (pause.flow, "Magento_Catalog::products" in pause.why) == ("prices", True)
    assert await there.parked() == []
    assert not [row for row in (await mirror(there)).values() if row.refused]
    there.shop.faults.clear()
    assert await FlowPauses(there.tables, there.clock).resume(NAME, "prices", by="ann")
    await there.publish()
    assert there.is_shown()


async def test_a_run_that_would_change_too_much_is_for_a_person() -> None:
    there = PriceList(MassChange(at_least=3), source=prices(10))
    await there.publish()
    assert there.is_shown()
    whole, there.source = there.source, prices(5)
    there.shop.requests.clear()
    await there.publish()
    claim = await there.claim()
    assert (claim.state, there.shop.requests) == (State.PARKED, [])
    assert "5 of 10 rows" in claim.reason
    assert "more than 30%" in claim.reason
    assert "approve prices" in claim.remedy
    there.source = {**whole, "NEW": {"price": 1}}
    await there.publish()
    assert (await there.claim()).state is State.DELIVERED
    there.source = prices(5)
    await there.publish()
    await there.publish(origin="replay")
    assert there.is_shown()
    assert await there.parked() == []


@pytest.mark.parametrize("newer_prices", [[8], [8, 1]], ids=["new", "and back"])
async def test_a_run_that_read_before_a_row_was_published_leaves_that_row_alone(
    newer_prices: list[int],
) -> None:
    there = await shown(A=1, B=2)

    async def newer() -> None:
        for price in newer_prices:
            there.clock.at += timedelta(minutes=5)
            there.source["A"] = {"price": price}
            await there.worker().deliver(there.message("A"))

    there.source |= {"A": {"price": 7}, "B": {"price": 7}}
    there.meanwhile = newer
    await there.publish()
    assert there.shop.prices == {"A": newer_prices[-1], "B": 7}


async def test_a_change_that_a_person_let_through_goes_on_after_the_span_of_one_run() -> None:
    there = PriceList(MassChange(at_least=3), source=prices(40))
    await there.publish()
    there.source = {key: {"price": 99} for key in there.source}
    await there.publish()
    assert (await there.claim()).state is State.PARKED
    there.shop.requests.clear()
    there.shop.takes = SPAN / 3
    begun = there.clock.now()
    await there.publish(origin="replay")
    assert there.is_shown()
    assert await there.parked() == []
    assert there.clock.now() - begun < 10 * SPAN
    there.source = prices(40)
    await there.publish()
    assert (await there.claim()).state is State.PARKED, "the next one is for a person again"


async def test_runs_that_find_nothing_leave_one_row_in_the_trail() -> None:
    there = PriceList(source=prices(6))
    for _ in range(4):
        await there.publish()
    there.source = prices(7)
    for _ in range(3):
        await there.publish()
    await there.publish(origin="replay")
    trail = await there.ledger.trail(NAME, "prices", EVERYTHING)
    told = ["amended", "skipped", "amended", "skipped", "skipped"]
    assert [entry.event for entry in trail] == told, "a person hears what came of it"


async def test_two_rows_of_one_key_are_for_a_person() -> None:
    there = PriceList(source=prices(3))
    (row,) = [row async for row in there._every(None, None) if row.key == "SKU-1"]  # type: ignore[arg-type]
    there.twice = [type(row)("SKU-1", {"price": 9})]
    await there.publish()
    assert await there.parked() == ["SKU-1"]
    assert there.shop.prices == {"SKU-0": 5, "SKU-2": 5}
    there.twice = []
    await there.publish("SKU-1", "replay")
    assert there.is_shown()


async def test_every_chunk_and_run_is_in_the_trail_by_its_rows() -> None:
    there = PriceList(source=prices(6))
    await there.publish()
    (run,) = await there.ledger.trail(NAME, "prices", EVERYTHING)
    assert (run.event, run.number, run.details["rows"]) == ("amended", "6 rows", "6")


async def test_a_row_that_neither_side_knows_is_not_sent_when_a_person_asks_for_it() -> None:
    there = PriceList(source=prices(3))
    await there.publish()
    there.shop.unknown = {"SKU-9"}
    there.shop.requests.clear()
    await there.publish("SKU-9", "replay")
    assert (there.shop.requests, await there.parked()) == ([], [])


async def test_more_changes_than_a_run_holds_are_left_to_the_next_one() -> None:
    there = PriceList(source=prices(20), bounds={"most_held": 7})
    await there.deliver()
    assert len(sent(there)) == 7
    (run,) = await there.ledger.trail(NAME, "prices", EVERYTHING)
    assert (run.details["rows"], run.details["left"]) == ("7", "13")
    await there.settle()
    assert there.is_shown()
    assert sent(there) == sorted(there.source)


async def test_a_run_that_leaves_rows_says_how_long_they_take() -> None:
    there = PriceList(source=prices(40))
    there.shop.takes = SPAN / 3
    await there.deliver()
    (run,) = await there.ledger.trail(NAME, "prices", EVERYTHING)
    rows, left = int(run.details["rows"]), int(run.details["left"])
    assert (rows > 0, rows + left) == (True, 40)
    assert int(run.details["minutes_left"]) >= left // 3
    assert run.number == f"{rows} rows, {left} left: about {run.details['minutes_left']} minutes"


@dataclass
class Assembled(SpecialPrices):
    """Kits take five seconds each and come last, their parts one."""

    clock: HandClock = field(default_factory=HandClock)

    @override
    def rank(self, row: Shown) -> int:
        return int(row.key.startswith("KIT"))

    @override
    def cost(self, row: Shown) -> int:
        return 5 if self.rank(row) else 1

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        refused = await super().publish(rows, systems, not_after=not_after)
        self.clock.at += timedelta(seconds=sum(map(self.cost, rows)))
        return refused


class Kits(PriceList):
    """A kit waits until its part is there."""

    @override
    async def _every(self, _: Systems, __: Ledger) -> AsyncIterator[Shown]:
        for sku, one in self.source.items():
            waits = sku.startswith("KIT") and sku.replace("KIT", "SKU") not in self.shop.prices
            yield Shown(sku, None if waits else one, waits=waits)


async def test_what_is_left_is_told_to_within_15_percent_also_where_it_takes_longer_each() -> None:
    clock = HandClock()
    there = Kits(source=prices(400), clock=clock, target=Assembled(clock=clock))
    there.source |= {f"KIT-{number}": {"price": number} for number in range(50)}
    await there.publish()
    runs = await there.ledger.trail(NAME, "prices", EVERYTHING)
    ended = {one.at: timedelta(minutes=int(one.details.get("minutes_left", 0))) for one in runs}
    told = [(at, said) for at, said in ended.items() if said]
    off = [abs(at + said - max(ended)) / (max(ended) - at) for at, said in told if said > 2 * SPAN]
    assert (len(off) > 0, max(off) < 0.15) == (True, True), off
    assert all(one[0].startswith("KIT") for one in there.shop.requests[-16:])
    assert there.is_shown()


async def test_several_who_write_one_piece_of_the_mirror_all_leave_their_rows() -> None:
    there = PriceList(source=prices(60))
    mirror, partition = there.ledger.mirror, f"{NAME}|prices"
    rows = [row async for row in there._every(None, None)]  # type: ignore[arg-type]
    await asyncio.gather(*(mirror.confirm(partition, [row]) for row in rows))
    known = await mirror.whole(partition)
    assert sorted(known) == sorted(there.source)
    assert all(mirror.shows(known.of(row.key), row) for row in rows)
    assert known.shown == len(rows)


async def test_what_was_shown_of_a_key_is_told_with_its_times() -> None:
    there = await shown(A=1, B=2)
    there.source["A"] = {"price": 7}
    there.source["C"] = {"price": 5}
    there.shop.unknown = {"C"}
    await there.publish()
    del there.source["A"]
    await there.publish()
    log, partition = there.ledger.published, f"{NAME}|prices"
    told = await log.of(partition, "A")
    assert [one.content for one in told] == [{"price": 1}, {"price": 7}, None]
    assert [one.at for one in told] == sorted(one.at for one in told)
    assert [one.content for one in await log.of(partition, "B")] == [{"price": 2}]
    assert await log.of(partition, "C") == [], "it was refused"


def test_a_delivery_of_many_steps_waits_for_some_rows_and_not_for_the_comparison() -> None:
    rows = [Shown(f"SKU-{number}", {"price": 1}) for number in range(2_000)]
    taken = list[Shown]()

    async def listed() -> AsyncIterator[Shown]:
        for row in rows:
            taken.append(row)
            yield row

    async def delivery() -> int:
        for _ in range(100):
            await asyncio.sleep(0)
        return len(taken)

    async def both() -> int:
        comparing = asyncio.create_task(compared(listed(), Mirrors(), Mirror(NO_TABLES, DIGESTS)))
        taken_then = await delivery()
        assert len((await comparing).changed) == 2_000
        return taken_then

    assert virtually(both()) <= 2 * TURN_EVERY


async def test_rows_that_cannot_be_told_are_looked_at_in_portions() -> None:
    there = PriceList(source=prices(6), bounds={"most_alone": 2})
    there.twice = [Shown(f"SKU-{number}", {"price": 9}) for number in range(5)]
    await there.publish()
    assert len(await there.parked()) == 2
    for _ in range(20):
        await there.publish()
    assert len(await there.parked()) == 5
    assert there.shop.prices == {"SKU-5": 5}
