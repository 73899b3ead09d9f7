"""What a fuzzer found is shown whole, and can be run again anywhere."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.fuzz.findings import again, report

ROOT: Final = Path(__file__).parents[2]
STATS: Final = "stat::number_of_executed_units: 2000\n"


def test_a_run_without_a_fault_is_one_line() -> None:
    assert report("batch", 0, f"INFO: much\n{STATS}") == "batch: 2000 inputs, no fault"


@pytest.mark.parametrize(("exit_code", "said"), [(1, STATS), (0, ""), (-9, ""), (77, "broken")])
def test_a_run_that_did_not_come_to_its_end_has_not_passed(exit_code: int, said: str) -> None:
    told = report("batch", exit_code, said)
    assert said in told
    assert "did not end as it should" in told


def test_a_fault_is_shown_with_its_input_and_the_command_that_runs_it_again(
    tmp_path: Path,
) -> None:
    found = tmp_path / "errors-crash-1"
    found.write_bytes(b"7\r\0 \n{}")
    told = report("errors", 77, f"Traceback …\nTest unit written to {found}\n{STATS}")
    assert told.startswith("Traceback …")
    command = re.search(r"echo '(\S+)' \| \.venv/bin/python -m (\S+) errors$", told)
    assert command is not None
    assert command[2] == again.__module__
    again("errors", command[1])


def test_a_short_run_is_part_of_what_must_pass() -> None:
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make fuzz-short" in steps
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^fuzz-short:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    assert "--runs $(RUNS) --seed $(SEED)" in recipe[1]
    assert "tests/fuzz/surface.py" in recipe[1]
    assert not re.search(r"(^|\t)-|\|\||seconds", recipe[1]), "a fault, or no atheris, must fail"
