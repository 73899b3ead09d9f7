"""Whether a build that is killed several times ends as one does that nobody killed, of very many
order lines.

python -m tests.benchmarks.reporting_killed --lines 1000000 --kill 5
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from sync.reporting.building import Build
from sync.reporting.duck import opened, quoted
from sync.reporting.lake import Lake
from sync.reporting.schema import tables
from tests.benchmarks.reporting import LINES, sources
from tests.reporting.years import TERMS, At


def killed(lines: int, deaths: int, folder: Path) -> Iterator[str]:
    """A build that is killed so often, wherever a drawn step of its progress is, and begun again;
    and whether it ends as one does that nobody killed."""
    whole, torn, rng = folder / "whole", folder / "torn", Random(deaths)
    steps = _begun(lines, whole, None)
    for _ in range(deaths):
        place = rng.randrange(1, steps)
        told = _begun(lines, torn, place)
        yield f"killed after {told} of {steps} steps"
    _begun(lines, torn, None)
    ends = [digests(one) for one in (whole, torn)]
    yield f"{len(ends[0])} tables and facts, {len(ends[0].items() ^ ends[1].items())} differ"


def _begun(lines: int, folder: Path, dies_after: int | None) -> int:
    """Build in a process of its own, and kill that after so many steps; how many it told."""
    command = [sys.executable, "-m", __spec__.name, "--lines", str(lines), "--into", str(folder)]
    told = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        for _ in process.stdout:
            told += 1
            if told == dies_after:
                process.kill()
                return told
    assert process.returncode == 0
    return told


def digests(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Rows and what is in them, by table and fact."""
    with opened(folder / "spill") as duck:
        names = {name: Lake(folder, duck).rows_of(name) for name in tables()}
        names |= {
            f"star {file.stem}": f"read_parquet({quoted(file)})"
            for file in sorted(folder.glob("*/star/*.parquet"))
        }
        sql = "SELECT count(*), bit_xor(hash(t)) FROM (SELECT * FROM {}) t"
        return {name: duck.execute(sql.format(rows)).fetchall()[0] for name, rows in names.items()}


def build(lines: int, folder: Path) -> None:
    """A whole build, which tells each step."""
    size = lines // LINES

    def tell(name: str, count: int) -> None:
        print(name, count, flush=True)  # noqa: T201

    asyncio.run(Build(folder, At(), "benchmark", TERMS, tell).run(sources(range(size), size)))


def main() -> None:
    """Build and print, or build alone, into a folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reporting_killed")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--kill", type=int, default=5, metavar="TIMES")
    parser.add_argument("--into", type=Path, metavar="DIR")
    asked = parser.parse_args()
    if asked.into is not None:
        build(asked.lines, asked.into)
        return
    with tempfile.TemporaryDirectory() as folder:
        for line in killed(asked.lines, asked.kill, Path(folder)):
            print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
