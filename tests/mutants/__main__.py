"""`python -m tests.mutants [NAME ...]`: let tests and worlds find mutants out, and tell where each
died. With `--page`, what they came to is written down in docs/mutants.md."""

import argparse
import sys

from tests.mutants.mutants import MUTANTS
from tests.mutants.page import PAGE, page
from tests.mutants.running import death_of

WORLDS = 100


def main() -> int:
    """1 when a mutant survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="these mutants alone")
    parser.add_argument("--worlds", type=int, default=WORLDS, help="how many worlds look for one")
    parser.add_argument("--only-worlds", action="store_true", help="ask no test")
    parser.add_argument("--page", action="store_true", help="write docs/mutants.md")
    asked = parser.parse_args()
    chosen = [one for one in MUTANTS if not asked.names or one.name in asked.names]
    deaths = []
    for number, mutant in enumerate(chosen, 1):
        print(f"{number}/{len(chosen)} {mutant.name}: {mutant.what}", flush=True)  # noqa: T201
        death = death_of(mutant, worlds=asked.worlds, tests=not asked.only_worlds)
        deaths.append(death)
        print(f"    {death}", flush=True)  # noqa: T201
    alive = [death.name for death in deaths if not death.is_dead]
    print(f"{len(deaths)} mutants, {len(alive)} alive: {', '.join(alive) or 'none'}")  # noqa: T201
    if asked.page:
        PAGE.write_text(page(deaths, asked.worlds), encoding="utf-8")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
