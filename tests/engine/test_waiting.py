"""Records that wait: looks for a record that is not there are counted apart from failed tries, and
what merged notifications stand for is not forgotten."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from sync.core.errors import Later
from sync.engine.claim import Claim, State
from sync.engine.message import Message
from sync.engine.timing import has_been_read_since
from sync.pacing.retry import ABSENT_WAITS
from tests.contracts.hand_clock import HandClock
from tests.engine.archive import Toy
from tests.engine.workshop import NAME, Workshop

TOY = Toy("42", "red")
NOW = HandClock().now()
SECOND = timedelta(seconds=1)


@dataclass
class Unsteady(Workshop):
    """A workshop whose owner answers reads as told, and then with the record."""

    answers: list[str] = field(default_factory=list)

    async def _read(self, key: str, _: Any) -> Toy | None:
        answer = self.answers.pop(0) if self.answers else "there"
        if answer == "away":
            raise Later("the owner answers 503")
        return self.toys.get(key) if answer == "there" else None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["away"] * 6 + ["absent"], State.DELIVERED),
        (["absent"] * len(ABSENT_WAITS) + ["away"] * 6, State.DELIVERED),
        (["absent", "away"] * len(ABSENT_WAITS), State.DELIVERED),
        (["away"] * 6 + ["absent"] * (len(ABSENT_WAITS) + 1), State.VANISHED),
    ],
)
async def test_a_record_vanishes_by_looks_alone(answers: list[str], expected: State) -> None:
    workshop = Unsteady(is_keyed=True, answers=answers)
    await workshop.deliver(TOY)
    assert (await workshop.claim("42")).state is expected


@pytest.mark.parametrize(
    ("heard", "read", "expected"),
    [
        (None, 4 * SECOND, False),
        (None, 5 * SECOND, True),
        (60 * SECOND, 62 * SECOND, False),
        (60 * SECOND, 65 * SECOND, True),
    ],
)
def test_a_message_stands_for_the_newest_notification_that_was_merged_into_it(
    heard: timedelta | None, read: timedelta, expected: bool
) -> None:
    heard_at = NOW + heard if heard else None
    for state in (State.DELIVERED, State.VANISHED):
        claim = Claim(NAME, "toys", "42", state, read_at=NOW + read, heard_at=heard_at)
        message = Message("toys", NAME, "42", "webhook", NOW)
        assert has_been_read_since(claim, message) is expected
        assert has_been_read_since(claim.taken("a", NOW + 65 * SECOND), message) is expected
        assert not has_been_read_since(claim.taken("a", NOW), message), "a clock was set back"


@pytest.mark.parametrize("answer", ["away", "absent"])
async def test_a_notification_of_a_record_that_waits_makes_no_second_message(answer: str) -> None:
    workshop = Unsteady(is_keyed=True, answers=[answer] * 9)
    workshop.toys["42"] = TOY
    for looks in (4, 5, 5):
        workshop.clock.at += 2 * SECOND
        await workshop.worker().deliver(replace(workshop.message("42"), looks=looks))
    (waiting,) = workshop.sends.messages
    claim = await workshop.claim("42")
    assert waiting.not_before == claim.retry_at
    if answer == "away":
        assert claim.heard_at == workshop.clock.now()
