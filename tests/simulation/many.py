"""Very many worlds, some at once; the seeds of those that failed are kept in a file until they end
well."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from tests.simulation.running import simulate
from tests.simulation.world import Wrong

KEPT: Final = Path(__file__).parents[2] / ".simulation-failed"
"""A seed a line."""
LINES: Final = 4
AT_A_TIME: Final = 5
"""Worlds that a process is given together."""
World = Callable[[int], None]


def failures_of(
    seeds: Sequence[int], kept: Path, processes: int = 1, play: World = simulate
) -> Iterator[tuple[int, str]]:
    """Each seed with what went wrong in its world, empty for nothing. `kept` is brought up to date
    with each, so that an interrupted run forgets none."""
    fault_in = partial(_fault_in, play)
    if processes == 1:
        yield from _noted(map(fault_in, seeds), kept)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from _noted(pool.map(fault_in, seeds, chunksize=AT_A_TIME), kept)


def kept_seeds(kept: Path) -> list[int]:
    """Those that failed and have not ended well since."""
    return [int(line) for line in kept.read_text().split()] if kept.exists() else []


def _noted(found: Iterator[tuple[int, str]], kept: Path) -> Iterator[tuple[int, str]]:
    for seed, fault in found:
        before = kept_seeds(kept)
        if (seed in before) != bool(fault):
            after = {*before, seed} if fault else {*before} - {seed}
            kept.write_text("".join(f"{one}\n" for one in sorted(after)))
        yield seed, fault


def _fault_in(play: World, seed: int) -> tuple[int, str]:
    try:
        play(seed)
    except Exception as error:  # noqa: BLE001 - a promise is broken, or the product is
        said = str(error).splitlines()[1:] if isinstance(error, Wrong) else [repr(error)]
        return seed, "\n".join(said[:LINES])
    return seed, ""
