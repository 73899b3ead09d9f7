"""What an HTTP function says, in plain words: what was wrong and what to do, never a piece of what
was sent."""

from dataclasses import dataclass
from typing import Final

from sync.core.encoding import to_json

LARGEST_BODY: Final = 1024 * 1024
"""Bytes. A hook of ours needs a few hundred; Commerce drops events above 64 KiB."""


@dataclass(frozen=True)
class HttpAnswer:
    """What an HTTP function says."""

    status: int
    body: bytes
    content_type: str = "application/json"


def refused(status: int, error: str, remedy: str) -> HttpAnswer:
    """A plain error: what was wrong and what to do; never a piece of the body."""
    return HttpAnswer(status, to_json({"error": error, "remedy": remedy}))


SUCCESS = HttpAnswer(200, b'{"op":"success"}')
NOT_STORED = refused(
    503,
    "the notification could not be stored",
    "Nothing was lost: the poll finds the record. Look at the queue's and the tables' health.",
)


def too_large(body: bytes, most: int, remedy: str) -> HttpAnswer:
    """The body is longer than this edge takes."""
    return refused(413, f"the body has {len(body)} bytes, at most {most} are taken", remedy)
