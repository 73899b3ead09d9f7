"""Coverage-guided runs of all targets, or of those named: python -m tests.fuzz --help. Needs
requirements-fuzz.txt (`make fuzz` and `make fuzz-short` see to it).

`--seconds` explores: what covers more is kept in `.fuzz/` for the next run. `--runs` is the same
run every time: it begins with the kept corpus alone, and no clock ends it.

A fault ends its target's run. Its input is printed, and written to `.fuzz/<target>-crash-…`: fix
the fault, and keep the input under `tests/fuzz/corpus/<target>/` by a name that tells what it is.
"""

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Final

import atheris

# Atheris tells each module on stderr.
with redirect_stderr(StringIO()), atheris.instrument_imports(include=["sync"]):
    from tests.fuzz.records import RECORDS
    from tests.fuzz.targets import TARGETS

from tests.fuzz.findings import CORPUS, report

NAMES: Final = (*TARGETS, *RECORDS)
FOUND: Final = Path(".fuzz")
LARGEST: Final = 16_000
"""Bytes of an input; what is larger is for tests/test_linear.py."""
DRAWN: Final = ("-len_control=0", "-max_len=1000")
"""From the first input on as long as what hypothesis draws of it."""
DRAWN_COSTS: Final = 10
"""A record is read, mapped and proved: so many other inputs take as long."""
HANGS: Final = 60
"""Seconds after which an input counts as a fault."""
AT_ONCE: Final = 2
DEEPER: Final = 5000
"""Frames: a copy of a document takes three for each level, and mutations nest deeply."""


def main() -> int:
    """1 when a target found a fault."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("targets", nargs="*", choices=[*NAMES, []], help="default: all")
    options.add_argument("--seed", type=int, default=0, help="0 draws one")
    ends = options.add_mutually_exclusive_group()
    ends.add_argument("--seconds", type=int, default=600, help="for each target")
    ends.add_argument("--runs", type=int, help="inputs for each target, the kept corpus included")
    given = options.parse_args()
    waiting, running, faults = list(given.targets or NAMES), dict[int, str](), 0
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            name = waiting.pop(0)
            running[_started(name, _arguments(name, given))] = name
        ended, status = os.wait()
        name, exit_code = running.pop(ended), os.waitstatus_to_exitcode(status)
        said = _log(name).read_text(encoding="utf-8", errors="replace")
        print(report(name, exit_code, said), flush=True)  # noqa: T201 - what a person reads
        faults += exit_code != 0
    return min(faults, 1)


def _arguments(name: str, given: argparse.Namespace) -> list[str]:
    """libFuzzer's, for one target. The first directory takes inputs that cover more."""
    if given.runs is None:
        ends, grown = f"-max_total_time={given.seconds}", FOUND / name
    else:
        runs = given.runs // DRAWN_COSTS if name in RECORDS else given.runs
        ends, grown = f"-runs={runs}", FOUND / "fresh" / name
        shutil.rmtree(grown, ignore_errors=True)
    grown.mkdir(parents=True, exist_ok=True)
    return [
        ends, f"-seed={given.seed}", f"-max_len={LARGEST}", f"-timeout={HANGS}", "-verbosity=0",
        "-print_final_stats=1", f"-artifact_prefix={FOUND / name}-", str(grown),
        *([str(CORPUS / name)] if name in TARGETS else DRAWN),
    ]  # fmt: skip


def _started(name: str, arguments: Sequence[str]) -> int:
    """The id of a process for one target, for a fault ends it. Forked: instrumented imports take
    seconds. All that it says goes to the target's log."""
    process = os.fork()
    if process:
        return process
    log = os.open(_log(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    logging.disable(logging.WARNING)
    sys.setrecursionlimit(DEEPER)
    atheris.Setup([f"fuzz-{name}", *arguments], (TARGETS | RECORDS)[name])
    atheris.Fuzz()
    raise AssertionError("the fuzzer ends the process")


def _log(name: str) -> Path:
    return FOUND / f"{name}.log"


if __name__ == "__main__":
    sys.exit(main())
