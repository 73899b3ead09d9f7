"""What an error answer says, in one sentence that a person can read and that names nobody.

Commerce writes errors in five shapes, and whatever stands before it (nginx, Fastly, a firewall)
writes HTML or nothing. Messages are templates: decisions are made on the template. People read what
is known to be Commerce's own of it (`wording.py`), with those parameters filled in that are codes
and ids; the full wording is for the encrypted copies. Stack traces are never read. Shapes: Adobe's
error processor and a live 2.4.8.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import httpx

from sync.commerce.wording import WORDING
from sync.core.encoding import NotJson, from_json
from sync.core.pages import text_in, title_in
from sync.core.shown import MASK, shown

LONGEST_SENTENCE: Final = 500
LONGEST_TITLE: Final = 80
LONGEST_VALUE: Final = 200
SHOWN: Final = 600
"""Characters of one message of which something may be shown."""
READ: Final = 4000
"""Characters of one message, or of a page, that are read."""
MOST_MESSAGES: Final = 20
MOST_PARAMETERS: Final = 20
LONGEST_NAME: Final = 40
"""Characters of a parameter's name; Commerce's are shorter."""

UNSHOWN: Final = "words that may name a person; they are with the record's encrypted copies."
MOST_WORDS: Final = 16_000
"""Characters of the full wording that are kept."""

_REPORT: Final = re.compile(r"(?:Report ID: |report )((?:webapi-|api/)?[0-9a-f]{4,40})(?![\w-])")
_RESOURCE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,40}_[A-Za-z0-9]{1,40}::[A-Za-z0-9_:]{1,80}")
_ID: Final = re.compile(r"[0-9]{1,20}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SKU: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_FIRST: Final = ("message", "error_description", "detail", "error", "title")
"""Where the first message may stand."""
_LIMITS: Final = ("max", "min", "qty", "count", "number")


@dataclass(frozen=True)
class Said:
    """`template` as the server wrote it (of the first message) and its `parameters`, for decisions
    alone. `sentence` may be shown and stored. `report`: the shop's log id. `words`: all of it, for
    the encrypted copies alone. `is_json`: as Commerce says it; what stands before it does not."""

    template: str = field(repr=False)
    sentence: str
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    report: str = ""
    words: str = field(default="", repr=False)
    is_json: bool = True

    @property
    def resources(self) -> str:
        """The rights that are missing, as Commerce names them; empty where it names none."""
        named = re.split(r"[, ]+", self.parameters.get("resources", ""))
        return ", ".join(one for one in named if _RESOURCE.fullmatch(one))


def said_by(response: httpx.Response) -> Said:
    """Read any error answer. Never raises: an unreadable body is itself what is said."""
    raw = response.content
    if not raw.strip():
        return Said("", "no text.", is_json=False)
    try:
        document = from_json(raw)
    except NotJson:
        return _plain(raw[: 4 * READ].decode("utf-8", "replace"))
    messages = _messages(document)
    return _said(messages) if messages else Said("", "JSON without a message.")


def _said(messages: Sequence[tuple[str, dict[str, str]]]) -> Said:
    template, parameters = messages[0]
    rendered = [_shown_message(text, values) for text, values in messages]
    sentence = rendered[0] if len(rendered) == 1 else f"{rendered[0]} {'; '.join(rendered[1:])}"
    words = "\n".join(rendering(text, values) for text, values in messages)[:MOST_WORDS]
    report = _REPORT.search(template)
    return Said(template, _told(sentence), parameters, report[1] if report else "", words)


def rendering(template: str, parameters: Mapping[str, str]) -> str:
    """The template with `%1` or `%name` replaced, longest name first as PHP's `strtr` does; unknown
    ones stay."""
    if not parameters:
        return template
    names = sorted(parameters, key=len, reverse=True)
    pattern = re.compile("%(" + "|".join(re.escape(name) for name in names) + ")")
    return pattern.sub(lambda found: parameters[found.group(1)], template)


def _shown_message(template: str, parameters: Mapping[str, str]) -> str:
    """What is Commerce's own of a message, with the parameters that name nobody."""
    names = {name for name in parameters if name.isdecimal() or shown(name, WORDING) == name}
    kept = frozenset(f"%{name}" for name in names)
    text = " ".join(shown(line, WORDING, kept) for line in template[:SHOWN].splitlines())
    report = _REPORT.search(template)
    if report and not text.rstrip(".").endswith(report[1]):
        text = f"{text.rstrip(f' {MASK}.')} {report[1]}"
    return rendering(text, {name: _shown_value(name, parameters) for name in names})


def _shown_value(name: str, parameters: Mapping[str, str]) -> str:
    value, plain = parameters[name], name.lower()
    if plain == "resources":
        return ", ".join(part if _RESOURCE.fullmatch(part) else MASK for part in value.split(", "))
    if plain == "fieldvalue":
        plain = parameters.get("fieldName", "").lower()
    is_id = plain.endswith(("id", "uuid", "pagesize")) or plain in _LIMITS
    if (is_id and _ID.fullmatch(value)) or (plain == "sku" and _SKU.fullmatch(value)):
        return value
    return shown(value[:LONGEST_VALUE], WORDING)


def _told(text: str) -> str:
    """One line of at most `LONGEST_SENTENCE` characters; that it cannot be shown, where nothing is
    left of it."""
    if not any(letter.isalnum() for letter in text):
        return UNSHOWN
    return text if len(text) <= LONGEST_SENTENCE else f"{text[:LONGEST_SENTENCE]}{MASK}"


def _messages(document: Any) -> list[tuple[str, dict[str, str]]]:
    """(template, parameters) of the message and of every nested error, in order."""
    if not isinstance(document, dict):
        return []
    first = [document[name] for name in _FIRST if isinstance(document.get(name), str)]
    text = next(filter(None, first), "")
    found = [(text, _parameters(document.get("parameters")))] if text else []
    messages = document.get("messages")
    fatal = messages.get("error") if isinstance(messages, dict) else None
    found += [*_nested(document.get("errors")), *_nested(fatal)]
    return [(text[:READ], parameters) for text, parameters in found[:MOST_MESSAGES]]


def _nested(entries: Any) -> list[tuple[str, dict[str, str]]]:
    return [
        (entry["message"], _parameters(entry.get("parameters")))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("message"), str)
    ]


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
    words = title or text_in(text)
    told = shown(words.lower() if title else words, WORDING)[:LONGEST_TITLE]
    if not any(letter.isalnum() for letter in told):
        told = ""
    if title:
        about = f"an HTML page titled {told!r}." if told else "an HTML page."
    else:
        about = f"not JSON, starting {told!r}." if told else f"not JSON, {UNSHOWN}"
    return Said(words[:READ], about, words=text[:READ], is_json=False)
