"""Writes of rows that concurrent deliveries send within milliseconds, as one batch.

Each write is a changeset of its own: one that is refused stops no other. A batch without an answer
leaves all of its writes `Unknown`; ids are ours, so a second try makes no second row.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sync.dataverse.web_api import ROOT
from sync.dynamics import batch
from sync.dynamics.answers import Document, parts_by_document
from sync.dynamics.refusals import ODataAnswer, ODataCall
from sync.dynamics.transport import Request, Transport
from sync.pacing.coalescer import Coalescer

MOST: Final = 100
"""Writes of one batch, of the 1,000 that it may have: it ends in seconds, as a single one does."""
WITHIN: Final = timedelta(milliseconds=5)
JOINED: Final = {"Accept": "multipart/mixed", "Prefer": "odata.continue-on-error"}
"""Without this preference the first refusal ends a batch (Microsoft, "Execute batch operations
using the Web API")."""
JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


class JoinedWrites:
    """Those of one environment. Close it when done."""

    def __init__(self, transport: Transport, timeout: timedelta) -> None:
        self._transport, self._timeout = transport, timeout
        self._joined: Coalescer[Document, list[ODataAnswer]] = Coalescer(
            self._sent, window=WITHIN, most=MOST, patience=timedelta()
        )

    async def aclose(self) -> None:
        """End what is joined; waiting callers get `Later`."""
        await self._joined.aclose()

    async def send(
        self, operation: batch.Operation, call: ODataCall, not_after: datetime
    ) -> ODataAnswer:
        """The good answer to this one. Raises what its refusal means. Nothing of a batch is sent
        after the first of its deadlines (`Later`)."""
        parts = await self._joined.get(Document([operation], call, not_after))
        part = (parts or [])[0]
        if not 200 <= part.status < 300:
            await self._transport.refuse(part, call)
        return part

    async def _sent(self, documents: Sequence[Document]) -> Mapping[Document, list[ODataAnswer]]:
        (first, *more), unique = documents, self._transport.clock.unique()
        if not more:
            return {first: [await self._alone(first)]}
        soonest = min(one.not_after for one in documents if one.not_after is not None)
        kind, content = batch.write([one.operations for one in documents], unique)
        path, headers = f"{ROOT}/$batch", {"Content-Type": kind, **JOINED}
        request = Request("POST", path, first.call, self._timeout, content, headers, soonest)
        return parts_by_document(await self._transport.send(request), documents)

    async def _alone(self, document: Document) -> ODataAnswer:
        (one,), call, end = document.operations, document.call, document.not_after
        path, headers = one.url.removeprefix(self._transport.origin), {**JSON, **one.headers}
        request = Request(one.method, path, call, self._timeout, one.body, headers, end)
        return await self._transport.send(request)
