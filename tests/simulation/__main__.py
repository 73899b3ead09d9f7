"""`python -m tests.simulation SEED [--worlds N]`: simulate one world and tell it, or many and tell
what went wrong. Seeds that failed are kept in a file, and come first the next time."""

import argparse
import sys
import time
from typing import Final

from tests.simulation.dials import coverage
from tests.simulation.many import KEPT, failures_of, kept_seeds
from tests.simulation.running import simulate
from tests.simulation.world import Wrong

EVERY: Final = 100
"""After so many worlds it is said how far it is."""


def main() -> int:
    """1 when a promise was broken."""
    asked = _parser().parse_args()
    seeds = range(asked.seed, asked.seed + asked.worlds)
    if asked.dials:
        for dial, times in coverage(seeds).items():
            print(f"{times:5} {dial}")  # noqa: T201
        return 0
    if asked.worlds == 1 and not asked.until_broken:
        return _told(asked.seed)
    broken, count, begun = 0, 0, time.perf_counter()
    kept = [] if asked.until_broken else kept_seeds(KEPT)
    played = [*kept, *sorted(set(seeds) - set(kept))]
    for seed, fault in failures_of(played, KEPT, asked.processes):
        count += 1
        if count % EVERY == 0:
            done = f"{count} of {len(played)} worlds, {broken} broken"
            print(f"{done}, {_rate(count, begun)}", file=sys.stderr, flush=True)  # noqa: T201
        if fault:
            broken += 1
            print(f"world {seed}: {fault}\n", flush=True)  # noqa: T201
            if asked.until_broken:
                break
    took = time.perf_counter() - begun
    done = f"{count} worlds, {broken} broken, {took:.1f} s"
    print(f"{done}, {_rate(count, begun)}")  # noqa: T201
    return 1 if broken else 0


def _rate(count: int, begun: float) -> str:
    return f"{count / (time.perf_counter() - begun) * 3600:.0f} worlds an hour"


def _told(seed: int) -> int:
    try:
        simulate(seed, prints=True)
    except Exception as error:  # noqa: BLE001 - a promise is broken, or the product is
        said = str(error).splitlines() if isinstance(error, Wrong) else [repr(error)]
        print("\n".join(said[:400]))  # noqa: T201
        return 1
    print("All is well.")  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument(
        "--worlds", type=int, default=1, help="simulate so many seeds, beginning with this one"
    )
    parser.add_argument("--processes", type=int, default=1, help="so many at once")
    parser.add_argument("--until-broken", action="store_true", help="end with the first broken one")
    parser.add_argument("--dials", action="store_true", help="only say what those seeds turn")
    return parser


if __name__ == "__main__":
    sys.exit(main())
