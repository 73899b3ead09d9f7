"""The list of mutants and the page agree, and each can be made; two are found out by
`make test-long`, all by `make mutants`."""

from typing import Final

import pytest

from tests.mutants.mutants import MUTANTS, Mutant
from tests.mutants.page import written
from tests.mutants.running import death_of
from tests.source import ROOT

IN_EACH_RUN: Final = {"intent-forgotten": 26, "sales-order-look-dropped": 115}
"""What the simulation must see above all, and the world that showed it last."""
WORLDS: Final = 100


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_can_be_made_and_its_tests_are_there(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert mutant.applied_to(text) != text
    assert all((ROOT / path).exists() for path in mutant.tests.split())


def test_the_page_tells_of_all_and_each_has_died() -> None:
    rows = written()
    assert {name: what for name, (what, _, _) in rows.items()} == {
        mutant.name: mutant.what for mutant in MUTANTS
    }
    alive = [name for name, (_, world, test) in rows.items() if not world.isdigit() and test == "–"]
    assert alive == []


@pytest.mark.long
@pytest.mark.parametrize(("name", "first"), IN_EACH_RUN.items())
def test_a_world_finds_out_what_must_be_seen_above_all(name: str, first: int) -> None:
    mutant = next(one for one in MUTANTS if one.name == name)
    assert death_of(mutant, worlds=WORLDS, first=first, tests=False).world
