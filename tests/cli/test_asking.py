"""What a person asks for is done, whatever systems say in the same second, and the command tells
what came of it."""

import asyncio
from datetime import timedelta

from sandbox.dials import Kind
from sync.mapping_tables.records import ItemMapping
from sync.operating.asking import Asked, Asking, Outcome, counted, in_words
from tests.harness import Harness, in_harness, key_of
from tests.systems import CONNECTION

NOW, SOON = timedelta(), timedelta(minutes=5)


@in_harness()
async def test_a_replay_in_the_second_of_a_hook_and_a_poll_is_done(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    await harness.hooks(order)
    asking = Asking(harness.services, "replay")
    await asking.ask(CONNECTION, "orders", [key_of(order)])
    await asking.ask(CONNECTION, "orders", [key_of(order)])
    await harness.works_until_idle()
    story = await harness.trail(order)
    assert [entry.origin for entry in story].count("replay") == 1
    assert (await harness.claim(order)).asked
    assert counted(await asking.outcomes(NOW)) == {"posted": 1}


@in_harness(items={"rule": "none"})
async def test_every_record_that_was_asked_for_is_told_with_its_outcome(harness: Harness) -> None:
    systems = await harness.services.systems_pool.open(CONNECTION)
    await systems.items.put(ItemMapping("SIMPLE-002", "SIMPLE-002", unit="ea"))
    posted, again, skipped = (harness.place(skus=("SIMPLE-002",)) for _ in range(3))
    parked = harness.place(skus=("SIMPLE-001",))
    harness.commerce.cancel(skipped)
    await harness.delivers(again)
    orders = (posted, again, skipped, parked)
    asking = Asking(harness.services, "backfill")
    numbers = [str(order.row["increment_id"]) for order in orders]
    await asking.ask(CONNECTION, "orders", [key_of(posted), key_of(again)])
    await asking.ask(CONNECTION, "orders", [f"{numbers[2]}@?", f"{numbers[3]}@?", "999@?"])
    assert counted(await asking.outcomes(NOW)) == {"still waiting": 5}
    working = asyncio.create_task(harness.works_until_idle())
    told: list[float] = []
    outcomes = await asking.outcomes(SOON, told.append)
    assert told == sorted(told)
    assert told[-1] == 4
    by_key = {asked.key: outcome for asked, outcome in outcomes.items()}
    assert by_key[key_of(posted)] == Outcome("posted", harness.header(posted)["SalesOrderNumber"])
    assert by_key[f"{numbers[2]}@?"].outcome == "skipped"
    assert "cancelled in Commerce" in by_key[f"{numbers[2]}@?"].reason
    assert "SIMPLE-001" in by_key[f"{numbers[3]}@?"].reason
    assert "map items set" in by_key[f"{numbers[3]}@?"].remedy
    assert by_key["999@?"].outcome == "still waiting"
    assert in_words(outcomes) == " Posted: 2, skipped: 1, parked: 1, still waiting: 1."
    await working
    assert (await asking.outcomes(NOW))[Asked(CONNECTION, "orders", "999@?")].outcome == "vanished"


@in_harness()
async def test_a_record_that_waits_is_told_with_what_it_waits_for(harness: Harness) -> None:
    order = harness.place()
    harness.ledger_dials.next(Kind.ERROR_BEFORE, times=9)
    asking = Asking(harness.services, "replay")
    await asking.ask(CONNECTION, "orders", [key_of(order)])
    await asyncio.sleep(2)
    await harness.works_off_what_is_due()
    (outcome,) = (await asking.outcomes(NOW)).values()
    assert outcome.outcome == "still waiting"
    assert "Dynamics answered 503" in outcome.reason
