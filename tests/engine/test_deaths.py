"""A record that its holders die of waits for a person in the end; those that died beside it do
not."""

from datetime import timedelta

from sync.engine.claim import MOST_DEATHS, State
from sync.engine.timing import NOBODY_SURVIVES
from tests.flows.finance import Finance, in_finance
from tests.harness import Harness, in_harness, key_of


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
