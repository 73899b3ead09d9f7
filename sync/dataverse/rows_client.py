"""Rows of Dataverse over its Web API: read, created once, changed, and many together.

Rows travel as dicts under their logical names. Every call may raise `Later` (`Paused` when the
service asks for quiet: 429 by its service protection limits), `Never` with a remedy, and every
write also `Unknown` when it was sent and its answer never came. No call repeats a write.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sync.config.connections import Dataverse
from sync.core.encoding import to_json
from sync.dataverse.joined_writes import JoinedWrites
from sync.dataverse.web_api import ROOT, RowWrite, query, row_path, set_path
from sync.dynamics import batch
from sync.dynamics.answers import Document, Record, only_part, parts_by_document, record_in
from sync.dynamics.faults import error_from_nonsense
from sync.dynamics.refusals import NotFound, ODataAnswer, ODataCall
from sync.dynamics.transport import JSON, LIST_TIMEOUT, READ_TIMEOUT, Request, Transport

SYSTEM: Final = "Dataverse"
OWN_ADDRESS: Final = "Write the environment's own address as dataverse.url"
PAGE: Final = 500
LABELS: Final = 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"'
WHOLE: Final = "return=representation"


class RowsClient:
    """One environment. `transport` has its pace, its tokens and its table of refusals; it belongs
    to the caller."""

    def __init__(self, settings: Dataverse, transport: Transport) -> None:
        self._transport = transport
        self._write_timeout = timedelta(seconds=settings.write_timeout_seconds)
        self._joined = JoinedWrites(transport, self._write_timeout)

    async def aclose(self) -> None:
        """End what is joined; waiting callers get `Later`."""
        await self._joined.aclose()

    @property
    def counts(self) -> Counter[str]:
        """Requests sent, by `reads` and `writes` (a batch is one), and `tokens`."""
        return self._transport.counts

    async def get(self, table: str, row_id: str, select: Sequence[str]) -> Record | None:
        """The row with this id, with the labels of its choices; None when there is none."""
        call = ODataCall(f"read {table}", system=SYSTEM)
        path = f"{ROOT}{row_path(table, row_id)}?{query(select=select)}"
        try:
            return record_in(await self._transport.send(self._reading(path, call)), call)
        except NotFound:
            return None

    async def rows(
        self, table: str, *, select: Sequence[str], where: str = "", order_by: str = "",
        top: int | None = None, unseen: bool = False,
    ) -> AsyncIterator[Record]:  # fmt: skip
        """All rows that meet `where`, page after page. `unseen`: it names a person, so it goes in a
        batch's body and not in a URL, which servers and proxies write down. `top`: no more than
        these; pages are left out then, as Dataverse ignores one of the two."""
        call = ODataCall(f"list {table}", system=SYSTEM)
        options = query(select=select, where=where, order_by=order_by, top=top)
        path, asked = f"{ROOT}{set_path(table)}?{options}", set[str]()
        while path:
            if path in asked:
                raise error_from_nonsense(call, "its next page is one that was read already")
            asked.add(path)
            size = None if top else PAGE
            page = await (self._unseen(path, call) if unseen else self._page(path, call, size))
            rows = page.get("value")
            if not isinstance(rows, list):
                raise error_from_nonsense(call, "it holds no list of rows")
            for row in rows:
                yield row
            link = page.get("@odata.nextLink")
            path = self._transport.next_path(link, call, below="/", remedy=OWN_ADDRESS)

    async def create(
        self, write: RowWrite, select: Sequence[str], *, not_after: datetime
    ) -> Record:
        """Create a row under an id of ours; returns some of its columns. Raises `AlreadyExists`
        where it is there. What concurrent callers create is one batch (`joined_writes.py`)."""
        call = self._call(write)
        wanted = replace(write, path=f"{write.path}?{query(select=select)}")
        operation = self._operation(wanted, {"Prefer": f"{WHOLE},{LABELS}"})
        return record_in(await self._joined.send(operation, call, not_after), call)

    async def send(self, write: RowWrite, *, not_after: datetime) -> None:
        """Send a write that answers nothing, joined as `create` is. Not sent at all after
        `not_after` (`Later`)."""
        await self._joined.send(self._operation(write), self._call(write), not_after)

    async def send_together(self, writes: Sequence[RowWrite], *, not_after: datetime) -> None:
        """All writes or none: one atomic changeset. Raises what the first that failed raises."""
        if len(writes) == 1:
            await self.send(writes[0], not_after=not_after)
            return
        call = ODataCall(f"write {len(writes)} rows together", True, SYSTEM)
        await self._together([self._operation(one) for one in writes], call, not_after)

    async def create_with(
        self, write: RowWrite, others: Sequence[RowWrite], select: Sequence[str], *,
        not_after: datetime,
    ) -> Record:  # fmt: skip
        """Create a row under an id of ours with rows that name it, all or none: one atomic
        changeset; some of its columns. Raises `AlreadyExists` where it is there."""
        call = self._call(write)
        wanted = replace(write, path=f"{write.path}?{query(select=select)}")
        first = self._operation(wanted, {"Prefer": f"{WHOLE},{LABELS}"})
        parts = await self._together([first, *map(self._operation, others)], call, not_after)
        return record_in(parts[0], call)

    async def _together(
        self, operations: Sequence[batch.Operation], call: ODataCall, not_after: datetime
    ) -> Sequence[ODataAnswer]:
        answer = await self._batched([operations], call, not_after)
        document = Document(operations, call)
        parts = parts_by_document(answer, [document])[document]
        for part in parts:
            if not 200 <= part.status < 300:
                await self._transport.refuse(part, call)
        return parts

    async def active_keys(self, table: str) -> list[frozenset[str]]:
        """The columns of each alternate key of a table (by its logical name) that is in force."""
        name = row_name(table)
        select = "$select=KeyAttributes,EntityKeyIndexStatus"
        path = f"{ROOT}/EntityDefinitions(LogicalName='{name}')/Keys?{select}"
        page = await self._page(path, ODataCall(f"describe {name}", system=SYSTEM))
        return [
            frozenset(row.get("KeyAttributes") or ())
            for row in page.get("value") or ()
            if row.get("EntityKeyIndexStatus") == "Active"
        ]

    async def columns_of(self, table: str) -> frozenset[str]:
        """The logical names of a table's columns (`table` by its own logical name), as the
        environment describes it."""
        name = row_name(table)
        path = f"{ROOT}/EntityDefinitions(LogicalName='{name}')/Attributes?$select=LogicalName"
        page = await self._page(path, ODataCall(f"describe {name}", system=SYSTEM))
        return frozenset(str(row["LogicalName"]) for row in page.get("value") or ())

    async def _page(self, path: str, call: ODataCall, size: int | None = None) -> Record:
        return record_in(await self._transport.send(self._reading(path, call, size)), call)

    async def _unseen(self, path: str, call: ODataCall) -> Record:
        operation = batch.Operation("GET", self._transport.origin + path, None, {"Accept": JSON})
        part = only_part(await self._batched([operation], call, None), call)
        if not 200 <= part.status < 300:
            await self._transport.refuse(part, call)
        return record_in(part, call)

    async def _batched(
        self, parts: Sequence[Any], call: ODataCall, not_after: datetime | None
    ) -> ODataAnswer:
        kind, content = batch.write(parts, self._transport.clock.unique())
        headers = {"Content-Type": kind, "Accept": "multipart/mixed"}
        timeout = self._write_timeout if call.writes else LIST_TIMEOUT
        return await self._transport.send(
            Request("POST", f"{ROOT}/$batch", call, timeout, content, headers, not_after)
        )

    def _operation(
        self, write: RowWrite, more: Mapping[str, str] = MappingProxyType({})
    ) -> batch.Operation:
        url = f"{self._transport.origin}{ROOT}{write.path}"
        headers = {"Accept": JSON, **write.conditions, **more}
        return batch.Operation(write.method, url, _content(write), headers)

    def _reading(self, path: str, call: ODataCall, size: int | None = None) -> Request:
        pages = f"odata.maxpagesize={size}," if size else ""
        prefer = {"Prefer": f"{pages}{LABELS}"}
        return Request("GET", path, call, READ_TIMEOUT, headers=prefer)

    def _call(self, write: RowWrite) -> ODataCall:
        what = write.path.lstrip("/").partition("(")[0].partition("/")[0]
        verb = {"new": "create", "there": "change"}.get(write.only, "carry out")
        return ODataCall(f"{verb} {what}", True, SYSTEM)


def _content(write: RowWrite) -> bytes | None:
    return None if write.body is None else to_json(write.body)


def row_name(table: str) -> str:
    """The logical name of a table, as it stands in a path."""
    return set_path(table).removeprefix("/")
