"""Dynamics 365 F&O over OData: read, query, create, update, delete, and one document per atomic
changeset.

Records travel as dicts under F&O's own field names; numbers are `Decimal` and `int`, never float.
Every call may raise `Later` (`Paused` when F&O asks everybody for quiet), `Never` with a remedy,
and every write also `Unknown` when it was sent and its answer never came. No call repeats a write:
callers announce what they write and look before they repeat.
"""

import copy
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal

import httpx

from sync.core.encoding import to_json
from sync.core.errors import Never
from sync.core.ports import Clock
from sync.dynamics import batch
from sync.dynamics.answers import Document, Record, only_part, parts_by_document, record_in
from sync.dynamics.auth import Tokens
from sync.dynamics.documents.lengths import fitted
from sync.dynamics.faults import NotFound, ODataAnswer, ODataCall, error_from_nonsense
from sync.dynamics.lookup import Lookup
from sync.dynamics.metadata import BrokenMetadata, MetadataReader, Shape
from sync.dynamics.odata import Filter, encoded_literal, query_string, record_path, set_path
from sync.dynamics.transport import JSON, LIST_TIMEOUT, READ_TIMEOUT, Request, Transport
from sync.pacing.coalescer import Coalescer
from sync.pacing.limiter import Limiter
from sync.pacing.priority import Priority

WRITE_TIMEOUT: Final = timedelta(seconds=60)
METADATA_TIMEOUT: Final = timedelta(minutes=10)
JOINED_WITHIN: Final = timedelta(milliseconds=5)
"""How long a document waits for others where several share a batch; with one per batch nothing
waits."""

Key = Mapping[str, Any]


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


