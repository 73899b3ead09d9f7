"""One coverage-guided run: python -m tests.fuzz.one <target> [libFuzzer's arguments]. Needs
requirements-fuzz.txt. Ends the process."""

import logging
import sys

import atheris

with atheris.instrument_imports(include=["sync"]):
    from tests.fuzz.records import RECORDS
    from tests.fuzz.targets import TARGETS

DEEPER = 5000
"""Frames: a copy of a document takes three for each level, and mutations nest deeply."""

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    sys.setrecursionlimit(DEEPER)
    name, *arguments = sys.argv[1:]
    atheris.Setup([f"fuzz-{name}", *arguments], (TARGETS | RECORDS)[name])
    atheris.Fuzz()
