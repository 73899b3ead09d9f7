"""`$batch`: a strict reader of multipart/mixed, changesets that are one transaction each, and the
multipart answer.

Parts are worked off in order and independently of each other; the outer status is 200 whatever
happens to them. A changeset that fails answers with one error part under the first operation's
Content-ID (as captured on a live system), whichever operation failed. `$1` references
are plain text here: they do not resolve.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import ODataFault, bad_request, deadlock
from sandbox.dynamics.service import ODataRequest, Reply, perform, refusal

MOST_OPERATIONS: Final = 5_000
REQUEST_LINE: Final = re.compile(rb"(GET|POST|PATCH|PUT|DELETE) (\S+) HTTP/1\.1")
BOUNDARY: Final = re.compile(
    r"multipart/mixed\s*;\s*boundary=(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))\s*", re.IGNORECASE
)
BATCH, CHANGES = "batchresponse_7c1f8d0e", "changesetresponse_2b9a44f1"


@dataclass(frozen=True)
class Operation:
    """A request inside a batch."""

    call: ODataRequest
    content_id: str


Part = Operation | tuple[Operation, ...]
"""A single operation, or a changeset."""


def read(body: bytes, content_type: str, root: str) -> list[Part]:
    """The parts of a batch. Raises 400 for anything that is not exactly multipart/mixed of HTTP
    requests."""
    parts: list[Part] = []
    for headers, inside in _sections(body, content_type):
        if headers.get("content-type", "").lower().startswith("multipart/mixed"):
            parts.append(_changeset(inside, headers["content-type"], root))
        else:
            parts.append(_operation(headers, inside, root))
    if sum(len(part) if isinstance(part, tuple) else 1 for part in parts) > MOST_OPERATIONS:
        raise bad_request(
            f"The current batch contains too many operations: at most {MOST_OPERATIONS} are"
            " allowed."
        )
    return parts


def _changeset(body: bytes, content_type: str, root: str) -> tuple[Operation, ...]:
    operations = tuple(
        _operation(headers, inside, root) for headers, inside in _sections(body, content_type)
    )
    ids = [operation.content_id for operation in operations]
    if "" in ids or len(set(ids)) != len(ids):
        raise bad_request("Every operation of a changeset needs a Content-ID of its own.")
    if any(operation.call.method == "GET" for operation in operations):
        raise bad_request("An HTTP method GET is not allowed in a changeset.")
    return operations


def _sections(body: bytes, content_type: str) -> list[tuple[Mapping[str, str], bytes]]:
    """Headers and content of each body part. Line ends are CRLF, the closing boundary is needed."""
    match = BOUNDARY.fullmatch(content_type)
    if match is None:
        raise bad_request(
            f"The content type '{content_type}' is not multipart/mixed with a boundary."
        )
    mark = b"--" + (match[1] or match[2]).encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise bad_request("The multipart content ends before its closing boundary.")
    return [_split(piece) for piece in pieces[1:-1]]


def _split(piece: bytes) -> tuple[Mapping[str, str], bytes]:
    if not piece.startswith(b"\r\n"):
        raise bad_request("A boundary must be followed by CRLF.")
    head, separator, content = piece[2:].partition(b"\r\n\r\n")
    if not separator:
        raise bad_request("A part needs an empty line between its headers and its content.")
    return _headers(head), content


def _headers(head: bytes) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name.strip() or "\n" in line.decode("latin-1"):
            raise bad_request("A part has a header line that is none.")
        headers[name.strip().lower()] = value.strip()
    return headers


def _operation(headers: Mapping[str, str], content: bytes, root: str) -> Operation:
    if not headers.get("content-type", "").lower().startswith("application/http"):
        raise bad_request("A part of a batch must be application/http or multipart/mixed.")
    if headers.get("content-transfer-encoding", "").lower() != "binary":
        raise bad_request("A part of a batch must have Content-Transfer-Encoding: binary.")
    head, separator, body = content.partition(b"\r\n\r\n")
    line, _, inner = head.partition(b"\r\n")
    match = REQUEST_LINE.fullmatch(line)
    if match is None or not separator:
        raise bad_request(
            "A part of a batch must hold a request line, its headers and an empty line."
        )
    target = _target(match[2].decode("latin-1"))
    call = ODataRequest(match[1].decode(), target, root, _headers(inner) if inner else {}, body)
    return Operation(call, headers.get("content-id", ""))


def _target(url: str) -> str:
    """The path after `/data/` with its query; absolute addresses, `/data/Set` and plain `Set` are
    all seen."""
    parts = urlsplit(url)
    path = parts.path.removeprefix("/data/") if parts.path.startswith("/") else parts.path
    return f"{path}?{parts.query}" if parts.query else path


def answer(state: Environment, parts: list[Part]) -> Reply:
    """Work the parts off and write the multipart answer."""
    written: list[bytes] = []
    for part in parts:
        if isinstance(part, Operation):
            written.append(_http(_alone(state, part), part.content_id))
        else:
            inside = _multipart(_together(state, part), CHANGES)
            written.append(
                f"Content-Type: multipart/mixed; boundary={CHANGES}\r\n\r\n".encode() + inside
            )
    headers = {"Content-Type": f"multipart/mixed; boundary={BATCH}", "OData-Version": "4.0"}
    return Reply(200, _multipart(written, BATCH), headers)


def _alone(state: Environment, operation: Operation) -> Reply:
    try:
        return perform(state, operation.call)
    except ODataFault as fault:
        return refusal(fault, in_batch=True)


def _together(state: Environment, operations: tuple[Operation, ...]) -> list[bytes]:
    """All operations of a changeset, or none and one error part."""
    try:
        with state.store.transaction():
            replies = [
                _http(perform(state, operation.call), operation.content_id)
                for operation in operations
            ]
            if state.is_deadlocked():
                raise deadlock()
            return replies
    except ODataFault as fault:
        return [_http(refusal(fault, in_batch=True), operations[0].content_id)]


def _http(reply: Reply, content_id: str) -> bytes:
    outer = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        outer.append(f"Content-ID: {content_id}")
    inner = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    inner.extend(f"{name}: {value}" for name, value in reply.headers.items())
    return "\r\n".join([*outer, "", *inner, "", ""]).encode() + reply.body


def _multipart(parts: list[bytes], boundary: str) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(b"%s\r\n%s\r\n" % (mark, part) for part in parts) + mark + b"--\r\n"
