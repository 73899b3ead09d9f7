"""Each night the newest days are compared, and older ones with differences; what is found is
stored, and told of."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any, Final

from sandbox.dials import Kind
from sync.engine.jobs import JOBS, Job
from sync.reconcile.nightly import AGAIN, AT_ONCE, Nightly
from sync.reconcile.stored import Reconciliations
from tests.flows.finance import Finance, in_finance
from tests.harness import key_of
from tests.reconcile.planted import aged
from tests.systems import CONNECTION

DAY: Final = timedelta(days=1)
TOKYO: Final[dict[str, Any]] = {"dynamics": {"time_zone": "Asia/Tokyo"}, "reconcile": {"days": 2}}
JOB: Final = f"reconcile|{CONNECTION}"


async def a_night(finance: Finance) -> list[timedelta]:
    """The next night begins and ends; after which times the job was due again."""
    nightly, waits = Nightly(CONNECTION, finance.services.engine()), list[timedelta]()
    last: datetime | None = None
    while not waits or waits[-1] < timedelta(hours=12) or len(waits) == 1:
        after = await nightly.run(last)
        assert after is not None
        waits.append(after)
        last = finance.clock.now()
        await asyncio.sleep(after.total_seconds())
    return waits


async def days_of(finance: Finance) -> dict[date, datetime]:
    stored = Reconciliations(finance.systems.tables)
    return {one.day: one.at async for one in stored.days(CONNECTION)}


@in_finance(**TOKYO)
async def test_what_a_night_finds_is_stored_told_and_looked_at_until_it_is_gone(
    finance: Finance,
) -> None:
    order = finance.place()
    aged(order, timedelta(hours=6))
    assert (await a_night(finance))[1:-1] == [AT_ONCE]
    day = min(await days_of(finance)) + DAY
    stored = Reconciliations(finance.systems.tables)
    (found,) = await stored.differences(CONNECTION, day)
    assert (found["key"], found["cause"], found["day"]) == (
        key_of(order), "missing", day.isoformat()
    )  # fmt: skip
    open_ = await stored.open(CONNECTION)
    assert open_ is not None
    assert (open_.count, open_.day) == (1, day)
    await finance.services.watch.look()
    causes = [one.alert.cause for one in await finance.services.watch.alerting.standing()]
    assert f"differs|{CONNECTION}" in causes
    for _ in range(4):
        await a_night(finance)
    assert (await days_of(finance))[day] > finance.clock.now() - 2 * DAY
    await finance.delivers(order)
    await a_night(finance)
    assert await stored.differences(CONNECTION, day) == []
    assert await stored.open(CONNECTION) is None


@in_finance(reconcile={"days": 1})
async def test_what_a_claim_says_of_a_parked_record_is_stored_in_the_claim_alone(
    finance: Finance,
) -> None:
    order = finance.place()
    aged(order, timedelta(hours=6))
    order.row["order_currency_code"] = "XTS"
    await finance.delivers(order)
    remedy = (await finance.claim(order)).remedy
    await a_night(finance)
    (day,) = await days_of(finance)
    (found,) = await Reconciliations(finance.systems.tables).differences(CONNECTION, day)
    assert (found["cause"], remedy in found["command"]) == ("parked", False)
    assert f"replay {key_of(order)}" in found["command"]


@in_finance(reconcile={"days": 0})
async def test_where_no_day_is_wanted_no_night_looks(finance: Finance) -> None:
    assert await Nightly(CONNECTION, finance.services.engine()).run(None) is None


@in_finance(reconcile={"days": 1})
async def test_what_a_system_does_not_answer_is_asked_again_in_the_same_night(
    finance: Finance,
) -> None:
    nightly = Nightly(CONNECTION, finance.services.engine())
    wait = await nightly.run(None)
    assert wait is not None
    await asyncio.sleep(wait.total_seconds())
    finance.ledger_dials.next(Kind.THROTTLE, where=lambda arrival: "/data/" in arrival.path)
    assert await nightly.run(finance.clock.now()) == AGAIN
    assert await days_of(finance) == {}
    await asyncio.sleep(AGAIN.total_seconds())
    await nightly.run(finance.clock.now())
    assert len(await days_of(finance)) == 1


@in_finance()
async def test_the_timer_knows_the_night(finance: Finance) -> None:
    await finance.services.jobs.run(Job(JOB, finance.clock.now()).outgoing().body)
    row = await finance.systems.tables.get(JOBS, JOBS, JOB)
    assert row is not None
    due = row.values["due"]
    assert isinstance(due, datetime)
    assert due.hour == 2
