"""`$batch` on the wire: multipart/mixed with atomic changesets, written strictly and read
tolerantly.

F&O takes multipart only. Each changeset is one transaction. The outer answer is 200 even when a
changeset failed: then the changeset's answer is one single error part, whose Content-ID need not be
that of the failing write. Content-ID references to generated keys do not work, so none are written.
Source: Microsoft, odata.md; practitioners' captures.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from sync.dynamics.refusals import ODataAnswer

MOST_OPERATIONS: Final = 5000
"""F&O's own limit. One document per changeset stays far below it."""
MOST_DEEP: Final = 2
"""A batch holds changesets, a changeset answers; nothing is nested further."""
MOST_HEADERS: Final = 64 * 1024
"""Bytes of header lines before a part or its answer; F&O writes a few hundred."""
LONGEST_BOUNDARY: Final = 70
"""RFC 2046."""

_BOUNDARY: Final = re.compile(
    rf"boundary=(?:\"([^\"]{{1,{LONGEST_BOUNDARY}}})\"|([^\s;]{{1,{LONGEST_BOUNDARY}}}))",
    re.IGNORECASE,
)
_LINE_END: Final = re.compile(rb"\r?\n")
_STATUS: Final = rb"HTTP/\d(?:\.\d)? (\d{3})(?!\d)"
_STATUS_LINE: Final = re.compile(_STATUS)
_STATUS_LINES: Final = re.compile(rb"\n" + _STATUS)


class BrokenBatch(ValueError):
    """The answer is no multipart document of HTTP answers; the message says what is missing, never
    the content."""


@dataclass(frozen=True)
class Operation:
    """One request of a batch. `url` is absolute or starts with a slash, encoded; `body` is JSON in
    UTF-8."""

    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part(ODataAnswer):
    """One answer of a batch; the id is empty where the server left it out."""

    content_id: str = ""


def write(parts: Sequence[Operation | Sequence[Operation]], unique: str) -> tuple[str, bytes]:
    """The Content-Type and body of a batch: a single operation stands alone, a sequence is one
    atomic changeset.

    Content-IDs count from 1 through the whole batch. `unique` makes the boundaries. Raises
    `ValueError` when there is nothing to send or too much, or when a body holds a boundary.
    """
    _must_fit(
        [one for part in parts for one in ([part] if isinstance(part, Operation) else part)],
        unique.encode(),
    )
    numbers = count(1)
    pieces = [
        _operation(part, next(numbers))
        if isinstance(part, Operation)
        else _changeset(part, f"changeset_{unique}_{index}", numbers)
        for index, part in enumerate(parts, start=1)
    ]
    outer = f"batch_{unique}"
    return f"multipart/mixed; boundary={outer}", _multipart(pieces, outer)


def _must_fit(operations: Sequence[Operation], boundary: bytes) -> None:
    if not 1 <= len(operations) <= MOST_OPERATIONS:
        raise ValueError(f"a batch holds 1 to {MOST_OPERATIONS} operations, not {len(operations)}")
    if any(boundary in (one.body or b"") for one in operations):
        raise ValueError("a body of the batch holds its boundary")


def _changeset(operations: Sequence[Operation], boundary: str, numbers: Iterator[int]) -> bytes:
    start = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return start + _multipart([_operation(one, next(numbers)) for one in operations], boundary)


def _multipart(pieces: Sequence[bytes], boundary: str) -> bytes:
    start = f"--{boundary}\r\n".encode()
    return b"".join(start + piece + b"\r\n" for piece in pieces) + f"--{boundary}--\r\n".encode()


def _operation(one: Operation, number: int) -> bytes:
    headers = dict(one.headers)
    if one.body is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    lines = [
        *("Content-Type: application/http", "Content-Transfer-Encoding: binary"),
        *(f"Content-ID: {number}", "", f"{one.method} {one.url} HTTP/1.1"),
        *(f"{name}: {value}" for name, value in headers.items()),
        *("", ""),
    ]
    return "\r\n".join(lines).encode("ascii") + (one.body or b"")


def read(content_type: str, body: bytes) -> list[list[Part]]:
    """The answers, one list per part of the batch: a single answer, or those of a changeset in the
    server's order.

    Lines may end in CR LF or LF, a preamble may stand first, the last boundary may be missing.
    Raises `BrokenBatch`.
    """
    return [_answers(piece, MOST_DEEP - 1) for piece in _pieces(content_type, body)]


def statuses(body: bytes) -> set[int]:
    """Those of its answers, without reading them. No line of JSON looks like one that has them."""
    return {int(found[1]) for found in _STATUS_LINES.finditer(body)}


def _answers(piece: bytes, deeper: int) -> list[Part]:
    """The answers in one part; a part of parts may hold `deeper` levels of them."""
    headers, content = _headers_and_rest(piece)
    kind = headers.get("content-type", "")
    if kind.lower().startswith("application/http"):
        return [_answer(content, headers.get("content-id", ""))]
    if not kind.lower().startswith("multipart/"):
        raise BrokenBatch("a part is no HTTP answer")
    if not deeper:
        raise BrokenBatch("its parts are nested too deeply")
    return [answer for inner in _pieces(kind, content) for answer in _answers(inner, deeper - 1)]


def _answer(content: bytes, content_id: str) -> Part:
    status_line, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    status = _STATUS_LINE.match(status_line)
    if status is None:
        raise BrokenBatch("a part has no status line")
    headers, body = _headers_and_rest(rest)
    known_as = content_id or headers.get("content-id", "")
    return Part(int(status[1]), headers, body.strip(b"\r\n"), known_as)


def _pieces(content_type: str, body: bytes) -> list[bytes]:
    named = _BOUNDARY.search(content_type[:MOST_HEADERS])
    if named is None or not content_type.lower().startswith("multipart/"):
        raise BrokenBatch("it is not multipart")
    pieces = list[bytes]()
    before: re.Match[bytes] | None = None
    for found in _delimiters(body, (named[1] or named[2]).encode()):
        if before is not None:
            end = found.start() - (2 if body[found.start() - 2 : found.start()] == b"\r\n" else 1)
            pieces.append(_piece(body, before.end(), end))
        if len(pieces) > MOST_OPERATIONS:
            raise BrokenBatch(f"it holds more than {MOST_OPERATIONS} parts")
        if found[1]:
            return pieces
        before = found
    if before is None:
        raise BrokenBatch("its boundary does not occur")
    return [*pieces, _piece(body, before.end(), len(body))]


def _delimiters(body: bytes, boundary: bytes) -> Iterator[re.Match[bytes]]:
    """The boundary at the beginnings of lines. The pattern begins with what is searched fast."""
    pattern = re.compile(rb"--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    for found in pattern.finditer(body):
        if not found.start() or body[found.start() - 1 : found.start()] == b"\n":
            yield found


def _piece(body: bytes, start: int, end: int) -> bytes:
    """What lies between two boundaries, without the end of the first one's line."""
    line_end = _LINE_END.match(body, start, end)
    return body[line_end.end() if line_end else start : end]


def _headers_and_rest(text: bytes) -> tuple[dict[str, str], bytes]:
    """Header lines, names in lower case, up to the empty line; what follows it. Without headers all
    is the rest."""
    headers: dict[str, str] = {}
    at = 0
    while at < len(text):
        end = text.find(b"\n", at, MOST_HEADERS)
        if end < 0 and len(text) > MOST_HEADERS:
            raise BrokenBatch(f"a part has more than {MOST_HEADERS} bytes of headers")
        line = text[at : end if end >= 0 else len(text)]
        at = end + 1 if end >= 0 else len(text)
        if not line.strip():
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, text[at:]
