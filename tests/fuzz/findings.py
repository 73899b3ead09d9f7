"""What a fuzzer's run found, as a person reads it, and one input again:
python -m tests.fuzz.findings <target>, the input in base64 on standard input."""

import base64
import re
import sys
from pathlib import Path
from typing import Final

from tests.fuzz.records import RECORDS
from tests.fuzz.targets import TARGETS

CORPUS: Final = Path(__file__).with_name("corpus")
_RUNS: Final = re.compile(r"stat::number_of_executed_units: (\d+)")
_WRITTEN: Final = re.compile(r"Test unit written to (\S+)")


def report(name: str, exit_code: int, said: str) -> str:
    """A line about a run without a fault; otherwise all that was said, the input, and how to run it
    again."""
    runs = _RUNS.search(said)
    if exit_code == 0 and runs is not None:
        return f"{name}: {runs[1]} inputs, no fault"
    written = _WRITTEN.search(said)
    if written is None:
        return f"{said}\n{name}: the run did not end as it should (exit {exit_code})"
    given = base64.b64encode(Path(written[1]).read_bytes()).decode()
    return (
        f"{said}\n{name}: a fault, see above. Its input is {written[1]}. Run it again:\n"
        f"  echo '{given}' | .venv/bin/python -m tests.fuzz.findings {name}"
    )


def again(name: str, given: str) -> None:
    """Run `name` on one input, in base64. Raises what is at fault."""
    (TARGETS | RECORDS)[name](base64.b64decode(given))


if __name__ == "__main__":
    again(sys.argv[1], sys.stdin.read())
