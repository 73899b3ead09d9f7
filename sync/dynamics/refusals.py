"""An answer of F&O that refuses something, read: what was asked, what came back, which words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.core.errors import Never
from sync.core.http_reading import wait_in
from sync.dynamics import infolog

LONGEST_PAUSE: Final = timedelta(hours=1)
"""A longer Retry-After is asked again after this."""


class NotFound(Never):
    """The record is not there, or in another company."""


@dataclass(frozen=True)
class ODataCall:
    """What was asked, in words for an operator ("create SalesOrderHeadersV4"), whether it could
    change anything, and of which system; its section of connections.toml has the same name."""

    what: str
    writes: bool = False
    system: str = "Dynamics"


@dataclass(frozen=True)
class ODataAnswer:
    """Status, headers (names in lower case) and body, of a response or of a part of one."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Refusal:
    """An answer with its meaning read: what rules look at and errors are made of."""

    call: ODataCall
    answer: ODataAnswer
    said: infolog.Said
    now: datetime

    @property
    def reason(self) -> str:
        """What was asked and what came back."""
        answered = f"{self.call.system} answered {self.answer.status}"
        return f"{self.call.what}: {answered}: {self.said.text}"

    @property
    def activity(self) -> str:
        """The system's own id of the call, for a support case."""
        headers = self.answer.headers
        return headers.get("ms-dyn-aid") or headers.get("x-ms-service-request-id", "")

    def wait(self) -> timedelta | None:
        """The wait the answer names, at most `LONGEST_PAUSE`; None when it names none that can be
        read."""
        asked = wait_in(self.answer.headers.get("retry-after", ""), self.now)
        return None if asked is None else min(asked, LONGEST_PAUSE)


@dataclass(frozen=True)
class Words:
    """Phrases in small letters, of which one must occur; the pieces of a phrase one after another.
    Linear in the text."""

    phrases: tuple[tuple[str, ...], ...]

    def occur_in(self, text: str) -> bool:
        """Whether one of the phrases is there, in any case of letters."""
        small = text.lower()
        return any(_in_order(small, pieces) for pieces in self.phrases)


def _in_order(text: str, pieces: tuple[str, ...]) -> bool:
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def words(*phrases: str) -> Words:
    """Phrases; `…` parts the pieces of one."""
    return Words(tuple(tuple(phrase.lower().split("…")) for phrase in phrases))
