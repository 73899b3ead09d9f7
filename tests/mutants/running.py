"""Runs tests and worlds over a mutant, which stands in a tree of its own."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.mutants import Mutant
from tests.source import ROOT

MOST: Final = 200
"""Seconds of a processor after which a run never ends: that finds a mutant out, too."""
PYTEST: Final = ("-m", "pytest", "-q", "-x", "--no-cov", "-p", "no:cacheprovider", "--tb=no")


@dataclass(frozen=True)
class Death:
    """Where a mutant died: `world` is a seed, `test` the id of a test; each is empty where it
    survived those."""

    name: str
    world: str
    fault: str
    test: str

    @property
    def is_dead(self) -> bool:
        """Whether anything found it out."""
        return bool(self.world or self.test)

    def __str__(self) -> str:
        """Where, and in a world by what."""
        where = f"world {self.world}: {self.fault[:100]}" if self.world else "no world"
        return f"{self.test or 'no test'}; {where}"


@contextmanager
def tree(mutant: Mutant) -> Iterator[Path]:
    """The project with the mutant in it: the product copied, all else linked."""
    with tempfile.TemporaryDirectory(prefix=f"mutant-{mutant.name}-") as name:
        root = Path(name)
        for entry in ROOT.iterdir():
            if entry.name == "sync":
                shutil.copytree(entry, root / "sync", ignore=shutil.ignore_patterns("__pycache__"))
            elif entry.name != ".git":
                (root / entry.name).symlink_to(entry)
        path = root / mutant.path
        path.write_text(mutant.applied_to(path.read_text(encoding="utf-8")), encoding="utf-8")
        yield root


def death_of(mutant: Mutant, *, worlds: int, first: int = 1, tests: bool = True) -> Death:
    """Where the mutant dies: in its tests, and in the first of so many worlds that shows it."""
    with tree(mutant) as root:
        test = _in_tests(root, mutant.tests) if mutant.tests and tests else ""
        world, fault = _in_worlds(root, first, worlds) if worlds else ("", "")
    return Death(mutant.name, world, fault, test)


def _in_tests(root: Path, tests: str) -> str:
    told, is_over = _told(root, *PYTEST, *tests.split())
    found = re.search(r"^(?:FAILED|ERROR) (\S+?)(?:\[|\s|$)", told, re.MULTILINE)
    if found is not None:
        return found[1]
    if is_over and not re.search(r"\d+ passed", told):
        raise RuntimeError(f"the tests {tests} did not run: {told[-500:]}")
    return "" if is_over else f"{tests} never ends"


def _in_worlds(root: Path, first: int, worlds: int) -> tuple[str, str]:
    told, is_over = _told(
        root, "-m", "tests.simulation", str(first), "--worlds", str(worlds), "--until-broken"
    )
    found = re.search(r"^world (\d+): (.*)$", told, re.MULTILINE)
    if found is not None:
        return found[1], found[2]
    if is_over and "0 broken" not in told:
        raise RuntimeError(f"the worlds did not run: {told[-500:]}")
    return ("", "") if is_over else ("?", "never ends")


def _told(root: Path, *arguments: str) -> tuple[str, bool]:
    """What a run says, and whether it came to its end."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_CPU, ({MOST}, {MOST}))"
    name, *rest = arguments[1:]
    code = f"{limited}; import runpy, sys; sys.argv[1:] = {rest!r}; sys.path.insert(0, '')"
    ran = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", f"{code}; runpy.run_module({name!r}, run_name='__main__')"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.stdout + ran.stderr, ran.returncode >= 0
