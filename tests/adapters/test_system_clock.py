"""The machine's clock and chance."""

import re
from datetime import UTC, datetime, timedelta

from sync.adapters.system_clock import SystemClock
from sync.core.ports import Clock


def test_now_is_aware_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert datetime(2026, 1, 1, tzinfo=UTC) < clock.now()


def test_unique_is_32_hexadecimal_characters_that_differ() -> None:
    drawn = {SystemClock().unique() for _ in range(100)}
    assert len(drawn) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in drawn)


def test_between_keeps_within_its_bounds() -> None:
    assert all(2.5 <= SystemClock().between(2.5, 3) <= 3 for _ in range(100))
    assert SystemClock().between(1, 1) == 1
