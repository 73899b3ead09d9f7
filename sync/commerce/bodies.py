"""What an error answer says, in one sentence that a person can read and that holds no personal
data.

Commerce writes errors in five shapes, and whatever stands before it (nginx, Fastly, a firewall)
writes HTML or nothing. Messages are templates: decisions are made on the template, people read it
with its parameters filled in. E-mail addresses are masked, long values shortened, stack traces
never shown. Shapes: Adobe's error processor and a live 2.4.8.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import httpx

from sync.core.encoding import NotJson, from_json
from sync.core.pages import text_in, title_in

LONGEST_VALUE: Final = 80
LONGEST_SENTENCE: Final = 500
READ: Final = 4000
"""Characters of one message, or of a page, that are read."""
MOST_MESSAGES: Final = 20
MOST_PARAMETERS: Final = 20
LONGEST_NAME: Final = 40
"""Characters of a parameter's name; Commerce's are shorter."""

_AROUND: Final = "\"'<>,;:.=()[]{}"
_REPORT: Final = re.compile(r"(?:Report ID: |report )([\w/-]{4,40})")


@dataclass(frozen=True)
class Said:
    """`template` as the server wrote it (of the first message), `sentence` for people, `report` the
    shop's log id."""

    template: str
    sentence: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    report: str = ""


def said_by(response: httpx.Response) -> Said:
    """Read any error answer. Never raises: an unreadable body is itself what is said."""
    raw = response.content
    if not raw.strip():
        return Said("", "no text.")
    try:
        document = from_json(raw)
    except NotJson:
        return _plain(raw[: 4 * READ].decode("utf-8", "replace"))
    messages = _messages(document)
    if not messages:
        return Said("", "JSON without a message.")
    template, parameters = messages[0]
    rendered = [rendering(text, values) for text, values in messages]
    sentence = rendered[0] if len(rendered) == 1 else f"{rendered[0]} {'; '.join(rendered[1:])}"
    report = _REPORT.search(template)
    return Said(template, tidy(sentence), parameters, report.group(1) if report else "")


def rendering(template: str, parameters: Mapping[str, str]) -> str:
    """The template with `%1` or `%name` replaced, longest name first as PHP's `strtr` does; unknown
    ones stay."""
    if not parameters:
        return template
    names = sorted(parameters, key=len, reverse=True)
    pattern = re.compile("%(" + "|".join(re.escape(name) for name in names) + ")")
    return pattern.sub(lambda found: _short(parameters[found.group(1)]), template)


def tidy(text: str) -> str:
    """One line, no e-mail address, at most `LONGEST_SENTENCE` characters."""
    line = " ".join(_without_address(word) for word in text[:READ].split())
    return line if len(line) <= LONGEST_SENTENCE else f"{line[:LONGEST_SENTENCE]}…"


def _without_address(word: str) -> str:
    """The word without an e-mail address in it; what is around it stays."""
    if "@" not in word and "%40" not in word:
        return word
    core = word.strip(_AROUND)
    return word.replace(core, "(e-mail address)", 1) if core else word


def _messages(document: Any) -> list[tuple[str, dict[str, str]]]:
    """(template, parameters) of the message and of every nested error, in order."""
    if not isinstance(document, dict):
        return []
    found = []
    for name in ("message", "error_description", "detail", "error", "title"):
        if isinstance(document.get(name), str) and document[name]:
            found.append((document[name], _parameters(document.get("parameters"))))
            break
    nested = document.get("errors")
    fatal = (
        document["messages"].get("error") if isinstance(document.get("messages"), dict) else None
    )
    for entries in (nested, fatal):
        found += [
            (entry["message"], _parameters(entry.get("parameters")))
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, dict) and isinstance(entry.get("message"), str)
        ]
    return [(text[:READ], parameters) for text, parameters in found[:MOST_MESSAGES]]


def _parameters(value: Any) -> dict[str, str]:
    """A list fills %1, %2…; an object fills %name. Values may be numbers. The first few, and their
    beginnings."""
    if isinstance(value, list):
        return {
            str(number): str(item)[:READ]
            for number, item in enumerate(value[:MOST_PARAMETERS], start=1)
        }
    if isinstance(value, dict):
        named = [(str(name), item) for name, item in islice(value.items(), MOST_PARAMETERS)]
        return {name: str(item)[:READ] for name, item in named if len(name) <= LONGEST_NAME}
    return {}


def _plain(text: str) -> Said:
    """HTML and other text: the page's title, or its first words."""
    title = title_in(text)
    if title:
        words = tidy(title)
        return Said(words, f"an HTML page titled {_short(words)!r}.")
    words = tidy(text_in(text))
    return Said(words, f"not JSON, starting {_short(words)!r}.")


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[:20]}… ({len(value)} characters)"
