"""Records of Dynamics 365 F&O over OData: create, update, delete, and one document per atomic
changeset; reads are in `reader`.

Records travel as dicts under F&O's own field names; numbers are `Decimal` and `int`, never float.
Every call may raise `Later` (`Paused` when F&O asks everybody for quiet), `Never` with a remedy,
and every write also `Unknown` when it was sent and its answer never came. No call repeats a write:
callers announce what they write and look before they repeat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

import httpx

from sync.core.encoding import to_json
from sync.core.ports import Clock
from sync.dynamics import batch
from sync.dynamics.answers import Answered, Document, Record, parts_by_document, record_in
from sync.dynamics.auth import Tokens
from sync.dynamics.documents.lengths import fitted
from sync.dynamics.odata import query_string, record_path, set_path
from sync.dynamics.reader import Key, ODataReader
from sync.dynamics.refusals import NotFound, ODataAnswer, ODataCall
from sync.dynamics.transport import JSON, Request, Transport
from sync.pacing.coalescer import Coalescer
from sync.pacing.pace import Pace

WRITE_TIMEOUT: Final = timedelta(seconds=60)
WHOLE: Final = "return=representation"
"""What a batch is to answer of a new record: F&O may leave it out otherwise (practitioners)."""
JOINED_WITHIN: Final = timedelta(milliseconds=5)
"""How long a document waits for others where several share a batch; with one per batch nothing
waits."""


@dataclass(frozen=True)
class Write:
    """One write of a changeset. POST takes a body, PATCH the key and what changes, DELETE the
    key."""

    method: Literal["POST", "PATCH", "DELETE"]
    entity_set: str
    key: Key | None = None
    body: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """The encoded path with its query."""
        where = (
            set_path(self.entity_set)
            if self.key is None
            else record_path(self.entity_set, self.key)
        )
        return f"/data/{where}?{query_string()}"


class ODataClient(ODataReader):
    """One environment, read and written. `pace` is shared by all clients of the environment.

    `lengths`: characters of fields where this environment has others than the standard. `http` and
    `tokens` belong to the caller, who closes them.
    """

    def __init__(
        self,
        base_url: str,
        *,
        http: httpx.AsyncClient,
        tokens: Tokens,
        pace: Pace,
        clock: Clock,
        write_timeout: timedelta = WRITE_TIMEOUT,
        documents_per_batch: int = 1,
        lengths: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        super().__init__(Transport(base_url, http=http, tokens=tokens, pace=pace, clock=clock))
        self._write_timeout = write_timeout
        self._lengths = lengths
        self._documents: Coalescer[Document, list[ODataAnswer]] = Coalescer(
            self._send_documents,
            window=JOINED_WITHIN,
            most=documents_per_batch,
            patience=timedelta(),
        )

    async def aclose(self) -> None:
        """End what is joined; waiting callers get `Later`."""
        await self._documents.aclose()
        await super().aclose()

    async def create(
        self, entity_set: str, body: Mapping[str, Any], *, not_after: datetime | None = None
    ) -> Record:
        """Create a record; returns it whole, with the numbers F&O assigned. Raises `AlreadyExists`.

        Not sent at all (`Later`, no try used up) when its turn comes after `not_after`; so for
        every write.
        """
        call = ODataCall(f"create {entity_set}", writes=True)
        answer = await self._write(Write("POST", entity_set, None, body), call, not_after)
        return record_in(answer, call)

    async def update(
        self,
        entity_set: str,
        key: Key,
        changes: Mapping[str, Any],
        *,
        not_after: datetime | None = None,
    ) -> None:
        """Change some fields of a record. Raises `NotFound`; never creates one. Safe to repeat."""
        if not changes:
            return
        call = ODataCall(f"change {entity_set}", writes=True)
        await self._write(Write("PATCH", entity_set, key, changes), call, not_after)

    async def delete(self, entity_set: str, key: Key, *, not_after: datetime | None = None) -> None:
        """Remove a record; gone already is fine. Safe to repeat."""
        try:
            await self._write(
                Write("DELETE", entity_set, key),
                ODataCall(f"delete {entity_set}", writes=True),
                not_after,
            )
        except NotFound:
            return

    async def changeset(
        self, writes: Sequence[Write], *, not_after: datetime | None = None
    ) -> list[Record]:
        """All writes or none; returns what each answered, {} for one that answered nothing.

        One request, or part of one where `documents_per_batch` joins what concurrent callers write.
        Raises what the single calls raise, about the first write that failed; F&O does not reliably
        say which that is.
        """
        sets = ", ".join(dict.fromkeys(write.entity_set for write in writes))
        call = ODataCall(f"write {len(writes)} records together ({sets})", writes=True)
        operations = [self._operation(write) for write in writes]
        if not operations:
            return []
        parts = await self._documents.get(Document(operations, call, not_after)) or []
        for part in parts:
            if not 200 <= part.status < 300:
                await self._transport.refuse(part, call)
        return [record_in(part, call) if part.body else Answered({}, call) for part in parts]

    async def _send_documents(
        self, documents: Sequence[Document]
    ) -> Mapping[Document, list[ODataAnswer]]:
        """One $batch, one changeset per document."""
        call = documents[0].call
        not_after = min((d.not_after for d in documents if d.not_after is not None), default=None)
        kind, content = batch.write(
            [d.operations for d in documents], self._transport.clock.unique()
        )
        request = self._writing("POST", f"/data/$batch?{query_string()}", call, not_after)
        headers = {"Content-Type": kind, "Accept": "multipart/mixed"}
        answer = await self._transport.send(replace(request, content=content, headers=headers))
        return parts_by_document(answer, documents)

    def fitted(self, entity_set: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A record as it is sent: every write goes through here. Raises `Never` for a number that
        F&O cannot hold."""
        return fitted(entity_set, body, self._lengths)

    async def _write(
        self, write: Write, call: ODataCall, not_after: datetime | None
    ) -> ODataAnswer:
        request = self._writing(write.method, write.path, call, not_after)
        if write.body is not None:
            headers = {"Content-Type": "application/json; charset=utf-8"}
            request = replace(
                request, content=to_json(self.fitted(write.entity_set, write.body)), headers=headers
            )
        return await self._transport.send(request)

    def _writing(
        self, method: str, path: str, call: ODataCall, not_after: datetime | None
    ) -> Request:
        return Request(method, path, call, self._write_timeout, not_after=not_after)

    def _operation(self, write: Write) -> batch.Operation:
        body = None if write.body is None else to_json(self.fitted(write.entity_set, write.body))
        wanted = {"Prefer": WHOLE} if write.method == "POST" else {}
        url = self._transport.origin + write.path
        return batch.Operation(write.method, url, body, {"Accept": JSON, **wanted})
