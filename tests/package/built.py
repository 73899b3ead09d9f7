"""The package that is deployed: the folder without what .funcignore names, as one zip."""

import os
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
PATTERNS = [
    line
    for line in (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def is_left_out(path: str) -> bool:
    """As .funcignore is read: a pattern with a slash stands for one place, any other for a name anywhere."""
    parts = PurePosixPath(path).parts
    return any(
        path == pattern or path.startswith(f"{pattern}/")
        if "/" in pattern
        else any(fnmatch(part, pattern) for part in parts)
        for pattern in PATTERNS
    )


def deployed() -> Iterator[str]:
    """The files' paths below the project, in order."""
    for folder, below, names in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        below[:] = sorted(name for name in below if not is_left_out((here / name).as_posix()))
        yield from ((here / name).as_posix() for name in sorted(names) if not is_left_out((here / name).as_posix()))


def build(target: Path) -> Path:
    """Write the zip; returns `target`."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path in deployed():
            package.write(ROOT / path, path)
    return target
