"""docs/mutants.md: which mutants there are, and where each died when it was last run."""

import re
from collections.abc import Sequence
from typing import Final

from tests.mutants.mutants import MUTANTS
from tests.mutants.running import Death
from tests.source import ROOT

PAGE: Final = ROOT / "docs" / "mutants.md"
HEAD: Final = """# What the proofs find out

Each row is the product with one thing wrong. `make mutants` runs them all, and writes this page:
`test` is the first test that finds it out, of those that the list names; `world` is the first seed
of the fault simulation that does, or says how many worlds did not; a dash was not asked.

`tests/mutants/mutants.py` is the list. `make mutants NAMES=again-dropped` runs one, and writes
its row again.

| mutant | what is wrong | world | test |
| --- | --- | --- | --- |
"""
Found = tuple[str, str]
"""The world and the test that found one out, as the page has them."""
NOT_ASKED: Final[Found] = ("–", "–")


def page(deaths: Sequence[Death], worlds: int) -> str:
    """The page as Markdown: these, and of the others what it says already, as of worlds where none
    were asked."""
    found = {name: (world, test) for name, (_, world, test) in written().items()}
    found |= {one.name: _found(one, worlds, found.get(one.name, NOT_ASKED)) for one in deaths}
    rows = [
        f"| {one.name} | {one.what} | {' | '.join(found.get(one.name, NOT_ASKED))} |\n"
        for one in MUTANTS
    ]
    return HEAD + "".join(rows)


def _found(death: Death, worlds: int, before: Found) -> Found:
    none = f"none of {worlds}" if worlds else before[0]
    return death.world or none, f"`{death.test}`" if death.test else "–"


def written() -> dict[str, tuple[str, str, str]]:
    """(what, world, test) by name, as the page has them."""
    row = r"^\| (\S+) \| (.*) \| (–|\d+|none of \d+) \| (\S+) \|$"
    found = re.findall(row, PAGE.read_text("utf-8"), re.MULTILINE)
    return {name: (what, world, test) for name, what, world, test in found}
