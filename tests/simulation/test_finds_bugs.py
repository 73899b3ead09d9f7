"""The simulation is worth what it finds: each of these engines has one thing wrong, and some world shows it."""

from typing import Any

from tests.simulation.mutants import Careless, Forgetful, Restless, hasty, with_orders, with_runner
from tests.simulation.playing import play
from tests.simulation.world import Wrong

SEEDS = range(1, 151)


def found(make: Any) -> str:
    """What the first world says that finds something; empty when none does."""
    for seed in SEEDS:
        try:
            play(seed, make=make)
        except Wrong as wrong:
            return str(wrong)
    return ""


def test_an_engine_that_forgets_what_it_was_about_to_post_is_found_out() -> None:
    assert "times" in found(with_runner(Forgetful)).splitlines()[1]


def test_an_order_that_is_posted_without_looking_first_is_found_out() -> None:
    assert "times" in found(with_orders(deliver=hasty)).splitlines()[1]


def test_an_engine_that_does_not_wait_for_a_write_it_gave_up_is_found_out() -> None:
    assert "times" in found(with_runner(Restless)).splitlines()[1]


def test_an_engine_that_leaves_a_dead_holders_record_to_nobody_is_found_out() -> None:
    assert found(with_runner(Careless))
