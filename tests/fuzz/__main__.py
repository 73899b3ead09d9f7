"""Coverage-guided runs of all targets, or of those named: python -m tests.fuzz --help. Needs
requirements-fuzz.txt (`make fuzz` sees to it).

What is found is written to `.fuzz/<target>-crash-…`: mend the fault, and keep the input under
`tests/fuzz/corpus/<target>/` by a name that tells what it is. What covers more is kept in `.fuzz/`
for the next run.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.fuzz.records import RECORDS
from tests.fuzz.targets import TARGETS
from tests.fuzz.test_targets import CORPUS

NAMES: Final = (*TARGETS, *RECORDS)
FOUND: Final = Path(".fuzz")
LARGEST: Final = 16_000
"""Bytes of an input; what is larger is for tests/test_linear.py."""
DRAWN: Final = ("-len_control=0", "-max_len=1000")
"""From the first input on as long as what hypothesis draws of it."""
HANGS: Final = 10
"""Seconds after which an input counts as a fault."""


def main() -> int:
    """The worst exit of all runs."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("targets", nargs="*", choices=[*NAMES, []], help="default: all")
    options.add_argument("--seconds", type=int, default=600, help="for each target")
    options.add_argument("--seed", type=int, default=0, help="0 draws one")
    given = options.parse_args()
    return max(run(name, given.seconds, given.seed) for name in given.targets or NAMES)


def run(name: str, seconds: int, seed: int) -> int:
    """One target in a process of its own: what it finds ends it."""
    grown = FOUND / name
    grown.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "tests.fuzz.one", name, f"-max_total_time={seconds}",
        f"-seed={seed}", f"-max_len={LARGEST}", f"-timeout={HANGS}", "-verbosity=0",
        "-print_final_stats=1", f"-artifact_prefix={grown}-", str(grown),
        *([str(CORPUS / name)] if name in TARGETS else DRAWN),
    ]  # fmt: skip
    print(f"{name}: {seconds} s", flush=True)  # noqa: T201 - what a person reads
    done = subprocess.run(command, check=False)  # noqa: S603 - our own command
    if done.returncode:
        print(f"{name}: a fault was found, see above and {grown}-*")  # noqa: T201
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
