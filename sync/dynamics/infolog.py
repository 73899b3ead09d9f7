"""What F&O says when it refuses, fit for an operator's eyes: the cause without the noise, and
nobody's data.

The useful text lies deep (`error.innererror.message`, or deeper in `internalexception`) and quotes
what it was given: codes, which a person needs to see, but also names and addresses. So only what is
known to be F&O's own is shown (`wording.py`); the full wording is for the encrypted copies. Text is
cut before it is read. Stack traces are never read. Source: bodies recorded on 2026-07-28 and
practitioners' captures of $batch.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sync.core.encoding import NotJson, from_json
from sync.core.pages import title_in
from sync.core.shown import shown
from sync.dynamics.wording import WORDING

READ: Final = 4000
"""Characters of one message, and of a page, that are read."""
MOST_READ: Final = 16_000
"""Characters of all messages of one answer."""
LONGEST: Final = 240
MOST: Final = 6
MOST_DEEP: Final = 20

UNSHOWN: Final = "in words that may name a person; they are with the record's encrypted copies"

_OWN: Final = ("error", "Message")
"""What an error of OData, and one of F&O's Web API, begins with; gateways write other JSON."""
_DEEPER: Final = ("innererror", "internalexception", "InnerException")
_WORDS: Final = ("message", "Message", "ExceptionMessage")
_ENTRY: Final = re.compile(r";\s*(?=(?:Info|Warning|Error):)|;\s*$")
_LEVEL: Final = re.compile(r"^(?:Info|Warning|Error):\s*")
_NOISE: Final = re.compile(
    r"validate(?:Field|Write|Delete) failed on\b|Update has been cancell?ed\b"
)


@dataclass(frozen=True)
class Said:
    """`text` may be shown and stored. `words` is what F&O said, for matching rules and for the
    encrypted copies alone. `is_page`: no error of the system's own form, but of what stands before
    it; nothing at all may come from either."""

    text: str
    words: str = field(default="", repr=False)
    is_page: bool = False


def read(body: bytes) -> Said:
    """What an error body says, whatever it is: OData, Web API, a gateway's HTML page, plain text,
    nothing."""
    try:
        document = from_json(body)
    except NotJson:
        return _page(body)
    messages = list(_messages(document))
    is_page = not isinstance(document, dict) or document.keys().isdisjoint(_OWN)
    if not messages:
        return Said("no explanation", is_page=is_page)
    chosen = next(
        (message for message in reversed(messages) if "Infolog:" in message), messages[-1]
    )
    text = " ".join(sentences(chosen)) or UNSHOWN
    return Said(text, "\n".join(messages)[:MOST_READ], is_page)


def _page(body: bytes) -> Said:
    words = body[: 4 * READ].decode("utf-8", errors="replace").strip()[:READ]
    if not words:
        return Said("no explanation")
    if "<" in words[:200]:
        title = title_in(words)
        about = f": {_shortened(shown(title.lower(), WORDING), 80)}" if title else ""
        return Said(f"an HTML page{about}", is_page=True)
    return Said(" ".join(_telling([words])) or UNSHOWN, words, is_page=True)


def _messages(document: Any) -> Iterator[str]:
    """The messages from the outside in; the outermost is generic."""
    node = document.get("error", document) if isinstance(document, dict) else document
    for _ in range(MOST_DEEP):
        if not isinstance(node, dict):
            break
        for name in _WORDS:
            if isinstance(message := node.get(name), str) and message.strip():
                yield message.strip()[:READ]
        node = next((node[name] for name in _DEEPER if node.get(name)), None)
    if isinstance(node, str) and node.strip():
        yield node.strip()[:READ]


def sentences(message: str) -> list[str]:
    """The entries of the Infolog, or the message: each once, without level, noise and personal
    data."""
    message = message[:READ]
    _, _, infolog = message.partition("Infolog:")
    entries = [
        _LEVEL.sub("", entry.strip()) for entry in _ENTRY.split(infolog or message) if entry.strip()
    ]
    reporting = [entry for entry in entries if not _NOISE.match(entry)] or entries
    reported = _telling(reporting)
    return [*reported[:MOST], *([f"({len(reported) - MOST} more)"] if len(reported) > MOST else [])]


def _telling(entries: list[str]) -> list[str]:
    """What may be shown of each entry, once; none of those of which nothing is left."""
    reported = dict.fromkeys(_shortened(shown(entry, WORDING), LONGEST) for entry in entries)
    return [entry for entry in reported if any(letter.isalnum() for letter in entry)]


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
