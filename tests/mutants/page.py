"""docs/mutants.md: which mutants there are, and where each died when they were last run."""

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
of the fault simulation that does, or says how many worlds did not.

`tests/mutants/mutants.py` is the list. `make mutants NAMES=again-dropped` runs one.

| mutant | what is wrong | world | test |
| --- | --- | --- | --- |
"""


def page(deaths: Sequence[Death], worlds: int) -> str:
    """The page as Markdown."""
    whats = {mutant.name: mutant.what for mutant in MUTANTS}
    rows = [
        f"| {one.name} | {whats[one.name]} | {one.world or f'none of {worlds}'} |"
        f" {f'`{one.test}`' if one.test else '–'} |\n"
        for one in deaths
    ]
    return HEAD + "".join(rows)


def written() -> dict[str, tuple[str, str, str]]:
    """(what, world, test) by name, as the page has it; a dash, or none, is empty."""
    found = re.findall(
        r"^\| (\S+) \| (.*) \| (\S+|none of \d+) \| (\S+) \|$",
        PAGE.read_text("utf-8"),
        re.MULTILINE,
    )
    rows = (cells for cells in found if cells[0] not in {"mutant", "---"})
    return {
        name: (what, re.sub("none.*|–", "", world), test.replace("–", "").strip("`"))
        for name, what, world, test in rows
    }
