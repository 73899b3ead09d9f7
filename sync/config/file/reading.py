"""Reads `connections.toml`, whole: either every connection is sound, or every fault is reported
with its line and remedy.

A file that would post orders twice, send a token in the clear or round an amount is refused before
anything runs.
"""

import logging
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from sync.config.connections import FLOW_NAMES, Connections
from sync.config.file.alert_rules import alert_breaches
from sync.config.file.breaches import Breach
from sync.config.file.faults import BadConfiguration, Fault, breaches_of_kind, closest, dotted
from sync.config.file.overlaps import overlap_breaches
from sync.config.file.rules import section_breaches
from sync.config.file.toml_lines import Lines, Path
from sync.config.old_names import with_present_names

__all__ = ["BadConfiguration", "Fault", "connections_from", "read_connections"]

log = logging.getLogger("sync.config.file.reading")

SYNTAX: Final = {
    "Cannot overwrite a value": ("this name is written twice", "Keep one of the two."),
    "Cannot redefine namespace": (
        "this table is written twice",
        "Join the two tables, or rename one.",
    ),
    "Cannot declare": ("this table is written twice", "Join the two tables, or rename one."),
    "Expected '='": ("a name without a value", 'Write name = "value".'),
    "Expected ']'": (
        "a header that does not end",
        "Close it with the brackets that open it: [connections.<name>].",
    ),
    "Unterminated string": (
        "text that does not end",
        'Close it with the quote that opens it: "text".',
    ),
    "Illegal character '\\n'": (
        "text that does not end on its line",
        'Close it with the quote that opens it: "text".',
    ),
    "Found invalid character '\\n'": (
        "text that does not end on its line",
        'Close it with the quote that opens it: "text".',
    ),
    "Expected \"'": ("text that does not end", "Close it with the quote that opens it: 'text'."),
    "Invalid hex value": (
        "a backslash inside double quotes",
        "Use single quotes around text with a backslash.",
    ),
    "Unescaped": (
        "a backslash inside double quotes",
        "Use single quotes around text with a backslash.",
    ),
    "Expected newline": ("something after the value", "Write one name = value per line."),
    "Invalid value": (
        "a value that cannot be read",
        'Put text in double quotes: name = "value"; write true and false small.',
    ),
    "Unclosed array": ("a list that does not end", "Close it with ]."),
    "Unclosed inline table": (
        "a table in braces that does not end",
        "Close it with } on the same line.",
    ),
    "Invalid statement": (
        "this is neither a [table] nor a name = value",
        'Write name = "value"; comments begin with #.',
    ),
}

NO_FILE: Final = Fault(
    0, "", "there is no such file",
    "Run `init` to write one, or name another with SYNC_CONNECTIONS.",
)  # fmt: skip
SAVE_AS_TEXT: Final = "Save the file as UTF-8 text."
TOO_DEEP: Final = Fault(0, "", "lists or tables are nested too deeply", "Flatten them.")
TOO_MANY_DIGITS: Final = Fault(
    0, "", "a number has thousands of digits", "Write the number that was meant."
)


def read_connections(path: FilePath, *, flows: Collection[str] = FLOW_NAMES) -> Connections:
    """The connections of the file. `flows` are the names that a connection may list.

    Raises `BadConfiguration` with every fault at once; no value that may be a secret is in its
    text.
    """
    text = _text(_bytes(path), path.name)
    return connections_from(text, flows=flows, file=path.name)


