"""When a system counts as away, and what that does to an error."""

from datetime import timedelta

import pytest

from sync.core.errors import Later, Never, Unknown
from sync.pacing.outages import IN_A_ROW, LONGEST, MANY, QUIET, Outages
from sync.pacing.pauses import ASKED_AGAIN
from tests.contracts.hand_clock import HandClock


def failure(after: timedelta | None = None) -> Later:
    return Unknown("no answer", after=after, is_outage=True)


def silent(clock: HandClock) -> Outages:
    """Of a system that has failed all but the last request it takes to be away."""
    outages = Outages(clock)
    for _ in range(IN_A_ROW - 1):
        error = failure()
        assert outages.judged(error) is None
        assert not error.counts, "no record is to blame, and one lost connection is no outage"
    return outages


def test_a_system_that_answered_nobody_is_away_and_its_failures_use_up_no_try() -> None:
    error = failure()
    assert silent(HandClock()).judged(error) == ASKED_AGAIN
    assert (error.counts, error.after) == (False, ASKED_AGAIN)


def test_a_failure_beside_answers_is_the_records_own() -> None:
    clock = HandClock()
    outages = silent(clock)
    outages.answered()
    for _ in range(IN_A_ROW):
        clock.at += QUIET / (IN_A_ROW + 1)
        error = failure()
        assert outages.judged(error) is None
        assert error.counts
    clock.at += QUIET / (IN_A_ROW + 1)
    assert outages.judged(failure()) == ASKED_AGAIN


def test_an_answer_of_before_the_clock_was_set_back_is_not_of_now() -> None:
    clock = HandClock()
    outages = silent(clock)
    outages.answered()
    clock.at -= 2 * QUIET
    error = failure()
    outages.judged(error)
    assert not error.counts


def test_many_failures_in_a_row_show_it_before_the_time_is_over() -> None:
    outages = Outages(HandClock())
    outages.answered()
    own = [failure() for _ in range(MANY - 1)]
    assert [outages.judged(error) for error in own] == [None] * len(own)
    assert all(error.counts for error in own)
    error = failure()
    assert outages.judged(error) == ASKED_AGAIN
    assert not error.counts
    outages.answered()
    assert outages.judged(failure()) is None


@pytest.mark.parametrize("minutes", [2, 60])
def test_a_longer_wait_that_the_system_names_is_kept_within_bounds(minutes: int) -> None:
    named = timedelta(minutes=minutes)
    assert silent(HandClock()).judged(failure(named)) == min(named, LONGEST)


def test_a_system_that_says_itself_that_it_is_away_is_believed_at_once() -> None:
    outages = Outages(HandClock())
    outages.answered()
    maintenance = Later("maintenance", counts=False, is_outage=True)
    assert outages.judged(maintenance) == ASKED_AGAIN


def test_what_is_no_outage_is_left_as_it_is() -> None:
    outages = Outages(HandClock())
    assert outages.judged(Never("no such item", remedy="map it")) is None
    waits = Later("a lock")
    assert outages.judged(waits) is None
    assert waits.counts
