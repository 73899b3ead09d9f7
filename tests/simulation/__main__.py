"""`python -m tests.simulation SEED [--worlds N]`: simulate one world and tell it, or many and tell
what went wrong."""

import argparse
import sys
import time

from tests.simulation.dials import coverage
from tests.simulation.running import simulate
from tests.simulation.world import Wrong


def main() -> int:
    """1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument(
        "--worlds", type=int, default=1, help="simulate so many seeds, beginning with this one"
    )
    parser.add_argument("--until-broken", action="store_true", help="end with the first broken one")
    parser.add_argument("--dials", action="store_true", help="only say what those seeds turn")
    asked = parser.parse_args()
    if asked.dials:
        for dial, times in coverage(range(asked.seed, asked.seed + asked.worlds)).items():
            print(f"{times:5} {dial}")  # noqa: T201
        return 0
    broken, begun = 0, time.perf_counter()
    for seed in range(asked.seed, asked.seed + asked.worlds):
        try:
            simulate(seed, prints=asked.worlds == 1)
        except Exception as error:  # noqa: BLE001 - a promise is broken, or the product is
            broken += 1
            said = str(error).splitlines() if isinstance(error, Wrong) else [repr(error)] * 2
            print(f"world {seed}: {said[1]}")  # noqa: T201
            print("\n".join(said[: 400 if asked.worlds == 1 else 4]), "\n")  # noqa: T201
            if asked.until_broken:
                break
    took = time.perf_counter() - begun
    print(f"{asked.worlds} worlds, {broken} broken, {took:.1f} s")  # noqa: T201
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
