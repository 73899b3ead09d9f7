"""When a system counts as away, and what that does to an error."""

from datetime import timedelta

from sync.core.errors import Later, Never, Unknown
from sync.pacing.outages import ASKED_AGAIN, QUIET, Outages
from tests.contracts.hand_clock import HandClock

SECOND = timedelta(seconds=1)


def failure(after: timedelta | None = None) -> Later:
    return Unknown("no answer", after=after, is_outage=True)


def test_a_system_that_answered_nobody_is_away_and_its_failures_use_up_no_try() -> None:
    error = failure()
    assert Outages(HandClock()).judged(error) == ASKED_AGAIN
    assert (error.counts, error.after) == (False, ASKED_AGAIN)


def test_a_failure_beside_answers_is_the_records_own() -> None:
    clock = HandClock()
    outages = Outages(clock)
    outages.answered()
    clock.at += QUIET - SECOND
    error = failure()
    assert outages.judged(error) is None
    assert error.counts
    clock.at += SECOND
    assert outages.judged(failure()) == ASKED_AGAIN


def test_a_longer_wait_that_the_system_names_is_kept() -> None:
    named = timedelta(minutes=7)
    assert Outages(HandClock()).judged(failure(named)) == named


def test_what_is_no_outage_is_left_as_it_is() -> None:
    outages = Outages(HandClock())
    assert outages.judged(Never("no such item", remedy="map it")) is None
    waits = Later("a lock")
    assert outages.judged(waits) is None
    assert waits.counts
