"""What F&O says when it refuses, fit for an operator's eyes: the cause without the noise, and
nobody's data.

The useful text lies deep (`error.innererror.message`, or deeper in `internalexception`) and quotes
what it was given: codes, which a person needs to see, but also names, addresses and e-mails, which
are masked. Stack traces are never read. Source: bodies recorded on 2026-07-28 and practitioners'
captures of $batch.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sync.core.encoding import NotJson, from_json

MASK: Final = "'…'"
READ: Final = 4000
LONGEST: Final = 240
MOST: Final = 6

_DEEPER: Final = ("innererror", "internalexception", "InnerException")
_WORDS: Final = ("message", "Message", "ExceptionMessage")
_ENTRY: Final = re.compile(r";\s*(?=(?:Info|Warning|Error):)|;\s*$")
_LEVEL: Final = re.compile(r"^(?:Info|Warning|Error):\s*")
_NOISE: Final = re.compile(
    r"validate(?:Field|Write|Delete) failed on\b|Update has been cancell?ed\b"
)

_PERSONAL: Final = (
    r"name|street|address|city|phone|telephone|mobile|e-?mail|contact|zip|"
    r"postal|birth|identification"
)
_VALUE: Final = re.compile(r"(?<!\w)[Tt]he value '(?P<value>.*?)' in field '(?P<label>[^']*)'")
_LABELLED: Final = re.compile(
    rf"(?P<label>\b[\w/ -]*(?:{_PERSONAL})[\w/ -]*):\s*[^.;]+", re.IGNORECASE
)
_IS_PERSONAL: Final = re.compile(_PERSONAL, re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"'(?:https?://|/data/).*?'(?=[.\s]|$)|(?:https?://|/data/)\S*[^\s.,;]"
)
_EMAIL: Final = re.compile(r"\S*@(?:\S*[^\s.,;:])?")
_PHONE: Final = re.compile(r"(?:\+\d|\(\d)[\d ()/.-]{6,}\d")
_QUOTED: Final = re.compile(
    r"(?P<before>[\w.]+ )?(?<!\w)(?P<mark>['\"])(?P<value>.+?)(?P=mark)(?!\w)"
)
_OUR_WORDS: Final = {
    "field",
    "table",
    "type",
    "column",
    "source",
    "property",
    "entity",
    "named",
    "enum",
    "label",
    "value",
}
_CODE: Final = re.compile(r"[^\s@%]{1,60}")
_TITLE: Final = re.compile(r"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Said:
    """`text` may be shown and stored. `words` is everything F&O said, unmasked, for matching rules
    and nothing else."""

    text: str
    words: str = field(default="", repr=False)
    is_json: bool = True


def read(body: bytes) -> Said:
    """What an error body says, whatever it is: OData, Web API, a gateway's HTML page, plain text,
    nothing."""
    try:
        messages = list(_messages(from_json(body)))
    except NotJson:
        return _page(body)
    if not messages:
        return Said("no explanation")
    chosen = next(
        (message for message in reversed(messages) if "Infolog:" in message), messages[-1]
    )
    return Said(" ".join(sentences(chosen)) or "no readable explanation", "\n".join(messages))


def _page(body: bytes) -> Said:
    words = body.decode("utf-8", errors="replace").strip()
    if not words:
        return Said("no explanation")
    if "<" in words[:200]:
        title = _TITLE.search(words)
        about = f": {_shortened(_masked(title[1][:READ]), 80)}" if title else ""
        return Said(f"an HTML page{about}", is_json=False)
    shown = _shortened(_masked(words[:READ]), LONGEST)
    return Said(shown or "no readable explanation", words, is_json=False)


def _messages(document: Any) -> Iterator[str]:
    """The messages from the outside in; the outermost is generic."""
    node = document.get("error", document) if isinstance(document, dict) else document
    while isinstance(node, dict):
        for name in _WORDS:
            if isinstance(message := node.get(name), str) and message.strip():
                yield message.strip()
        node = next((node[name] for name in _DEEPER if node.get(name)), None)
    if isinstance(node, str) and node.strip():
        yield node.strip()


def sentences(message: str) -> list[str]:
    """The entries of the Infolog, or the message: each once, without level, noise and personal
    data."""
    message = message[:READ]
    _, _, infolog = message.partition("Infolog:")
    entries = [
        _LEVEL.sub("", entry.strip()) for entry in _ENTRY.split(infolog or message) if entry.strip()
    ]
    reporting = [entry for entry in entries if not _NOISE.match(entry)] or entries
    shown = list(dict.fromkeys(_shortened(_masked(entry), LONGEST) for entry in reporting))
    return [*shown[:MOST], *([f"({len(shown) - MOST} more)"] if len(shown) > MOST else [])]


def _masked(text: str) -> str:
    """`text` without e-mails, telephone numbers, URLs and values of fields about people; labels and
    codes stay.

    A quoted value stays when it stands in `The value '..' in field '..'` of a field that is not
    about people, when it names something of F&O's own (a field, a table), or when it looks like a
    code: no spaces.
    """
    kept: list[str] = []

    def value(match: re.Match[str]) -> str:
        shown = (
            not _IS_PERSONAL.search(match["label"])
            and len(match["value"]) <= 60
            and "@" not in match["value"]
        )
        kept.append(match[0] if shown else match[0].replace(f"'{match['value']}'", MASK, 1))
        return f"\x00{len(kept) - 1}\x00"

    def quoted(match: re.Match[str]) -> str:
        before = match["before"] or ""
        ours = before.strip().lower() in _OUR_WORDS
        return match[0] if ours or _CODE.fullmatch(match["value"]) else before + MASK

    text = _ADDRESS.sub(MASK, " ".join(text.replace("\x00", " ").split()))
    text = _VALUE.sub(value, text)
    text = _LABELLED.sub(lambda match: f"{match['label']}: …", _EMAIL.sub("…", text))
    text = _PHONE.sub("…", _QUOTED.sub(quoted, text))
    return re.sub(r"\x00(\d+)\x00", lambda match: kept[int(match[1])], text)


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
