"""Orders from files: what was named on the command line, read one by one, each fault shown with its
file."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sync.core.encoding import NotJson, from_json
from sync.preview.input_files import orders_in

STDIN = "-"


class Unusable(Exception):
    """An input that holds nothing to preview; the text names the input and says why, never what it
    holds."""

    def __init__(self, name: str, why: str, remedy: str) -> None:
        super().__init__(f"{name}: {why}")
        self.remedy = remedy


def files_in(paths: Iterable[str], refused: Callable[[Unusable], None]) -> Iterator[str]:
    """The files named, a directory as its `*.json` in order of name; `refused` hears of a directory
    without any."""
    for path in paths:
        if path != STDIN and Path(path).is_dir():
            inside = sorted(str(file) for file in Path(path).glob("*.json"))
            if not inside:
                refused(
                    Unusable(
                        path, "the directory has no *.json", "Name the files, or another directory."
                    )
                )
            yield from inside
        else:
            yield path


def document_of(name: str) -> Any:
    """The JSON in a file, or in standard input for `-`. Raises `Unusable`."""
    try:
        return from_json(sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes())
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Unusable(
            name, f"it cannot be read: {why}", "Name a file that exists and that you may read."
        ) from None
    except NotJson as error:
        raise Unusable(
            name, str(error), "Save the document as Commerce's REST API answers it, in UTF-8."
        ) from None


def orders_of(name: str) -> list[Mapping[str, Any]]:
    """The orders in a file, or in standard input for `-`. Raises `Unusable`."""
    try:
        found: list[Mapping[str, Any]] = list(orders_in(document_of(name)))
    except RecursionError:
        raise Unusable(
            name, "it is nested too deeply", "Save the order as Commerce's REST API answers it."
        ) from None
    if not found:
        raise Unusable(
            name,
            "there is no order in it (nothing with an increment_id)",
            "Save the answer of GET /V1/orders/{id} or of GET /V1/orders?searchCriteria…",
        )
    return found
