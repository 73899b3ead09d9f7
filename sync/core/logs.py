"""Log lines: one per event, `orders.delivered key=000000042 attempt=1 ms=120`, as text or as JSON.

Log lines hold identifiers, counts and durations only. The mask here is the last line of
defence for what slips in all the same (an exception's text, a library's line): addresses, tokens,
Authorization headers, queries of URLs.
"""

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TextIO
from unicodedata import category

MASK: Final = "***"
LONGEST: Final = 32_000
"""Characters of one text that are looked through and written; a traceback has fewer."""
ENDS: Final = LONGEST // 2 - 100
QUIET: Final = (
    "aiohttp", "asyncio", "azure", "httpcore", "httpx", "msal", "oauthlib", "urllib3", "uamqp",
    "uvicorn.access",
)  # fmt: skip
"""Loggers that tell URLs with their query, or every frame: only their warnings are of use, at any
level of ours."""

_SECRETS: Final = (
    r"token|secret|password|passwd|pwd|passphrase|signature|sig|api[_-]?key|access[_-]?key"
    r"|account[_-]?key|private[_-]?key|consumer[_-]key"
    r"|functions-key|verifier|nonce|assertion"
)
_PATTERNS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----[^-]*"), MASK),
    (re.compile(r"(?i)\b(authorization|cookie)([\"']?\s*[:=,]\s*)[^\r\n]+"), rf"\1\2{MASK}"),
    (re.compile(r"\b((?i:bearer)|Basic)[:\s]\s*[\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?i)(?<![\w+.-])([a-z][a-z0-9+.-]{1,20}://)[^\s/?#@\"']+@"), rf"\1{MASK}@"),
    (re.compile(r"[^\s\"'<>]+"), lambda found: _without_query(found[0])),
    (re.compile(r"(?i)([?&]code=)[^\s\"'&]+"), rf"\1{MASK}"),
    (
        re.compile(
            rf"(?i)(?<![\w-])([\w-]{{0,40}}?(?:{_SECRETS}))([\"']?\s*[=:]\s*)"
            r"(?:\"[^\"\r\n]+|'[^'\r\n]+|[^\s\"'&;,]+)"
        ),
        rf"\1\2{MASK}",
    ),
    (
        re.compile(
            r"(?i)(?<![\w.+'-])[\w.+'-]+(?:[@＠]|%40|\\u0040|&#64;)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}"
        ),
        MASK,
    ),
    (re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), MASK),
    (re.compile(r"(?<!\w)[A-Za-z0-9]{32,}(?!\w)"), lambda found: _unless_plain(found[0])),
    (re.compile(r"(?<![\w+/~.-])[\w+/~.-]{38,}={0,2}"), lambda found: _unless_path(found[0])),
)
_CODES: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Letters and marks that nothing is drawn for (Unicode's Default_Ignorable_Code_Point): whole texts
can be hidden in them."""
_SCHEME: Final = re.compile(r"(?i)\bhttps?://")
_FIELDS: Final = re.compile(r"([A-Za-z_][\w.]*)=%[-#0 +]*\d*(?:\.\d+)?[sdrif]")


def masked(text: str) -> str:
    """The text without addresses and secrets, its middle left out where it is very long. Safe to
    repeat."""
    if len(text) > LONGEST:
        text = f"{text[:ENDS]} …{len(text) - 2 * ENDS} characters… {text[-ENDS:]}"
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _without_query(text: str) -> str:
    """A URL without its query; other text as it is."""
    address, mark, query = text.partition("?")
    return f"{address}?{MASK}" if mark and query and _SCHEME.search(address) else text


def _unless_plain(text: str) -> str:
    """Tokens mix letters and digits; a long word or a long number is neither."""
    return MASK if re.search(r"[0-9]", text) and re.search(r"[A-Za-z]", text) else text


def _unless_path(text: str) -> str:
    """Keys in base64 mix capitals, small letters and digits all along; the parts of a path or a URL
    do not."""
    kinds = ("[a-z]", "[A-Z]", "[0-9].*[0-9]")
    long = [part for part in re.split(r"[/_.-]", text) if len(part) >= 12]
    return MASK if any(all(re.search(kind, part) for kind in kinds) for part in long) else text


def _masked_argument(argument: object) -> object:
    """The argument itself where there is nothing to mask, so that its type stays."""
    text = str(argument)
    return argument if masked(text) == text else masked(text)


class Masking(logging.Filter):
    """Masks a record in place, traceback included, before any handler writes it. Lets every record
    pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask what the record would say; an unharmed record is left as it is, with its
        arguments."""
        if isinstance(record.args, tuple):
            record.args = tuple(_masked_argument(argument) for argument in record.args)
        try:
            message_text = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message_text = f"logs.malformed module={record.module} line={record.lineno}"
            record.msg, record.args = message_text, ()
        if masked(message_text) != message_text:
            record.msg, record.args = masked(message_text), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _traceback(record)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        if record.stack_info:
            record.stack_info = masked(record.stack_info)
        return True


def _parts(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """The event and its fields, where the line was written as `event name=%s name=%d`; else the
    whole line."""
    event, *rest = str(record.msg).split(" ")
    names = [found[1] for part in rest if (found := _FIELDS.fullmatch(part))]
    arguments, own = record.args, event.count("%s")
    if (
        not isinstance(arguments, tuple)
        or len(names) != len(rest)
        or len(arguments) != own + len(names)
    ):
        return record.getMessage(), {}
    return event % arguments[:own], dict(zip(names, arguments[own:], strict=True))


def _at(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


class TextLines(logging.Formatter):
    """`2026-11-02T10:00:00.123Z info orders.delivered key=000000042 ms=120`; a traceback follows on
    its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the values hold: quoted where they have spaces, line ends written
        out."""
        event, named = _parts(record)
        line = " ".join(
            [_one_line(event), *(f"{name}={_logfmt(value)}" for name, value in named.items())]
        )
        after = [without_codes(part) for part in (_traceback(record), record.stack_info) if part]
        return "\n".join([f"{_at(record)} {record.levelname.lower()} {line}", *after])


class JsonLines(logging.Formatter):
    """One JSON object per line: `at`, `level`, `logger`, `event` and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The fields keep their type where JSON has it; `traceback` holds an exception's."""
        event, named = _parts(record)
        line: dict[str, Any] = {
            "at": _at(record), "level": record.levelname.lower(), "logger": record.name,
            "event": event,
        }  # fmt: skip
        line |= {name if name not in line else f"{name}_": value for name, value in named.items()}
        if traceback := _traceback(record):
            line["traceback"] = traceback
        return without_codes(json.dumps(line, ensure_ascii=False, default=str))


def _traceback(record: logging.LogRecord) -> str:
    if record.exc_text or not record.exc_info:
        return record.exc_text or ""
    return logging.Formatter().formatException(record.exc_info)


def without_codes(text: str) -> str:
    """The text with `\ufffd` for what terminals obey and nobody sees: control characters (line
    ends and tabs stay), lone surrogates, and format characters, which turn the direction of text,
    hide it or tag it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\ufffd" if char not in "\n\r\t" and category(char) in _CODES else char
        for char in _UNSEEN.sub("\ufffd", text)
    )


def _one_line(text: str) -> str:
    text = without_codes(text)
    return (
        text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
        if re.search(r"[\r\n]", text)
        else text
    )


def _logfmt(value: object) -> str:
    text = without_codes(str(value))
    return (
        json.dumps(text, ensure_ascii=False)
        if text == "" or re.search(r'[\s"=\\\x00-\x1f]', text)
        else text
    )


def set_up(*, level: str = "info", log_format: str = "text", stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error when None) from here on; replaces what an earlier call set
    up.

    For processes that own their output: the local host and the command line. Under the Functions
    host use `guard`.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    handler.set_name("sync")
    root = logging.getLogger()
    for old in [known for known in root.handlers if known.name == "sync"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    guard()


def guard() -> None:
    """Mask what any handler of the root logger writes, and quieten the libraries. Safe to
    repeat."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(known, Masking) for known in handler.filters):
            handler.addFilter(Masking())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
