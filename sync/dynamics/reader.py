"""Reads of Dynamics 365 F&O over OData: records by key, lists by filter, look-ups, metadata."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sync.core.groups import in_groups
from sync.core.turns import let_others_go_on
from sync.dynamics import batch
from sync.dynamics.answers import Answered, Record, only_part, record_in
from sync.dynamics.faults import error_from_nonsense
from sync.dynamics.lookup import Lookup
from sync.dynamics.metadata import BrokenMetadata, MetadataReader, Shape
from sync.dynamics.odata import Filter, encoded_literal, query_string, record_path, set_path
from sync.dynamics.refusals import NotFound, ODataCall
from sync.dynamics.transport import JSON, LIST_TIMEOUT, READ_TIMEOUT, Request, Transport

METADATA_TIMEOUT: Final = timedelta(minutes=10)
AT_ONCE: Final = 200
"""Records of a page that are taken before others go on: one or two milliseconds."""
OWN_ADDRESS: Final = (
    "Write the environment's own address as url into connections.toml, the one its answers name"
)

Key = Mapping[str, Any]


class ODataReader:
    """One environment, read. `counts` holds the requests made so far (reads, writes) and the tokens
    taken. Errors as `ODataClient` has them; every read is safe to repeat."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lookups: dict[tuple[object, ...], Lookup] = {}

    @property
    def counts(self) -> Counter[str]:
        """Requests sent, by `reads` and `writes` (a batch is one), and `tokens`."""
        return self._transport.counts

    def now(self) -> datetime:
        """Aware UTC."""
        return self._transport.clock.now()

    async def aclose(self) -> None:
        """End what is joined; waiting callers get `Later`."""
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
        left = top
        async for rows in self._pages(path, call, unseen=unseen):
            for row in rows[:left]:
                yield Answered(row, call)
            left = None if left is None else left - len(rows)
            if left is not None and left <= 0:
                return

    async def pages(
        self,
        entity_set: str,
        *,
        where: Filter,
        select: Sequence[str],
        order_by: Sequence[str],
        number: str = "",
    ) -> AsyncIterator[list[Record]]:
        """As `query`, for very many records: some at a time, as plain records that may lack fields.
        Between them others get their turn. `number`: a whole number that each record has another
        of, and that they are ordered by: each page begins after the last one, so that a record
        that goes meanwhile makes no page begin too late."""
        call = ODataCall(f"list {entity_set}")

        def path_of(where: Filter) -> str:
            options = query_string(select=select, where=where, order_by=order_by)
            return f"/data/{set_path(entity_set)}?{options}"

        def after(row: Record) -> str:
            return path_of(where & Filter.gt(number, int(row[number])))

        after_last = after if number else None
        async for rows in self._pages(path_of(where), call, unseen=False, after=after_last):
            for some in in_groups(rows, AT_ONCE):
                yield some
                await let_others_go_on()

    async def _pages(
        self,
        path: str,
        call: ODataCall,
        *,
        unseen: bool,
        after: Callable[[Record], str] | None = None,
    ) -> AsyncIterator[list[Record]]:
        asked: set[str] = set()
        while path:
            if path in asked:
                raise error_from_nonsense(call, "its next page is one that was read already")
            asked.add(path)
            read = self._read_unseen(path, call) if unseen else self._read(path, call, LIST_TIMEOUT)
            page = await read
            rows = page.get("value")
            if not isinstance(rows, list):
                raise error_from_nonsense(call, "it holds no list of records")
            yield rows
            link = page.get("@odata.nextLink")
            path = self._transport.next_path(link, call, below="/data/", remedy=OWN_ADDRESS)
            path = after(rows[-1]) if path and after and rows else path

    async def find_by(
        self,
        entity_set: str,
        field: str,
        *values: str,
        company: str | None = None,
        select: Sequence[str] = (),
        lately: bool = False,
    ) -> list[Record]:
        """All records whose `field` equals one of `values`, ignoring case. Concurrent calls are
        joined into one request. `lately`: that there is none may have been seen a moment ago.

        `company` None looks in all. Raises `Never` for a value with `*` or a backslash, which F&O
        takes for a pattern.
        """
        lookup = self.lookup(entity_set, field, company=company, select=select)
        return await (lookup.find_lately(values) if lately else lookup.find(values))

    def lookup(
        self, entity_set: str, field: str, *, company: str | None = None, select: Sequence[str] = ()
    ) -> Lookup:
        """What joins the look-ups of this kind; the same one for everybody who asks."""
        shape = (entity_set, field, company, tuple(select))
        if shape not in self._lookups:
            fields = tuple(dict.fromkeys([*select, field])) if select else ()
            run = partial(self._filtered, entity_set, fields)
            self._lookups[shape] = Lookup(field, company, run)
        return self._lookups[shape]

    def _filtered(
        self, entity_set: str, select: Sequence[str], where: Filter
    ) -> AsyncIterator[Record]:
        return self.query(entity_set, where=where, select=select)

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
        request = Request("GET", "/data/$metadata", call, METADATA_TIMEOUT, sink=reader.feed)
        try:
            await self._transport.send(replace(request, headers={"Accept": "application/xml"}))
            shapes = reader.shapes()
        except BrokenMetadata as error:
            raise error_from_nonsense(call, str(error)) from None
        return {name: shapes[name] for name in entity_sets if name in shapes}

    async def _read(self, path: str, call: ODataCall, timeout: timedelta) -> Record:
        return record_in(await self._transport.send(Request("GET", path, call, timeout)), call)

    async def _read_unseen(self, path: str, call: ODataCall) -> Record:
        operation = batch.Operation("GET", self._transport.origin + path, None, {"Accept": JSON})
        kind, content = batch.write([operation], self._transport.clock.unique())
        headers = {"Content-Type": kind, "Accept": "multipart/mixed"}
        path = f"/data/$batch?{query_string()}"
        request = Request("POST", path, call, LIST_TIMEOUT, content=content, headers=headers)
        part = only_part(await self._transport.send(request), call)
        if not 200 <= part.status < 300:
            await self._transport.refuse(part, call)
        return record_in(part, call)
