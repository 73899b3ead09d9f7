"""Where hostile bytes come in, and what must hold whatever they are.

A target takes bytes and returns; anything it raises is a fault of the product. Coverage-guided runs
(`python -m tests.fuzz`), the kept corpus and the short run of `make test` share the targets.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx

from sync.commerce import errors
from sync.config.connections import Connections
from sync.config.file.reading import BadConfiguration, Fault, connections_from
from sync.core.errors import Later, Never
from sync.dataverse.client import TABLE as DATAVERSE
from sync.dynamics import batch, faults
from sync.dynamics.refusals import ODataAnswer, ODataCall
from tests.fuzz.edge import business_event, event, webhook
from tests.fuzz.wire import wire

NOW: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATUSES: Final = (
    301, 302, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 500, 501, 502, 503, 504,
)  # fmt: skip
LONGEST_REASON: Final = 4000


def batch_answer(data: bytes) -> None:
    """An answer to `$batch`: the first line is its content type, the rest its body."""
    content_type, _, body = data.partition(b"\n")
    try:
        answers = batch.read(content_type.decode("latin-1"), body)
    except batch.BrokenBatch:
        return
    for part in (part for answer in answers for part in answer):
        assert 0 <= part.status <= 999
        assert len(part.body) <= len(body)
        _is_told(faults.error_from(part, ODataCall("create SalesOrderLines", writes=True), now=NOW))


def error_body(data: bytes) -> None:
    """An answer that is no success: the first byte picks the status, the rest of the first line is
    what two headers say, then comes the body."""
    head, _, body = data.partition(b"\n")
    status = STATUSES[head[0] % len(STATUSES)] if head else 500
    said = head[1:].strip(b"\r\0")
    headers = {"retry-after": said.decode("latin-1"), "content-type": said.decode("latin-1")}
    for writes in (False, True):
        answer = ODataAnswer(status, headers, body)
        _is_told(faults.error_from(answer, ODataCall("read Customers", writes), now=NOW))
        asked = ODataCall("create incidents", writes, "Dataverse")
        _is_told(faults.error_from(answer, asked, now=NOW, table=DATAVERSE))
        call = errors.RestCall("the shop", "GET /V1/orders", writes, "paas", NOW)
        response = httpx.Response(status, content=body, headers=[(b"retry-after", said)])
        _is_told(errors.error_from(response, call))


def configuration(data: bytes) -> None:
    """A file of connections."""
    text = data.decode("utf-8", "replace")
    faults: Sequence[Fault] = ()
    try:
        assert isinstance(connections_from(text), Connections)
    except BadConfiguration as bad:
        faults = bad.faults
    for fault in faults:
        assert 0 <= fault.line <= text.count("\n") + 1
        assert fault.what
        assert fault.remedy


def _is_told(error: Exception) -> None:
    """Says what to do next, briefly, and names nobody by an address."""
    assert isinstance(error, Later | Never)
    assert 0 < len(error.reason) <= LONGEST_REASON
    assert "@" not in error.reason
    if isinstance(error, Never):
        assert error.remedy


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "batch": batch_answer,
    "errors": error_body,
    "configuration": configuration,
    "webhook": webhook,
    "event": event,
    "business_event": business_event,
    "wire": wire,
}
