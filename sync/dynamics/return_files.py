"""Files and notes of return orders in F&O (`ReturnOrderHeaderDocumentAttachments`).

F&O chooses the id of a new one; it is found again by its description, which is ours.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from typing_extensions import override

from sync.core.request import Request
from sync.dynamics.documents.account_file import SHOWN, NewFile
from sync.dynamics.odata_client import ODataClient

FILES: Final = "ReturnOrderHeaderDocumentAttachments"
ORDER, NAME, CONTENT = "ReturnOrderNumber", "AttachmentDescription", "Attachment"
FILE_FIELDS: Final = ("DocumentId", ORDER, NAME)


@dataclass(frozen=True)
class ReturnFile(NewFile):
    """A file to be attached to a return order, whose number is `account`; without a `file_name` a
    note alone. `content`: in base64."""

    content: str = ""

    @override
    def body(self, content: str) -> dict[str, Any]:
        stem, _, kind = self.file_name.rpartition(".")
        file = {"FileName": stem or self.file_name, "FileType": kind, CONTENT: content}
        return {
            "dataAreaId": self.company, ORDER: self.account, NAME: self.name,
            "DocumentAttachmentTypeCode": self.type_id, "AccessRestriction": "Internal",
            "Notes": self.note, **(file if self.file_name else {}),
        }  # fmt: skip

    @property
    @override
    def request(self) -> Request:
        return Request("POST", f"/data/{FILES}", self.body(SHOWN))


class ReturnFiles:
    """Those of one environment. Raises as the client does."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def names(self, company: str, number: str) -> set[str]:
        """The descriptions of all that is attached to a return order."""
        rows = await self._client.find_by(FILES, ORDER, number, company=company, select=FILE_FIELDS)
        return {str(row.get(NAME) or "").strip() for row in rows}

    async def attach(self, file: ReturnFile, *, not_after: datetime) -> None:
        """Attach it, for staff alone. Not safe to repeat: look for its name first."""
        await self._client.create(FILES, file.body(file.content), not_after=not_after)
