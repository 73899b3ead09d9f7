"""The benchmarks run; what they measure is for people to judge."""

from tests.benchmarks.edge import Took, edge
from tests.benchmarks.operations import costs


async def test_the_edge_is_measured_hook_by_hook() -> None:
    took = await edge("hmac", 5, together=2)
    assert len(took.milliseconds) == 5
    assert "5 hooks" in took.line()


def test_a_percentile_is_what_so_many_stayed_below() -> None:
    took = Took("rsa", 1, 10, [float(number) for number in range(100, 0, -1)])
    assert (took.percentile(50), took.percentile(99)) == (51, 100)


def test_an_orders_operations_are_counted_in_every_system() -> None:
    one_by_one, at_once, again = costs("theirs", 3)
    assert {name.partition(" ")[0] for name in one_by_one.counts} == {"queue", "tables", "commerce", "dynamics"}
    assert one_by_one.counts["queue messages sent"] == at_once.counts["queue messages sent"] == 3
    assert again.counts["dynamics writes"] == 0
