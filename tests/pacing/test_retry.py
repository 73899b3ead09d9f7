"""When a failed delivery is tried again, and when a person is asked."""

from datetime import timedelta

import pytest

from sync.core.errors import Later, Never, Paused, Unknown
from sync.pacing.retry import BUG_WAITS, WAITS, Park, Wait, decide

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("attempt", range(1, len(WAITS) + 1))
def test_later_waits_longer_each_time(attempt: int) -> None:
    assert decide(Later("locked"), attempt) == Wait(WAITS[attempt - 1], attempt + 1)


def test_later_is_given_up_after_the_last_wait_with_its_reason() -> None:
    found = decide(Later("locked by a posting job"), len(WAITS) + 1)
    assert isinstance(found, Park)
    assert "locked by a posting job" in found.reason
    assert "replay" in found.remedy


def test_the_wait_that_the_environment_asks_for_is_kept() -> None:
    assert decide(Later("busy", after=MINUTE), 1) == Wait(MINUTE, 2)
    assert decide(Later("busy", after=timedelta(0)), 1) == Wait(timedelta(seconds=1), 2)


def test_an_answer_that_never_came_is_not_asked_for_sooner_than_the_table_says() -> None:
    soon = Later("503", after=timedelta(seconds=2), is_outage=True)
    assert decide(soon, 3) == Wait(WAITS[2], 4)
    late = Unknown("503", after=timedelta(hours=1), is_outage=True)
    assert decide(late, 3) == Wait(timedelta(hours=1), 4)


@pytest.mark.parametrize("attempt", [1, 5, len(WAITS) + 100])
def test_a_wait_that_is_nobodys_fault_uses_up_no_try(attempt: int) -> None:
    assert decide(Paused("Dynamics", after=MINUTE), attempt) == Wait(MINUTE, attempt)
    assert decide(Later("held", counts=False), attempt) == Wait(WAITS[0], attempt)
    assert decide(Later("held", after=timedelta(0), counts=False), attempt) == Wait(
        timedelta(seconds=1), attempt
    )


def test_an_unknown_outcome_is_looked_into_again() -> None:
    assert decide(Unknown("no answer", after=MINUTE), 2) == Wait(MINUTE, 3)


@pytest.mark.parametrize("attempt", [1, 7])
def test_never_is_parked_at_once_with_remedy_and_code(attempt: int) -> None:
    assert decide(Never("no such item", remedy="map it", code="aid-1"), attempt) == Park(
        "no such item", "map it", "aid-1"
    )


def test_a_bug_gets_a_few_tries_and_is_then_reported_by_place() -> None:
    with pytest.raises(KeyError) as caught:
        dict[str, int]()["jane@example.com owes 5"]
    bug = caught.value
    for attempt, wait in enumerate(BUG_WAITS, start=1):
        assert decide(bug, attempt) == Wait(wait, attempt + 1)
    found = decide(bug, len(BUG_WAITS) + 1)
    assert isinstance(found, Park)
    assert "KeyError in test_a_bug" in found.reason
    assert "jane" not in f"{found.reason}{found.remedy}"


def test_a_bug_without_a_trace_is_reported_all_the_same() -> None:
    found = decide(KeyError("secret"), 99)
    assert found == Park(
        "unexpected KeyError in an unknown place",
        "This is a fault of the product: report it with this trail.",
    )


def test_the_waits_grow_and_end_within_two_days() -> None:
    assert list(WAITS) == sorted(WAITS)
    assert timedelta(hours=24) < sum(WAITS, timedelta()) < timedelta(hours=48)
