"""What an order takes under load is bounded in requests and operations; times are not judged."""

from dataclasses import replace

from tests.benchmarks.quick import BOUNDS, exceeded, lines, measured

COUNTS = ("ours", "theirs", "tables", "queue", "lost", "doubled", "throttled")


def test_an_order_under_load_takes_no_more_than_its_bounds_and_one_more_would_be_too_much() -> None:
    found = measured()
    assert exceeded(found) == [], "python -m tests.benchmarks --quick"
    assert len([*lines(found)]) == len(BOUNDS)
    for count in COUNTS:
        more = [replace(one, **{count: getattr(one, count) + 1}) for one in found]
        assert len(exceeded(more)) == len(found), count
