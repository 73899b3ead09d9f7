"""The simulation is worth what it finds: each of these engines has one thing wrong, and some world
shows it."""

from collections.abc import Collection
from typing import Any

import pytest

from sync.app.services import Services
from sync.dynamics.free_text_invoices import FreeTextInvoices
from sync.dynamics.payment_journals import PaymentJournals
from sync.dynamics.return_orders import ReturnOrders
from tests.simulation.mutants import (
    Careless,
    Forgetful,
    Restless,
    altered,
    blind,
    hasty,
    with_orders,
    with_runner,
)
from tests.simulation.plan import RECIPES, Plan
from tests.simulation.running import simulate
from tests.simulation.world import Wrong

SEEDS = range(1, 500)
TWICE = ("is in D365 2 times", "is there 2 times", "was in D365 2 times")


def finds(
    make: Any, *about: str, first: int = 1, recipes: Collection[int] = range(len(RECIPES))
) -> bool:
    """Whether some world says one of these things. `first`: where to begin, near the world that
    showed it last, so that little is played in vain. `recipes`: which worlds, by what they make of
    money, are played."""
    seeds = sorted(SEEDS, key=lambda seed: (seed < first, seed))
    for seed in (one for one in seeds if Plan.drawn(one).recipe in recipes):
        try:
            simulate(seed, make=make)
        except Wrong as wrong:
            if any(what in str(wrong) for what in about):
                return True
    return False


def test_an_engine_that_forgets_what_it_was_about_to_post_is_found_out() -> None:
    assert finds(with_runner(Forgetful), *TWICE, first=282)


def test_an_order_that_is_posted_without_looking_first_is_found_out() -> None:
    assert finds(with_orders(plan=hasty), *TWICE)


def test_an_engine_that_does_not_wait_for_a_write_it_gave_up_is_found_out() -> None:
    assert finds(with_runner(Restless), *TWICE, first=47)


def test_an_engine_that_leaves_a_dead_holders_record_to_nobody_is_found_out() -> None:
    assert finds(with_runner(Careless), "its claim is", "has no outcome")


@pytest.mark.parametrize(
    ("documents", "recipes", "first"),
    [
        (FreeTextInvoices, (0, 3), 10),
        (PaymentJournals, (1, 2, 3), 102),
        (ReturnOrders, (1, 2), 497),
    ],
)
def test_receivables_that_are_written_without_a_look_are_found_out(
    documents: Any, recipes: Collection[int], first: int
) -> None:
    with altered(documents, "find", blind):
        assert finds(
            Services, "is in D365 twice", "was in D365 2 times", first=first, recipes=recipes
        )
