"""One coverage-guided run: python -m tests.fuzz.one <target> [libFuzzer's arguments]. Needs
requirements-fuzz.txt. Ends the process."""

import logging
import sys

import atheris

with atheris.instrument_imports(include=["sync"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    name, *arguments = sys.argv[1:]
    atheris.Setup([f"fuzz-{name}", *arguments], TARGETS[name])
    atheris.Fuzz()
