"""Over all processes no more requests are under way than the whole, whoever dies, and all get their
fair share."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.encoding import to_json
from sync.core.errors import Later
from sync.core.ports import Row
from sync.pacing.budget import LEASE, RENEWED_EVERY, Budget
from sync.pacing.limiter import FAIR, Limiter, NoTurn
from sync.pacing.parts import BUDGETS, RISES_EVERY, Wants, Whole, cells_of, shared
from sync.pacing.priority import Priority, current, working_at
from tests.pacing.paces import slot_of
from tests.process import Process, begin, task_factory
from tests.virtual_time import LoopClock, Skewed, in_virtual_time, virtually

MEASURED = 60
SYSTEM = "Dynamics at bikes.operations.dynamics.com"


class Far(SqliteTables):
    """Tables that take a while, so that others write meanwhile."""

    is_away = False

    async def _far(self) -> None:
        await asyncio.sleep(0.01)
        if self.is_away:
            raise Later("tables are away", counts=False)

    async def get(self, table: str, partition: str, key: str) -> Any:
        await self._far()
        return await super().get(table, partition, key)

    async def replace(self, table: str, row: Any) -> Any:
        await self._far()
        return await super().replace(table, row)


class Environment:
    """Counts what is under way of requests whose process lives."""

    def __init__(self, whole: int, begins: int | None = None) -> None:
        self.whole, self.begins = whole, begins or whole
        self.tables = Far(":memory:")
        self.clock = LoopClock()
        self.random = Random(5)
        self.under_way = Counter[str]()
        self.served = Counter[str]()
        self.too_many = False

    def worker(self, name: str, apart: float = 0.0) -> tuple[Limiter, Budget]:
        limiter = Limiter(8, 51)
        clock = Skewed(self.clock, apart)
        whole, tables = self.whole, self.tables
        return limiter, Budget(
            tables, clock, SYSTEM, limiter, whole=whole, begins=self.begins, worker=name
        )

    async def request(self, name: str, limiter: Limiter, budget: Budget) -> None:
        await budget.wanted()
        async with slot_of(limiter, current()):
            self.under_way[name] += 1
            if self.under_way.total() > self.whole:
                self.too_many = True
            await asyncio.sleep(self.random.uniform(0.2, 1.5))
            self.under_way[name] -= 1
            self.served[name] += 1

    async def loads(self, name: str, limiter: Limiter, budget: Budget, many: int = 16) -> None:
        """Deliveries that call without end."""

        async def delivery() -> None:
            while True:
                try:
                    await self.request(name, limiter, budget)
                except NoTurn:
                    await asyncio.sleep(1)

        await asyncio.gather(*(delivery() for _ in range(many)))

    def dies(self, name: str, process: Process) -> None:
        process.end()
        self.under_way[name] = 0


@pytest.mark.parametrize(
    ("whole", "workers"), [pytest.param(51, 40, marks=pytest.mark.long), (20, 40), (51, 3)]
)
def test_the_whole_is_never_exceeded_though_processes_come_and_die(
    whole: int, workers: int
) -> None:
    environment = Environment(whole)

    async def simulate() -> None:
        asyncio.get_running_loop().set_task_factory(task_factory)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of the dead
        born, alive = list[Process](), dict[str, Process]()
        try:
            for number in range(2 * workers):
                name = f"worker {number}"
                alive[name] = Process()
                born.append(alive[name])
                limiter, budget = environment.worker(name, environment.random.uniform(-2, 2))
                begin(environment.loads(name, limiter, budget, 4), alive[name])
                await asyncio.sleep(environment.random.uniform(0, 4))
                if len(alive) > workers:
                    dying = environment.random.choice(sorted(alive))
                    environment.dies(dying, alive.pop(dying))
            await asyncio.sleep(2 * (LEASE + RENEWED_EVERY).total_seconds())
            environment.served.clear()
            await asyncio.sleep(MEASURED)
        finally:
            for process in born:
                await process.clean_up()

    virtually(simulate())
    assert not environment.too_many
    each = [environment.served[name] for name in environment.served]
    assert sum(each) > MEASURED * min(whole, 4 * workers) / 0.85 * 0.8, "the whole is used"
    assert len(each) == workers, "everybody was served"
    assert max(each) < 3 * min(each), "and evenly"


@in_virtual_time
async def test_who_is_alone_gets_what_it_wants_and_who_comes_gets_its_share_soon() -> None:
    environment = Environment(20)

    first, second = environment.worker("first"), environment.worker("second")
    working = [asyncio.create_task(environment.loads("first", *first, 30))]
    await asyncio.sleep(60)
    assert first[0].lent >= 18
    working.append(asyncio.create_task(environment.loads("second", *second, 30)))
    await asyncio.sleep(3 * RENEWED_EVERY.total_seconds())
    assert second[0].lent >= 8, "as many as it begins with"
    assert 19 <= first[0].lent + second[0].lent <= 20
    for work in working:
        work.cancel()
    await asyncio.wait(working)
    await first[1].close()
    await second[1].close()
    row = await environment.tables.get(BUDGETS, SYSTEM, "parts")
    assert row is not None
    assert row.values["parts"] == "{}"


@in_virtual_time
async def test_who_has_nothing_to_do_gives_all_back_by_itself() -> None:
    environment = Environment(8)

    limiter, budget = environment.worker("first")
    await asyncio.gather(*(environment.request("first", limiter, budget) for _ in range(30)))
    await asyncio.sleep(3 * RENEWED_EVERY.total_seconds())
    assert limiter.lent == 0
    other, others = environment.worker("second")
    await asyncio.gather(*(environment.request("second", other, others) for _ in range(16)))
    assert other.lent == 8
    await others.close()


@in_virtual_time
async def test_while_the_tables_are_away_what_is_lent_lasts_as_long_as_its_lease() -> None:
    environment = Environment(8)

    limiter, budget = environment.worker("first")
    working = asyncio.create_task(environment.loads("first", limiter, budget, 4))
    await asyncio.sleep(10)
    environment.tables.is_away = True
    await asyncio.sleep(LEASE.total_seconds() / 2)
    assert limiter.lent
    await asyncio.sleep(LEASE.total_seconds())
    assert limiter.lent == limiter.in_use == 0
    assert isinstance(working.exception(), Later)


WANTS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))


@given(
    st.integers(0, 60), st.integers(0, 9), st.dictionaries(st.text(max_size=3), WANTS, max_size=12)
)
def test_shares_use_the_whole_and_nobody_gets_more_than_it_wants(
    whole: int, turn: int, wants: dict[str, Wants]
) -> None:
    got = shared(whole, wants, turn)
    assert sum(got.values()) == min(whole, sum(map(sum, wants.values())))
    assert all(0 <= many <= sum(wants[name]) for name, many in got.items())


@given(
    st.integers(0, 60),
    st.integers(0, 9),
    st.sampled_from(Priority),
    st.dictionaries(st.text(max_size=3), st.integers(0, 60), max_size=12),
)
def test_shares_of_equals_are_even(
    whole: int, turn: int, priority: Priority, wants: dict[str, int]
) -> None:
    got = shared(whole, {name: only(priority, many) for name, many in wants.items()}, turn)
    for name, many in got.items():
        if many < wants[name]:
            assert all(other <= many + 1 for other in got.values())


@given(
    st.integers(0, 60), st.integers(0, 9), st.integers(0, 60), st.integers(0, 60),
    st.integers(0, 60),
)  # fmt: skip
def test_documents_get_all_but_what_keeps_the_others_going(
    whole: int, turn: int, documents: int, customers: int, prices: int
) -> None:
    wants = {
        "documents": only(Priority.DOCUMENTS, documents),
        "customers": only(Priority.MASTER_DATA, customers),
        "prices": only(Priority.CATALOGUE, prices),
    }
    got = shared(whole, wants, turn)
    assert got["documents"] >= min(documents, whole - max(whole // FAIR, 1))
    if whole >= 2 * FAIR:
        assert all(got[name] for name in wants if sum(wants[name]))
    if got["customers"] < customers:
        assert got["prices"] <= max(whole // FAIR, 1)


def only(priority: Priority, many: int) -> Wants:
    return tuple(many if one is priority else 0 for one in Priority)


def test_what_cannot_be_divided_goes_round() -> None:
    wants = {f"worker {number}": only(Priority.DOCUMENTS, 1) for number in range(8)}
    turns = [shared(3, wants, turn) for turn in range(3)]
    assert {name for got in turns for name, many in got.items() if many} == set(wants)


def test_documents_that_come_while_the_catalogue_has_the_whole_get_it_within_seconds() -> None:
    environment = Environment(51)

    async def simulate() -> None:
        working = []
        for number in range(20):
            name = f"prices {number}"
            with working_at(Priority.CATALOGUE):
                load = environment.loads(name, *environment.worker(name))
                working.append(asyncio.create_task(load))
        await asyncio.sleep(60)
        begun = {name: environment.served[name] for name in environment.served}
        assert sum(environment.under_way.values()) >= 45
        for number in range(3):
            name = f"orders {number}"
            load = environment.loads(name, *environment.worker(name))
            working.append(asyncio.create_task(load))
        await asyncio.sleep(2 * RENEWED_EVERY.total_seconds() + 2)
        held = Counter(
            {name: many for name, many in environment.under_way.items() if "orders" in name}
        )
        assert held.total() >= 3 * 8, "as many as they begin with"
        await asyncio.sleep(MEASURED)
        served = Counter(environment.served)
        served.subtract(begun)
        orders = sum(many for name, many in served.items() if "orders" in name)
        assert 0.7 * served.total() < orders < 0.95 * served.total(), "and the rest goes on"
        for work in working:
            work.cancel()
        await asyncio.wait(working)

    virtually(simulate())
    assert not environment.too_many


async def test_what_an_earlier_release_wants_is_urgent() -> None:
    tables, clock = SqliteTables(":memory:"), LoopClock()
    until = (clock.now() + LEASE).isoformat()
    row = Row(SYSTEM, "parts", {"parts": to_json({"old": [4, 4, until]}).decode()})
    await tables.insert(BUDGETS, row)
    limiter = Limiter(8)
    budget = Budget(tables, clock, SYSTEM, limiter, whole=8, begins=8, worker="new")
    with working_at(Priority.CATALOGUE):
        for _ in range(8):
            limiter.demand[Priority.CATALOGUE] += 1
            await budget.wanted()
    assert limiter.lent == 4
    await budget.close()
    tables.close()


@pytest.mark.parametrize(
    ("most", "too_many", "seconds"),
    [(16, 0, 5), (12, 25, 5), (17, 25, 5), (18, 25, 60), (24, 25, 60), (25, 25, 5), (1, 2, 60)],
)
def test_the_whole_grows_by_one_and_slowly_near_what_was_too_much(
    most: int, too_many: int, seconds: int
) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    whole, until = Whole(most, now, "a pause", too_many), now + timedelta(seconds=seconds)
    assert whole.risen(51, 51, until - timedelta(seconds=1)) == whole
    assert whole.risen(51, 51, until) == Whole(most + 1, until, "a pause", too_many)
    assert whole.risen(most, 51, until) == whole.risen(51, most, until) == whole, "nobody wants it"
    assert Whole.of(Row("", "", cells_of({}, whole)), 16, 51, until) == whole


@in_virtual_time
async def test_of_a_system_that_nobody_knows_some_is_lent_and_more_as_it_takes_that() -> None:
    environment = Environment(51, begins=16)

    workers = [(name, *environment.worker(name)) for name in "abcd"]
    loads = [asyncio.create_task(environment.loads(*worker)) for worker in workers]
    found = list[int]()
    for seconds in (4, 31):
        await asyncio.sleep(seconds)
        found.append(sum(limiter.lent for _, limiter, _ in workers))
    for load in loads:
        load.cancel()
    await asyncio.gather(*loads, return_exceptions=True)
    for _, _, budget in workers:
        await budget.close()
    first, later = found
    assert first <= 16
    assert 20 <= later <= 23


def test_a_pause_halves_the_whole_once_for_all_and_it_grows_again_slowly() -> None:
    environment = Environment(20)

    async def simulate() -> list[int]:
        names = [f"worker {number}" for number in range(5)]
        workers = [environment.worker(name) for name in names]
        loads = [
            asyncio.create_task(environment.loads(name, *worker))
            for name, worker in zip(names, workers, strict=True)
        ]
        found = [await under_way(10)]
        for _, budget in workers:  # each hears of the same pause
            await budget.fell("2026-03-02T12:00:00+00:00")
        found.append(await under_way(5))
        await asyncio.sleep(4 * RISES_EVERY.total_seconds())
        found.append(await under_way(5))
        await asyncio.sleep(12 * RISES_EVERY.total_seconds())
        found.append(await under_way(5))
        for load in loads:
            load.cancel()
        await asyncio.gather(*loads, return_exceptions=True)
        for _, budget in workers:
            await budget.close()
        return found

    async def under_way(seconds: float) -> int:
        """The most that were at once, after a while."""
        await asyncio.sleep(seconds)
        most = 0
        for _ in range(20):
            most = max(most, environment.under_way.total())
            await asyncio.sleep(0.1)
        return most

    whole, halved, soon, late = virtually(simulate())
    assert whole == 20
    assert late == 16, "near what was too much it grows by one a minute"
    assert 9 <= halved <= 12
    assert halved < soon < late
    assert not environment.too_many


def test_what_an_earlier_release_wrote_down_has_learned_nothing() -> None:
    environment = Environment(20)

    async def lent() -> int:
        limiter, budget = environment.worker("new")
        await environment.tables.insert(BUDGETS, Row(SYSTEM, "parts", {"parts": "{}"}))
        await budget.wanted()
        found = limiter.lent
        await budget.close()
        return found

    assert virtually(lent()) == 1
