"""The package that is deployed: what .funcignore lets in, as one zip."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pathspec import PathSpec

ROOT = Path(__file__).parents[2]
IGNORED = PathSpec.from_lines(
    "gitignore", (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
)


def is_left_out(path: str) -> bool:
    """As git and azd read such a file: the last pattern that fits decides, and what is in a folder
    goes with it."""
    above = [f"{folder}/" for folder in reversed(PurePosixPath(path).parents[:-1])]
    return any(IGNORED.match_file(each) for each in (*above, path))


def deployed() -> Iterator[str]:
    """The files' paths below the project, in order."""
    for folder, below, names in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        below[:] = sorted(name for name in below if not is_left_out(f"{(here / name).as_posix()}/"))
        yield from (
            (here / name).as_posix()
            for name in sorted(names)
            if not is_left_out((here / name).as_posix())
        )


def build(target: Path) -> Path:
    """Write the zip; returns `target`."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path in deployed():
            package.write(ROOT / path, path)
    return target
