"""What an HTTP function says, in plain words: what was wrong and what to do, never a piece of what
was sent."""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sync.core.encoding import to_json
from sync.core.ports import Clock

log = logging.getLogger("sync.intake_http.webhooks")

LARGEST_BODY: Final = 1024 * 1024
"""Bytes. A hook of ours needs a few hundred; Commerce drops events above 64 KiB."""

MOST_LINES: Final = 20
LINES_WITHIN: Final = timedelta(minutes=1)
"""So many refusals of unverified callers are logged in such a time: lines cost money, and bury
others."""


@dataclass(frozen=True)
class HttpAnswer:
    """What an HTTP function says."""

    status: int
    body: bytes
    content_type: str = "application/json"


def refused(status: int, error: str, remedy: str) -> HttpAnswer:
    """A plain error: what was wrong and what to do; never a piece of the body."""
    return HttpAnswer(status, to_json({"error": error, "remedy": remedy}))


def unknown_connection(name: str, remedy: str) -> HttpAnswer:
    """A request to a connection that there is not."""
    return refused(404, f"no connection is called {name[:40]}", remedy)


SUCCESS = HttpAnswer(200, b'{"op":"success"}')
NOT_STORED = refused(
    503,
    "the notification could not be stored",
    "Nothing was lost: the poll finds the record. Look at the queue's and the tables' health.",
)


def too_large(body: bytes, most: int, remedy: str) -> HttpAnswer:
    """The body is longer than this edge takes."""
    return refused(413, f"the body has {len(body)} bytes, at most {most} are taken", remedy)


class RefusalLines:
    """Counts refusals of callers that nobody verified, and says which of them may have a line of
    their own; the next span of time tells how many had none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._counts: Counter[str] = Counter()

    def may_be_logged(self, kind: str) -> bool:
        """Whether this refusal is one of the first `MOST_LINES` of its kind within
        `LINES_WITHIN`. Forgeries hide no trouble of our own: that is another kind."""
        now = self._clock.now()
        if now - self._since >= LINES_WITHIN:
            unlogged = sum(max(0, count - MOST_LINES) for count in self._counts.values())
            if unlogged:
                log.warning("intake.refusals_not_logged count=%d", unlogged)
            self._since = now
            self._counts.clear()
        self._counts[kind] += 1
        return self._counts[kind] <= MOST_LINES
