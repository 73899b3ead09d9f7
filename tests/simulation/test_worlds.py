"""Many worlds; `make test-long` simulates ten thousand. A seed that fails is replayed, and told
step by step, by `make simulate SEED=n`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from sync.flows import FLOWS
from tests.simulation.dials import coverage
from tests.simulation.many import failures_of, kept_seeds
from tests.simulation.plan import Plan
from tests.simulation.running import event_log, simulate
from tests.simulation.world import Wrong

SEEDS: Final = (
    1, 8, 14, 21, 28, 36, 41, 42, 43, 49, 55, 64, 67, 71, 73, 77, 78, 109, 131,
)  # fmt: skip
"""Of the first 140 few that cost little, and together turn every dial twice."""
FOUND: Final = (577, 603, 838, 857, 937, 1015, 1581, 9111)
"""Worlds that have shown a fault: cents that a memo withheld, an order that parked for fields which
F&O had, a price that died beside an order, pieces that were shipped after their refund, a line that
was put back, a memo that stayed parked when its order went through, and parts of a kit that was
shipped between two runs. Those of a try that waited for itself (491) and of a required record that
nobody survived (562) are large: `make test-long` simulates them."""
TOGETHER = 10


@pytest.mark.parametrize("seed", FOUND)
def test_a_world_that_has_shown_a_fault_ends_well(seed: int) -> None:
    simulate(seed)


@pytest.mark.parametrize("first", range(0, len(SEEDS), TOGETHER))
def test_when_a_world_is_quiet_every_order_is_there_once_complete_and_to_the_cent(
    first: int,
) -> None:
    for seed in SEEDS[first : first + TOGETHER]:
        simulate(seed)


def test_the_worlds_of_each_run_turn_every_dial_at_least_twice() -> None:
    assert {dial: times for dial, times in coverage(SEEDS).items() if times < 2} == {}


def test_the_worlds_of_each_run_play_every_flow() -> None:
    played = {flow for seed in (*SEEDS, *FOUND) for flow in Plan.drawn(seed).flows}
    assert {flow.name for flow in FLOWS} - played == set()


def test_a_seed_that_failed_is_kept_until_it_ends_well(tmp_path: Path) -> None:
    def breaks_at_three(seed: int) -> None:
        if seed == 3:
            raise Wrong("seed 3\nan order is there twice\nplan")

    kept = tmp_path / "kept"
    found = list(failures_of([1, 3, 2], kept, play=breaks_at_three))
    assert found == [(1, ""), (3, "an order is there twice\nplan"), (2, "")]
    assert kept_seeds(kept) == [3]
    assert list(failures_of([3], kept, play=lambda _: None)) == [(3, "")]
    assert kept_seeds(kept) == []


def test_a_seed_simulates_the_same_world_every_time() -> None:
    assert event_log(7) == event_log(7)


def test_a_seed_simulates_the_same_world_in_every_process() -> None:
    reported = "from tests.simulation.running import event_log; print(event_log(128))"
    here = Path(__file__).parents[2]
    for hash_seed in ("2",):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        simulated = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-c", reported],
            capture_output=True,
            text=True,
            check=True,
            cwd=here,
            env=environment,
        )
        assert simulated.stdout.strip() == event_log(128).strip()
