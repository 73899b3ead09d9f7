"""What the run-time requirements bring along, pinned as well: Azure resolves them anew at every
deployment.

`python -m tests.package.pins` renews that part of requirements.txt from what is installed.
"""

from collections.abc import Iterator
from importlib.metadata import requires, version
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.package.built import ROOT

FILE: Final = ROOT / "requirements.txt"
MARK: Final = "# What these bring along (`make golden` renews it)."


def chosen() -> list[Requirement]:
    """The requirements that we chose ourselves."""
    return _read(FILE.read_text(encoding="utf-8").partition(MARK)[0])


def brought() -> dict[str, str]:
    """Pins of what they bring along, by canonical name."""
    return {
        canonicalize_name(one.name): str(one.specifier)
        for one in _read(FILE.read_text("utf-8").partition(MARK)[2])
    }


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


def pins() -> list[str]:
    """What they bring along, as it is installed here."""
    own = {canonicalize_name(one.name) for one in chosen()}
    return [f"{name}=={version(name)}" for name in sorted(run_time() - own)]


def _read(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


def _needed(name: str, extras: set[str]) -> Iterator[Requirement]:
    for text in requires(name) or ():
        needed = Requirement(text)
        if needed.marker is None or any(
            needed.marker.evaluate({"extra": extra}) for extra in extras
        ):
            yield needed


if __name__ == "__main__":
    head = FILE.read_text(encoding="utf-8").partition(MARK)[0].rstrip("\n")
    FILE.write_text("\n".join([head, "", MARK, *pins(), ""]), encoding="utf-8")