class DynamicsClient:
    """One environment. `counts` holds the requests made so far (reads, writes) and the tokens
    taken.

    `limiter` is shared by all clients of the environment; `on_pause` is told the length of a pause
    F&O asks for, before `Paused` is raised. `lengths`: characters of fields where this environment
    has others than the standard. `http` and `tokens` belong to the caller, who closes them.
    """

    def __init__(
        self,
        base_url: str,
        *,
        http: httpx.AsyncClient,
        tokens: Tokens,
        limiter: Limiter,
        clock: Clock,
        on_pause: Callable[[timedelta], Awaitable[None]],
        write_timeout: timedelta = WRITE_TIMEOUT,
        documents_per_batch: int = 1,
        lengths: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._transport = Transport(
            base_url, http=http, tokens=tokens, limiter=limiter, clock=clock, on_pause=on_pause
        )
        self._write_timeout = write_timeout
        self._lengths = lengths
        self._priority = Priority.DOCUMENTS
        self._lookups: dict[tuple[object, ...], Lookup] = {}
        self._documents: Coalescer[Document, list[ODataAnswer]] = Coalescer(
            self._send_documents,
            window=JOINED_WITHIN,
            most=documents_per_batch,
            patience=timedelta(),
        )

    @property
    def counts(self) -> Counter[str]:
        """Requests sent, by `reads` and `writes` (a batch is one), and `tokens`."""
        return self._transport.counts

    def with_priority(self, priority: Priority) -> "DynamicsClient":
        """The same client for less (or more) urgent work."""
        other = copy.copy(self)
        other._priority = priority  # noqa: SLF001 - a copy of our own
        return other

    async def aclose(self) -> None:
        """End what is joined; waiting callers get `Later`."""
        await self._documents.aclose()
        for lookup in self._lookups.values():
            await lookup.aclose()

    async def get(self, entity_set: str, key: Key, select: Sequence[str] = ()) -> Record | None:
        """The record with this key, in whatever company the key names; None when there is none."""
        path = f"/data/{record_path(entity_set, key)}?{query_string(select=select)}"
        try:
            return await self._read(path, ODataCall(f"read {entity_set}"), READ_TIMEOUT)
        except NotFound:
            return None

    async def query(
        self,
        entity_set: str,
        *,
        where: Filter | None = None,
        select: Sequence[str] = (),
        order_by: Sequence[str] = (),
        top: int | None = None,
        unseen: bool = False,
    ) -> AsyncIterator[Record]:
        """All records that meet `where`, page after page, at most `top`. Order by the full key to
        make pages stable.

        `unseen`: the filter names a person (an e-mail address), so it goes in a batch's body and
        not in a URL, which servers and proxies write down.
        """
        call = ODataCall(f"list {entity_set}")
        options = query_string(select=select, where=where, order_by=order_by, top=top)
        path = f"/data/{set_path(entity_set)}?{options}"
        asked: set[str] = set()
        left = top
        while path:
            asked.add(path)
            page = await (
                self._read_unseen(path, call) if unseen else self._read(path, call, LIST_TIMEOUT)
            )
            rows = page.get("value")
            if not isinstance(rows, list):
                raise error_from_nonsense(call, "it holds no list of records")
            for row in rows[:left]:
                yield row
            left = None if left is None else left - len(rows)
            path = (
                ""
                if left is not None and left <= 0
                else self._next_path(page.get("@odata.nextLink"), call)
            )
            if path in asked:
                raise error_from_nonsense(call, "its next page is one that was read already")

    def _next_path(self, link: Any, call: ODataCall) -> str:
        """Where the next page lies. Only the path is taken, so the token stays with this host, over
        this scheme."""
        if not link:
            return ""
        origin = httpx.URL(self._transport.origin)
        try:
            url = origin.join(str(link))
        except httpx.InvalidURL:
            raise error_from_nonsense(call, "its next page has no address") from None
        if (url.host, url.port) != (origin.host, origin.port) or not url.path.startswith("/data/"):
            raise Never(
                f"{call.what}: the next page lies on {url.host}, not on {origin.host}",
                remedy=(
                    "Write the environment's own address as url into connections.toml, the one its"
                    " answers name"
                ),
            )
        return url.raw_path.decode("ascii")

    async def find_by(
        self,
        entity_set: str,
        field: str,
        *values: str,
        company: str | None = None,
        select: Sequence[str] = (),
    ) -> list[Record]:
        """All records whose `field` equals one of `values`, ignoring case. Concurrent calls are
        joined into one request.

        `company` None looks in all. Raises `Never` for a value with `*` or a backslash, which F&O
        takes for a pattern.
        """
        shape = (entity_set, field, company, tuple(select), self._priority)
        if shape not in self._lookups:
            fields = tuple(dict.fromkeys([*select, field])) if select else ()
            self._lookups[shape] = Lookup(
                field, company, partial(self._filtered, entity_set, fields)
            )
        return await self._lookups[shape].find(values)

    def _filtered(
        self, entity_set: str, select: Sequence[str], where: Filter
    ) -> AsyncIterator[Record]:
        return self.query(entity_set, where=where, select=select)

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
        """All writes or none; returns what each answered, {} for a change or a deletion.

        One request, or part of one where `documents_per_batch` joins what concurrent callers write.
        Raises what the single calls raise, about the first write that failed; F&O does not reliably
        say which that is.
        """
        sets = ", ".join(dict.fromkeys(write.entity_set for write in writes))
        call = ODataCall(f"write {len(writes)} records together ({sets})", writes=True)
        operations = [self._operation(write) for write in writes]
        if not operations:
            return []
        document = Document(operations, call, not_after)
        parts = await self._documents.get(document) or []
        for part in parts:
            if not 200 <= part.status < 300:
                await self._transport.refuse(part, call)
        return [
            record_in(part, call) if write.method == "POST" else {}
            for part, write in zip(parts, writes, strict=True)
        ]

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

    async def public_entity(self, name: str) -> Record | None:
        """What F&O says of an entity, by its type's name (`SalesOrderHeaderV4`): per property
        whether it is mandatory, editable, and when. None when the environment does not have it."""
        path = f"/metadata/PublicEntities({encoded_literal(name)})"
        try:
            return await self._read(path, ODataCall(f"read the metadata of {name}"), READ_TIMEOUT)
        except NotFound:
            return None

    async def metadata_fields(self, *entity_sets: str) -> dict[str, Shape]:
        """Key, fields and types of these entity sets in this environment; one that is missing there
        is left out."""
        call = ODataCall("read $metadata")
        reader = MetadataReader()
        request = Request(
            "GET", "/data/$metadata", call, METADATA_TIMEOUT, self._priority, sink=reader.feed
        )
        try:
            await self._transport.send(replace(request, headers={"Accept": "application/xml"}))
            shapes = reader.shapes()
        except BrokenMetadata as error:
            raise error_from_nonsense(call, str(error)) from None
        return {name: shapes[name] for name in entity_sets if name in shapes}

    async def _read(self, path: str, call: ODataCall, timeout: timedelta) -> Record:
        return record_in(
            await self._transport.send(Request("GET", path, call, timeout, self._priority)), call
        )

    async def _read_unseen(self, path: str, call: ODataCall) -> Record:
        operation = batch.Operation("GET", self._transport.origin + path, None, {"Accept": JSON})
        kind, content = batch.write([operation], self._transport.clock.unique())
        request = Request(
            "POST",
            f"/data/$batch?{query_string()}",
            call,
            LIST_TIMEOUT,
            self._priority,
            content=content,
        )
        headers = {"Content-Type": kind, "Accept": "multipart/mixed"}
        part = only_part(await self._transport.send(replace(request, headers=headers)), call)
        if not 200 <= part.status < 300:
            await self._transport.refuse(part, call)
        return record_in(part, call)

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
        return Request(method, path, call, self._write_timeout, self._priority, not_after=not_after)

    def _operation(self, write: Write) -> batch.Operation:
        body = None if write.body is None else to_json(self.fitted(write.entity_set, write.body))
        return batch.Operation(
            write.method, self._transport.origin + write.path, body, {"Accept": JSON}
        )
