"""A record that requires another hands it in as it was read. What was read of that one since then
is newer, and stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sync.core.skipped import Skipped
from sync.engine.claim import State
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.message import Message
from tests.contracts.hand_clock import HandClock
from tests.engine.archive import Toy
from tests.engine.workshop import NAME, Workshop

OLD, NEW = Toy("42", "red"), Toy("42", "blue")
SECOND = timedelta(seconds=1)


async def _delivered_beside_a_box(then: Toy, by: float) -> tuple[Workshop, datetime | None]:
    """A box is read with its toy. Before it hands that in, another worker, whose clock is off by so
    much, delivers the toy as it is `then`; returns when that was read by its clock."""
    workshop, read_at = Workshop(is_keyed=True), list[datetime | None]()

    async def read(_: str, __: Any) -> Toy:
        return workshop.toys["42"]

    async def plan(toy: Toy, delivery: Delivery) -> Skipped:
        if not read_at:
            workshop.toys["42"] = then
            workshop.clock.at += SECOND * by
            await workshop.worker().deliver(workshop.message("42"))
            read_at.append((await workshop.claim("42")).read_at)
            workshop.clock.at += SECOND * (1 - by)
        await delivery.require("toys", "42", toy)
        return Skipped("it holds a toy")

    poll = Poll[Toy](_none, _ever, lambda _: 5, fingerprint=lambda toy: toy.colour)
    toys = DocumentFlow[Toy]("toys", "Toys", Source(workshop._read), workshop._plan, (poll,))
    workshop.flows = (toys, DocumentFlow[Toy]("boxes", "Boxes", Source(read), plan))
    workshop.toys["42"] = OLD
    await workshop.worker().deliver(Message("boxes", NAME, "7", "webhook", workshop.clock.now()))
    return workshop, read_at[0]


@pytest.mark.parametrize("by", [-4.0, 0.0, 2.0])
async def test_what_was_read_before_is_not_delivered_over_what_was_read_since(by: float) -> None:
    workshop, _ = await _delivered_beside_a_box(NEW, by)
    await workshop.settle()
    assert [one.body for one in workshop.archive.documents] == [{"colour": "blue"}]
    assert (await workshop.ledger.claim(NAME, "boxes", "7")).state is State.SKIPPED


async def test_what_says_the_same_as_was_read_since_is_delivered_at_once_and_is_as_new() -> None:
    workshop, read_at = await _delivered_beside_a_box(OLD, 2.0)
    assert not workshop.sends.messages
    assert (await workshop.claim("42")).read_at == read_at


async def _none(*_: Any) -> Any:
    yield


async def _ever(_: Any) -> datetime:
    return HandClock().now()
