"""The rules of a queue, step by step and by any sequence of steps, without a wire."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.doubles.amqp.codec import Described, Symbol, encode
from tests.doubles.amqp.entity import MAX_DELIVERIES, Entity, LockGone, Rules
from tests.doubles.amqp.messages import Sections, sections_from, timestamp
from tests.properties import examples

RULES = Rules(lock=timedelta(minutes=1), most_deliveries=3, duplicate_window=timedelta(minutes=5))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def message(key: str, scheduled_for: datetime | None = None) -> Sections:
    annotations = (
        {}
        if scheduled_for is None
        else {Symbol("x-opt-scheduled-enqueue-time"): timestamp(scheduled_for)}
    )
    parts = (Described(0x72, annotations), Described(0x73, [key]), Described(0x75, key.encode()))
    return sections_from(b"".join(encode(part) for part in parts))


class QueueByAnySteps(RuleBasedStateMachine):
    """Whatever is done in whatever order: a message is in one place, and only its lock's holder
    settles it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOON
        self.queue = Entity("orders", RULES, lambda: self.at)
        self.held: dict[uuid.UUID, str] = {}
        self.done: set[str] = set()
        self.sent: list[str] = []

    @rule(wait=st.sampled_from([0, 0, 30, 600]))
    def send(self, wait: int) -> None:
        key = str(len(self.sent))
        self.sent.append(key)
        due = self.at + timedelta(seconds=wait) if wait else None
        assert self.queue.store(message(key, due)) is not None
        assert self.queue.store(message(key)) is None

    @rule()
    def take(self) -> None:
        taken = self.queue.take()
        if taken is not None:
            token, stored = taken
            assert stored.scheduled_for is None
            assert stored.failed < RULES.most_deliveries
            assert str(stored.message.id) not in self.held.values()
            self.held[token] = str(stored.message.id)

    @precondition(lambda self: self.held)
    @rule(
        how=st.sampled_from(["complete", "abandon", "release", "dead_letter", "renew"]),
        data=st.data(),
    )
    def settle(self, how: str, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(sorted(self.held)))
        if how == "renew":
            assert self.queue.renew(token) == self.at + RULES.lock
            return
        key = self.held.pop(token)
        arguments = ("Test", "why") if how == "dead_letter" else ()
        getattr(self.queue, how)(token, *arguments)
        if how == "complete":
            self.done.add(key)
        with pytest.raises(LockGone):
            self.queue.complete(token)

    @rule(seconds=st.sampled_from([1, 45, 61]))
    def pass_time(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        self.queue.pass_time()
        locked = {
            str(each.message.id)
            for each in self.queue.messages.values()
            if each.locked_until is not None
        }
        self.held = {token: key for token, key in self.held.items() if key in locked}
        event = self.queue.next_event()
        assert event is None or event > self.at

    @invariant()
    def every_message_is_in_one_place(self) -> None:
        alive = [str(each.message.id) for each in self.queue.peek(1, 10_000)]
        dead = [str(each.message.id) for each in self.queue.dead.peek(1, 10_000)]
        assert sorted([*alive, *dead, *self.done]) == sorted(self.sent)


QueueByAnySteps.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=30)
TestQueueByAnySteps = QueueByAnySteps.TestCase


def test_a_message_that_fails_too_often_is_set_aside_with_the_reason() -> None:
    queue = Entity("orders", RULES, lambda: NOON)
    queue.store(message("1"))
    for _ in range(RULES.most_deliveries):
        taken = queue.take()
        assert taken is not None
        queue.abandon(taken[0])
    assert queue.take() is None
    (letter,) = queue.dead.peek(1, 10)
    assert letter.message.application["DeadLetterReason"] == MAX_DELIVERIES
    assert letter.failed == RULES.most_deliveries


def test_a_dead_letter_stays_one_however_often_it_is_given_back() -> None:
    queue = Entity("orders", RULES, lambda: NOON)
    queue.store(message("1"))
    taken = queue.take()
    assert taken is not None
    queue.dead_letter(taken[0], "Test", "")
    for _ in range(RULES.most_deliveries + 2):
        letter = queue.dead.take()
        assert letter is not None
        queue.dead.abandon(letter[0])
    assert len(queue.dead.messages) == 1


def test_an_abandoned_message_returns_to_its_place() -> None:
    queue = Entity("orders", RULES, lambda: NOON)
    for key in "123":
        queue.store(message(key))
    first, _ = queue.take(), queue.take()
    assert first is not None
    queue.abandon(first[0])
    again = queue.take()
    assert again is not None
    assert again[1].message.id == "1"


def test_a_scheduled_message_can_be_taken_back_until_it_is_due() -> None:
    at = NOON
    queue = Entity("orders", RULES, lambda: at)
    first = queue.store(message("1", NOON + timedelta(minutes=1)))
    second = queue.store(message("2", NOON + timedelta(minutes=1)))
    assert first is not None
    assert second is not None
    assert queue.cancel(first)
    assert not queue.cancel(first)
    at += timedelta(minutes=2)
    queue.pass_time()
    assert not queue.cancel(second)
    taken = queue.take()
    assert taken is not None
    assert (taken[1].message.id, taken[1].sequence > second) == ("2", True)
