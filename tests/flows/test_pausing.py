"""A flow, a connection or everything stands still while somebody wants it so, and nothing is lost
or doubled by it."""

from datetime import timedelta

import pytest

from sync.core.encoding import from_json
from sync.engine.claim import State
from sync.engine.flow_pauses import ENDED, FLOW_PAUSES, FRESH, LATEST
from sync.engine.watermarks import WATERMARKS, Watermark
from tests.harness import GUEST, Harness, in_harness
from tests.systems import CONNECTION

HOURS = timedelta(hours=50)
"""Longer than all tries of a record together."""


@pytest.mark.parametrize(
    ("connection", "flow"), [("", "orders"), (CONNECTION, ""), (CONNECTION, "orders"), ("", "")]
)
@in_harness()
async def test_nothing_is_lost_doubled_or_tried_over_a_pause(
    harness: Harness, connection: str, flow: str
) -> None:
    before, after = harness.place(), harness.place()
    await harness.delivers(before)
    await harness.services.flow_pauses.pause(connection, flow, by="ann", why="closing")
    await harness.hooks(before)
    await harness.hooks(after)
    await harness.works_during(HOURS)
    assert (await harness.claim(after)).state is State.NEW
    assert not harness.headers(after)
    ended = await harness.services.flow_pauses.resume(connection, flow, by="bob")
    assert ended is not None
    assert ended.why == "closing"
    resumed_at = harness.clock.now()
    await harness.works_until_idle()
    assert len(harness.headers(before)) == len(harness.headers(after)) == 1
    (entry,) = await harness.trail(after)
    assert (entry.event, entry.attempt) == ("created", 1)
    assert entry.at - resumed_at <= LATEST + FRESH


@in_harness()
async def test_no_poll_runs_during_a_pause_and_the_next_one_goes_on_where_it_stopped(
    harness: Harness,
) -> None:
    await harness.polls()
    await harness.works_until_idle()
    row = await harness.systems.tables.get(WATERMARKS, CONNECTION, "orders")
    await harness.services.flow_pauses.pause("", "orders", by="ann", why="closing")
    order = harness.place()
    await harness.works_during(timedelta(days=3))
    assert await harness.polls() == 0
    assert await harness.systems.tables.get(WATERMARKS, CONNECTION, "orders") == row
    await harness.services.flow_pauses.resume("", "orders", by="ann")
    assert await harness.polls() >= 1
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1
    later = await harness.systems.tables.get(WATERMARKS, CONNECTION, "orders")
    assert Watermark.of(later).at > Watermark.of(row).at  # type: ignore[operator]


@in_harness()
async def test_nothing_of_a_paused_flow_is_written_for_another_flow_either(
    harness: Harness,
) -> None:
    order = harness.place(shopper=GUEST)
    await harness.services.flow_pauses.pause("", "customers", by="ann", why="numbering")
    await harness.hooks(order)
    await harness.works_during(timedelta(hours=5))
    assert not harness.accounts(GUEST.email)
    assert "customers is paused: numbering" in (await harness.claim(order)).reason
    await harness.services.flow_pauses.resume("", "customers", by="ann")
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1
    assert [(e.event, e.attempt) for e in await harness.trail(order)] == [("created", 1)]


@in_harness()
async def test_another_flow_or_connection_goes_on(harness: Harness) -> None:
    await harness.services.flow_pauses.pause("", "invoices", by="ann", why="closing")
    await harness.services.flow_pauses.pause("elsewhere", "", by="ann", why="moving")
    order = harness.place()
    await harness.delivers(order)
    assert len(harness.headers(order)) == 1


@in_harness()
async def test_every_process_honours_a_pause_within_a_second(harness: Harness) -> None:
    other = Harness.beside(harness)
    assert await other.services.flow_pauses.over(CONNECTION, "orders") is None
    await harness.services.flow_pauses.pause("", "orders", by="ann", why="closing")
    await harness.works_during(FRESH)
    assert await other.services.flow_pauses.over(CONNECTION, "orders") is not None
    await other.services.close()


@in_harness()
async def test_who_paused_what_and_why_is_kept_and_shown(harness: Harness) -> None:
    pauses = harness.services.flow_pauses
    first, is_new = await pauses.pause("", "orders", by="ann", why="closing")
    again, is_new_again = await pauses.pause("", "orders", by="the product", why="403")
    assert (is_new, is_new_again) == (True, False)
    assert again == first
    shown = from_json((await harness.services.health()).body)["paused"]
    assert [(one["flow"], one["by"], one["why"]) for one in shown] == [("orders", "ann", "closing")]
    assert await pauses.resume(CONNECTION, "orders", by="bob") is None
    await pauses.resume("", "orders", by="bob")
    assert from_json((await harness.services.health()).body)["paused"] == []
    (row,) = [row async for row in harness.systems.tables.query(FLOW_PAUSES, ENDED)]
    assert [row.values[name] for name in ("flow", "by", "why", "resumed_by")] == [
        "orders", "ann", "closing", "bob",
    ]  # fmt: skip
