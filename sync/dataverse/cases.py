"""Cases of Dataverse: made once under an id of ours, noted on, resolved and opened again.

A case is resolved by the action `CloseIncident`, never by its `statecode`; it is opened again by a
change of that. Notes are rows of `annotation`, whose ids are chosen by us as well. Source:
Microsoft, "CloseIncident Action"; product schema of Customer Service.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from mimetypes import guess_type
from typing import Final

from sync.core.errors import AlreadyExists, Later
from sync.dataverse.documents.case import ACTIVE, COLUMNS, LONGEST_NOTE, Case, CaseState, Note
from sync.dataverse.rows_client import RowsClient
from sync.dataverse.web_api import RowWrite, action, changed, created, eq, id_of, since

TABLE, NOTES = "incidents", "annotations"
OPENED: Final = 1
"""`statuscode` of a case that is opened again: in progress."""
SOON: Final = timedelta(seconds=5)
LINK: Final = "_objectid_value"


def case_made(case: Case) -> RowWrite:
    """The row of a case."""
    return created(TABLE, case.row_id, case.body)


def note_made(case_id: str, note: Note) -> RowWrite:
    """A note on the timeline of a case."""
    body = {
        "subject": note.subject, "notetext": note.text[:LONGEST_NOTE],
        "isdocument": note.file is not None,
        "objectid_incident@odata.bind": f"/{TABLE}({case_id})",
    }  # fmt: skip
    if note.file is not None:
        name, content = note.file
        kind = guess_type(name)[0] or "application/octet-stream"
        body |= {"filename": name, "mimetype": kind, "documentbody": content}
    return created(NOTES, note_id(case_id, note), body)


def note_id(case_id: str, note: Note) -> str:
    """The id that a note has."""
    return id_of("note", case_id, note.slug)


def resolved(case_id: str, subject: str, status: int) -> RowWrite:
    """What resolves an active case."""
    resolution = {
        "@odata.type": "Microsoft.Dynamics.CRM.incidentresolution", "subject": subject,
        "incidentid@odata.bind": f"/{TABLE}({case_id})",
    }  # fmt: skip
    return action("CloseIncident", {"IncidentResolution": resolution, "Status": status})


def opened(case_id: str) -> RowWrite:
    """What opens a resolved or cancelled case again."""
    return changed(TABLE, case_id, {"statecode": ACTIVE, "statuscode": OPENED})


class Cases:
    """The cases of one environment. Raises as the client does."""

    def __init__(self, client: RowsClient) -> None:
        self._client = client

    async def get(self, case_id: str) -> CaseState | None:
        """The case; None when it is not there (any more)."""
        row = await self._client.get(TABLE, case_id, COLUMNS)
        return None if row is None else CaseState.of(row)

    async def note_ids(self, case_id: str) -> frozenset[str]:
        """The ids of its notes, anybody's."""
        rows = self._client.rows(NOTES, select=("annotationid",), where=eq(LINK, case_id))
        return frozenset([str(row["annotationid"]).lower() async for row in rows])

    async def modified_since(self, moment: datetime) -> AsyncIterator[CaseState]:
        """Cases that anybody has changed since, oldest change first."""
        rows = self._client.rows(
            TABLE, select=COLUMNS, where=since("modifiedon", moment),
            order_by="modifiedon asc,incidentid asc",
        )  # fmt: skip
        async for row in rows:
            yield CaseState.of(row)

    async def create(self, case: Case, *, not_after: datetime) -> CaseState:
        """Make it. Raises `AlreadyExists` where it is there."""
        row = await self._client.create(case_made(case), COLUMNS, not_after=not_after)
        return CaseState.of(row)

    async def change(self, writes: Sequence[RowWrite], *, not_after: datetime) -> None:
        """Send some of the writes above, in this order; notes go together, at the end. Raises
        `Later` where one of them was made meanwhile: what is there has to be read again."""
        notes = [one for one in writes if one.only == "new"]
        for one in writes:
            if one.only != "new":
                await self._client.send(one, not_after=not_after)
        if not notes:
            return
        try:
            await self._client.send_together(notes, not_after=not_after)
        except AlreadyExists as there:
            raise Later(f"a note was made meanwhile: {there.reason}", after=SOON) from None
