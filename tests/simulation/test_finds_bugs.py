"""The simulation is worth what it finds: each of these engines has one thing wrong, and some world
shows it."""

from typing import Any

from tests.simulation.mutants import Careless, Forgetful, Restless, hasty, with_orders, with_runner
from tests.simulation.running import simulate
from tests.simulation.world import Wrong

SEEDS = range(1, 151)
TWICE = ("is in D365 2 times", "is there 2 times", "was in D365 2 times")


def finds(make: Any, *about: str) -> bool:
    """Whether some world says one of these things."""
    for seed in SEEDS:
        try:
            simulate(seed, make=make)
        except Wrong as wrong:
            if any(what in str(wrong) for what in about):
                return True
    return False


def test_an_engine_that_forgets_what_it_was_about_to_post_is_found_out() -> None:
    assert finds(with_runner(Forgetful), *TWICE)


def test_an_order_that_is_posted_without_looking_first_is_found_out() -> None:
    assert finds(with_orders(deliver=hasty), *TWICE)


def test_an_engine_that_does_not_wait_for_a_write_it_gave_up_is_found_out() -> None:
    assert finds(with_runner(Restless), *TWICE)


def test_an_engine_that_leaves_a_dead_holders_record_to_nobody_is_found_out() -> None:
    assert finds(with_runner(Careless), "its claim is", "has no outcome")