def connections_from(
    text: str, *, flows: Collection[str] = FLOW_NAMES, file: str = "connections.toml"
) -> Connections:
    """The connections that a text describes; raises as `read_connections` does."""
    try:
        written = tomllib.loads(text, parse_float=_fraction)
        lines = Lines(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration([_syntax_fault(str(error), text)], file) from None
    except RecursionError:
        raise BadConfiguration([TOO_DEEP], file) from None
    except ValueError:
        raise BadConfiguration([TOO_MANY_DIGITS], file) from None
    if not written:
        raise BadConfiguration([_empty()], file)
    written, remedies = with_present_names(written)
    if remedies:
        log.warning("configuration.old_names file=%s remedy=%s", file, " ".join(remedies))
    breaches = _breaches(written, flows)
    faults = [Fault(lines.of(b.path), dotted(b.path), b.what, b.remedy) for b in breaches]
    if faults:
        raise BadConfiguration(faults, file)
    return Connections.model_validate(written)


def _bytes(path: FilePath) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadConfiguration([NO_FILE], path.name) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        fault = Fault(0, "", f"it cannot be read: {reason}", "Name a file that this user may read.")
        raise BadConfiguration([fault], path.name) from None


def _text(raw: bytes, file: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault = Fault(line, "", "this is not text in UTF-8", SAVE_AS_TEXT)
        raise BadConfiguration([fault], file) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadConfiguration([Fault(line, "", "this is not text", SAVE_AS_TEXT)], file)
    return text


def _fraction(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")  # beyond any exponent; refused like every other fraction


def _empty() -> Fault:
    return Fault(
        1,
        "",
        "there is nothing in the file",
        "Describe a connection; `init` writes a commented example.",
    )


def _syntax_fault(message: str, text: str) -> Fault:
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    line, column = (
        (int(place[1]), int(place[2])) if place and place[1] else (_opening(message, text), 0)
    )
    known = (words for start, words in SYNTAX.items() if message.startswith(start))
    what, remedy = next(
        known, ("this cannot be read as TOML", "Compare the line with the example file.")
    )
    return Fault(line, "", what, remedy, column)


def _opening(message: str, text: str) -> int:
    """The line to look at when the parser ran into the end: where text was opened, else the last
    line."""
    lines = text.rstrip().split("\n")
    quotes = {"Unterminated string": ('"""', '"'), "Expected \"'": ("'''", "'")}
    for quote in next((pair for start, pair in quotes.items() if message.startswith(start)), ()):
        odd = [number for number, line in enumerate(lines, start=1) if line.count(quote) % 2]
        if odd:
            return odd[-1]
    return len(lines)


def _breaches(written: Mapping[str, Any], flows: Collection[str]) -> Iterator[Breach]:
    """Every breach, one per place: a fraction in a place hides what the models say of the same
    place."""
    fractions = list(_fractions((), written))
    yield from fractions
    try:
        Connections.model_validate(written)
    except ValidationError as error:
        reported = {breach.path for breach in fractions}
        told = breaches_of_kind(error.errors())
        yield from (breach for breach in told if breach.path not in reported)
    yield from alert_breaches(written)
    connections = written.get("connections")
    if isinstance(connections, Mapping):
        yield from _breaches_of_rules(connections, flows)


def _breaches_of_rules(connections: Mapping[str, Any], flows: Collection[str]) -> Iterator[Breach]:
    path = ("connections",)
    if not connections:
        yield Breach(path, "there is no connection", "Add a table [connections.<name>].")
    for name, table in connections.items():
        if isinstance(table, Mapping):
            yield from section_breaches((*path, name), table)
            yield from _unknown_flows((*path, name, "flows"), table.get("flows", ()), flows)
    yield from overlap_breaches(connections)


def _fractions(path: Path, value: object) -> Iterator[Breach]:
    """Amounts are text: what stands in the file is then what is posted, to the last digit."""
    if isinstance(value, Decimal):
        remedy = 'Put an amount in quotes, as in "0.05"; write counts without a fraction.'
        yield Breach(path, "a number with a fraction stands here", remedy)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _fractions((*path, name), inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _fractions((*path, str(place)), inner)


def _unknown_flows(path: Path, written: object, flows: Collection[str]) -> Iterator[Breach]:
    names = [name for name in written if isinstance(name, str)] if isinstance(written, list) else []
    for place, name in enumerate(names):
        if name not in flows:
            remedy = f"{closest(name, sorted(flows))}Known: {', '.join(flows)}."
            yield Breach((*path, str(place)), f'"{name[:40]}" is not a flow', remedy)
        elif name in names[:place]:
            yield Breach((*path, str(place)), f'"{name}" is named twice', "Name each flow once.")
