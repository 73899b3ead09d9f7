"""A record that its holders die of waits for a person in the end; those that died beside it do
not."""

import asyncio
from datetime import timedelta

from sync.engine.claim import MOST_DEATHS, SUSPECTED, State
from sync.engine.suspects import OTHERS_END, OTHERS_WAIT, Suspects
from sync.engine.timing import NOBODY_SURVIVES
from tests.flows.finance import Finance, in_finance
from tests.harness import Harness, in_harness, key_of
from tests.virtual_time import in_virtual_time


@in_harness()
async def test_an_order_that_ends_every_process_is_parked_with_what_is_known(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.hooks(order)
    for _ in range(MOST_DEATHS):
        await harness.works_until_it_dies(before="trail")
    await harness.works_until_idle()
    claim = await harness.claim(order)
    assert claim.state is State.PARKED
    assert "never ended" in claim.reason
    assert await harness.parked() == [key_of(order)]
    assert claim.intent is not None
    await harness.replays(key_of(order))
    assert (await harness.claim(order)).state is State.DELIVERED
    assert len(harness.headers(order)) == 1
    assert await harness.parked() == []


@in_harness()
async def test_one_that_was_parked_ends_no_more_than_one_process_for_each_time_it_is_asked_for(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.hooks(order)
    for _ in range(MOST_DEATHS):
        await harness.works_until_it_dies(before="trail")
    await harness.works_until_idle()
    await harness.services.intake.accept("orders", "shop", [key_of(order)], "replay")
    await harness.works_until_it_dies(before="trail")
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.PARKED


@in_harness()
async def test_a_poll_leaves_it_alone_until_it_has_changed(harness: Harness) -> None:
    await harness.delivers(order := harness.place())
    harness.commerce.save_order(order, {"customer_note": "too much for any process"})
    await harness.hooks(order)
    for _ in range(MOST_DEATHS):
        await harness.works_until_it_dies(before="trail")
    await harness.works_until_idle()
    trail = await harness.trail(order)
    for _ in range(2):
        assert await harness.polls() == 0
        await harness.works_for(600)
    assert await harness.trail(order) == trail
    harness.commerce.save_order(order, {"customer_note": "smaller now"})
    await harness.works_for(600)
    assert await harness.polls() == 1
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.DELIVERED


@in_harness()
async def test_beside_others_too_it_is_parked_and_not_tried_for_ever(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    for _ in range(MOST_DEATHS):
        await harness.one_of_many_dies(before="trail")
    harness.opens_one_of_many()
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.PARKED


@in_harness()
async def test_deaths_are_forgotten_once_a_try_has_ended(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    for _ in range(MOST_DEATHS - 1):
        await harness.works_until_it_dies(before="trail")
    await harness.works_until_idle()
    claim = await harness.claim(order)
    assert (claim.state, claim.deaths) == (State.DELIVERED, 0)


@in_finance()
async def test_what_requires_a_record_that_nobody_survives_is_parked_and_tries_it_no_more(
    finance: Finance,
) -> None:
    order = finance.place()
    died = finance.clock.now() - timedelta(hours=1)
    claim = await finance.claim(order)
    assert await finance.services.ledger.note(
        claim, deaths=MOST_DEATHS - 1, owner="dead/1", lease_until=died
    )
    await finance.books(invoice := finance.commerce.invoice(order))
    assert await finance.stands(invoice) is State.PARKED
    assert await finance.reason(invoice) == f"orders {key_of(order)}: {NOBODY_SURVIVES.reason}"
    assert finance.headers(order) == []
    assert (await finance.claim(order)).deaths == MOST_DEATHS - 1


@in_harness()
async def test_those_that_died_beside_a_killer_are_delivered_and_it_alone_is_parked(
    harness: Harness,
) -> None:
    await harness.delivers(harness.place())  # so that they share an account that is there
    killer, *others = orders = [harness.place() for _ in range(4)]
    for order in others:
        claim = await harness.claim(order)
        assert await harness.services.ledger.note(claim, deaths=MOST_DEATHS - 1)
    for order in orders:
        await harness.hooks(order)
    for _ in range(MOST_DEATHS):
        await harness.works_until_it_dies(before="trail", about=key_of(killer))
    await harness.works_until_idle()
    assert await harness.parked() == [key_of(killer)]
    for order in others:
        claim = await harness.claim(order)
        assert (claim.state, claim.deaths) == (State.DELIVERED, 0)


@in_finance()
async def test_what_requires_a_suspect_is_tried_by_itself_with_it(finance: Finance) -> None:
    order = finance.place()
    assert await finance.services.ledger.note(await finance.claim(order), deaths=SUSPECTED)
    await finance.notify(invoice := finance.commerce.invoice(order))
    await finance.works_for(60)
    assert await finance.stands(invoice) is State.DELIVERED
    assert (await finance.claim(order)).state is State.DELIVERED


@in_virtual_time
async def test_a_suspect_waits_for_others_and_they_for_it_and_neither_for_ever() -> None:
    """Seconds at which each begins, beside one that takes an hour."""

    suspects, loop, begun = Suspects(), asyncio.get_running_loop(), dict[str, float]()

    async def works(name: str, after: float, takes: float) -> None:
        await asyncio.sleep(after)
        mode = suspects.by_itself() if name == "suspect" else suspects.beside_others()
        async with mode:
            begun[name] = loop.time()
            await asyncio.sleep(takes)

    hours = works("long", 0, 3600), works("suspect", 5, 3600)
    await asyncio.gather(*hours, works("short", 1, 10), works("next", 6, 1))
    await asyncio.gather(works("suspect", 0, 20), works("last", 1, 1))
    after_both = 5 + OTHERS_END.total_seconds() + 3600
    assert begun == {
        "long": 0, "short": 1, "next": 5 + OTHERS_WAIT.total_seconds(),
        "suspect": after_both, "last": after_both + 20,
    }  # fmt: skip


@in_finance()
async def test_what_waits_for_a_person_since_nobody_survives_it_is_not_tried_for_another(
    finance: Finance,
) -> None:
    order = finance.place()
    claim = await finance.claim(order)
    changes = {"state": State.PARKED, "deaths": MOST_DEATHS - 1, "reason": "it never ended"}
    assert await finance.services.ledger.note(claim, **changes)
    await finance.books(invoice := finance.commerce.invoice(order))
    assert await finance.stands(invoice) is State.PARKED
    assert finance.headers(order) == []
    assert (await finance.claim(order)).deaths == MOST_DEATHS - 1
