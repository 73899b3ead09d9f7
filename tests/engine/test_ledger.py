"""Claims and trail: one holder at a time, nothing written by one who lost it, and a story that can
be read back."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.ports import Row
from sync.engine.claim import CLAIMS, LEASE, Claim, State
from sync.engine.ledger import LeaseLost, Ledger
from sync.engine.trail import Entry
from tests.contracts.hand_clock import HandClock
from tests.doubles.digests import DIGESTS

WHO = ("bikes", "orders", "000000042@1")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ledger(tables: SqliteTables, clock: HandClock) -> Ledger:
    return Ledger(tables, clock, DIGESTS)


async def test_a_record_nobody_has_seen_is_new_and_not_stored(
    ledger: Ledger, tables: SqliteTables
) -> None:
    assert (await ledger.claim(*WHO)).state is State.NEW
    assert await tables.get(CLAIMS, "bikes|orders", WHO[2]) is None


async def test_one_worker_holds_a_record_and_is_told_that_another_came(ledger: Ledger) -> None:
    claim, is_held = await ledger.take(*WHO, "a")
    assert is_held
    _, is_held_too = await ledger.take(*WHO, "b")
    assert not is_held_too
    assert (await ledger.release(claim)).again


async def test_somebody_without_a_notification_does_not_make_the_holder_look_again(
    ledger: Ledger,
) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    await ledger.take(*WHO, "b", is_notification=False)
    assert not (await ledger.release(claim)).again


async def test_what_was_read_stands_for_no_notification_that_its_holder_may_not_have_sent_again(
    ledger: Ledger, clock: HandClock
) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    await ledger.release(claim, read_at=clock.now())
    claim, _ = await ledger.take(*WHO, "a")
    assert claim.read_at == clock.now()
    await ledger.take(*WHO, "b")
    await ledger.release(claim, read_at=clock.now())
    claim, _ = await ledger.take(*WHO, "a")
    assert claim.read_at is None
    assert not claim.again


async def test_of_many_at_once_one_holds(ledger: Ledger) -> None:
    taken = await asyncio.gather(*(ledger.take(*WHO, f"w{n}") for n in range(10)))
    assert sum(is_held for _, is_held in taken) == 1


async def test_two_tries_of_one_process_do_not_hold_together(ledger: Ledger) -> None:
    first, _ = await ledger.take(*WHO, "a")
    _, is_held = await ledger.take(*WHO, "a")
    assert not is_held
    await ledger.release(first)


async def test_a_dead_workers_record_is_taken_up_when_its_lease_ends(
    ledger: Ledger, clock: HandClock
) -> None:
    dead, _ = await ledger.take(*WHO, "a")
    await clock.pass_by(LEASE - timedelta(seconds=1))
    assert not (await ledger.take(*WHO, "b"))[1]
    await clock.pass_by(timedelta(seconds=1))
    claim, is_held = await ledger.take(*WHO, "b")
    assert is_held
    for write in (ledger.save, ledger.release):
        with pytest.raises(LeaseLost):
            await write(dead, digest="late")
    assert (await ledger.release(claim, digest="new")).digest == "new"


async def test_one_who_works_alone_need_not_wait_for_the_dead(
    tables: SqliteTables, clock: HandClock
) -> None:
    await Ledger(tables, clock, DIGESTS).take(*WHO, "dead")
    alone = Ledger(tables, clock, DIGESTS, is_alone=True)
    claim, is_held = await alone.take(*WHO, "me")
    assert is_held
    assert not (await alone.take(*WHO, "me"))[1]
    await alone.release(claim)


async def test_a_sign_of_life_renews_the_lease(ledger: Ledger, clock: HandClock) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    await clock.pass_by(LEASE - timedelta(seconds=1))
    claim = await ledger.save(claim, state=State.POSTING)
    await clock.pass_by(LEASE - timedelta(seconds=1))
    assert not (await ledger.take(*WHO, "b"))[1]
    assert (await ledger.release(claim)).state is State.POSTING


async def test_a_notification_while_working_does_not_disturb_what_the_holder_writes(
    ledger: Ledger,
) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    await ledger.take(*WHO, "b")
    saved = await ledger.save(claim, digest="d1", number="SO-1")
    assert (saved.digest, saved.again) == ("d1", True)
    released = await ledger.release(saved, state=State.DELIVERED)
    assert (released.state, released.owner, released.again) == (State.DELIVERED, "", True)


async def test_a_claim_is_read_as_it_was_written(ledger: Ledger, clock: HandClock) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    later = clock.at + timedelta(minutes=3)
    written = await ledger.release(
        claim,
        state=State.POSTING,
        intent_document="d",
        intent_not_after=clock.at,
        intent_settled_by=later,
        read_at=clock.at,
    )
    found = await ledger.claim(*WHO)
    assert found == replace(written, again=False)
    assert found.intent is not None
    assert found.intent.settled_by == later


async def test_a_claim_with_half_an_intent_has_none() -> None:
    assert Claim(*WHO, intent_document="d").intent is None


async def test_cells_of_another_version_are_ignored(ledger: Ledger, tables: SqliteTables) -> None:
    await tables.insert(
        CLAIMS,
        Row("bikes|orders", WHO[2], {"state": "delivered", "colour": "blue", "number": "SO-1"}),
    )
    assert (await ledger.claim(*WHO)).number == "SO-1"


async def test_the_trail_tells_the_story_in_order(ledger: Ledger, clock: HandClock) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    for event in ("waited", "parked", "created"):
        await ledger.write(
            claim,
            Entry(
                clock.at,
                event,
                reason="r" * 9000,
                details={"amount": "1.00"},
                attempt=2,
                origin="poll",
            ),
        )
        await clock.pass_by(timedelta(microseconds=1))
    found = await ledger.trail(*WHO)
    assert [entry.event for entry in found] == ["waited", "parked", "created"]
    assert (found[0].details, found[0].attempt, found[0].origin) == ({"amount": "1.00"}, 2, "poll")
    assert len(found[0].reason) == 8000
    assert await ledger.trail("bikes", "orders", "000000042@2") == []


async def test_two_entries_of_one_moment_are_both_kept(ledger: Ledger, clock: HandClock) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    ids = {(await ledger.write(claim, Entry(clock.at, "waited"))).told for _ in range(20)}
    assert len(ids) == len(await ledger.trail(*WHO)) == 20


async def test_what_happened_later_stands_later_whatever_the_clocks_said(
    ledger: Ledger, clock: HandClock
) -> None:
    """A clock is ahead, also that of a worker that dies after its row. Last, one is years ahead:
    rows are not numbered on from there, since copies are kept by months."""
    for number, seconds in enumerate((600, 650, 0, 1, 10**8, 700)):
        writer = HandClock(clock.at + timedelta(seconds=seconds))
        own = Ledger(ledger.tables, writer, DIGESTS, is_alone=True)
        claim, _ = await own.take(*WHO, f"worker {number}")
        claim = await own.write(claim, Entry(writer.at, f"{number}"))
        if number != 1:
            await own.release(claim)
    trail = await ledger.trail(*WHO)
    assert [entry.event for entry in trail] == ["0", "1", "2", "3", "5", "4"]
    assert [entry.at - clock.at for entry in trail[2:4]] == [timedelta(), timedelta(seconds=1)]


async def test_the_parked_are_listed_until_they_are_not(ledger: Ledger) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    claim = await ledger.release(claim, state=State.PARKED, reason="no item")
    for _ in range(2):
        await ledger.park(claim, "no item", "map it")
    assert [found.key async for found in ledger.parked("bikes", "orders")] == [WHO[2]]
    for _ in range(2):
        await ledger.unpark(claim)
    assert [found async for found in ledger.parked("bikes", "orders")] == []


async def test_a_record_delivered_since_is_not_shown_as_parked(ledger: Ledger) -> None:
    """A crash may come between the release and the list."""
    claim, _ = await ledger.take(*WHO, "a")
    await ledger.park(claim, "no item", "map it")
    await ledger.release(claim, state=State.DELIVERED)
    assert [found async for found in ledger.parked("bikes", "orders")] == []


async def test_claims_are_found_by_the_beginning_of_their_key(ledger: Ledger) -> None:
    for key in ("000000041@1", "000000042@1", "000000042@2", "000000420@1"):
        await ledger.take("bikes", "orders", key, "a")
    assert [c.key async for c in ledger.claims("bikes", "orders", prefix="000000042@")] == [
        "000000042@1",
        "000000042@2",
    ]
    assert len([c async for c in ledger.claims("bikes", "orders")]) == 4
    assert [c async for c in ledger.claims("boats", "orders")] == []


async def test_words_of_any_length_are_stored_as_far_as_they_fit(ledger: Ledger) -> None:
    claim, _ = await ledger.take(*WHO, "a")
    reported = {"amounts": {f"sku {number}": "x" * 50 for number in range(2000)}, "ms": 12}
    await ledger.write(
        claim,
        Entry(
            HandClock().now(), "parked", reason="r" * 50_000, remedy="m" * 50_000, details=reported
        ),
    )
    released = await ledger.release(
        claim, state=State.PARKED, reason="r" * 50_000, remedy="m" * 50_000
    )
    await ledger.park(released, "r" * 50_000, "m" * 50_000)
    (entry,) = await ledger.trail(*WHO)
    assert dict(entry.details) == {"ms": 12, "left_out": ["amounts"]}
    assert 0 < len(entry.reason) == len((await ledger.claim(*WHO)).reason) < 50_000
