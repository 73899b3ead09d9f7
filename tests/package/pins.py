"""What requirements bring along, pinned with the hashes of their files: Azure resolves and fetches
those of the run-time at every deployment. `make pins` writes each requirements*.txt from its
requirements*.in.
"""

from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.package.built import ROOT

CHOSEN: Final = ROOT / "requirements.in"
PINNED: Final = ROOT / "requirements.txt"
HASH: Final = "--hash=sha256:"


def chosen(path: Path = CHOSEN) -> list[Requirement]:
    """The requirements that we chose ourselves."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pinned(path: Path = PINNED) -> dict[str, list[str]]:
    """All that is installed, as `name==version`, with the hashes of the files it may come from."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.removesuffix("\\").strip()
        if text.startswith(HASH):
            found[next(reversed(found))].append(text.removeprefix(HASH))
        elif text and not text.startswith("#"):
            found[text] = []
    return found


def run_time() -> set[str]:
    """The distributions that the chosen ones need on this platform, themselves among them."""
    waiting, found = chosen(), set[str]()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name not in found:
            found.add(name)
            waiting += _needed(name, wanted.extras or {""})
    return found


def _needed(name: str, extras: set[str]) -> Iterator[Requirement]:
    for text in requires(name) or ():
        needed = Requirement(text)
        if needed.marker is None or any(
            needed.marker.evaluate({"extra": extra}) for extra in extras
        ):
            yield needed
