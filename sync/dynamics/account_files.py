"""Files of customer accounts in F&O (`CustomerAttachmentsV2`). No public set holds files of
quotations, so those of a quote are kept with its account, named by the quotation.

They are listed without their content, which is read one by one: large answers make the server slow
(Microsoft). F&O chooses the id of a new one; it is found again by its name.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sync.dynamics.documents.account_file import ACCOUNT, CONTENT, FILES, AccountFile, NewFile
from sync.dynamics.odata_client import ODataClient

ID: Final = "DocumentId"
FILE_FIELDS: Final = (ID, ACCOUNT, "Name", "FileName", "FileType", "Restriction")
WRITTEN: Final = ("TypeId", "Notes", CONTENT)


class AccountFiles:
    """The files of one environment. Raises as the client does."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def of(self, company: str, account: str) -> list[AccountFile]:
        """All files of an account, by name."""
        rows = await self._client.find_by(
            FILES, ACCOUNT, account, company=company, select=FILE_FIELDS
        )
        return sorted(map(_file, rows), key=lambda one: (one.name, one.id))

    async def content(self, company: str, file: AccountFile) -> str:
        """A file in base64; empty where it is gone."""
        key = {"dataAreaId": company, ID: UUID(file.id)}
        row = await self._client.get(FILES, key, (ID, CONTENT))
        return str((row or {}).get(CONTENT) or "")

    async def attach(self, file: NewFile, content: str, *, not_after: datetime) -> None:
        """Attach it, for staff alone. Not safe to repeat: look for its name first."""
        await self._client.create(FILES, file.body(content), not_after=not_after)


def _file(row: Mapping[str, Any]) -> AccountFile:
    stem, kind = (str(row.get(name) or "").strip() for name in ("FileName", "FileType"))
    kind = kind.lstrip(".")
    whole = stem if not kind or stem.lower().endswith(f".{kind.lower()}") else f"{stem}.{kind}"
    return AccountFile(
        str(row[ID]), str(row.get("Name") or "").strip(), whole,
        row.get("Restriction") == "External",
    )  # fmt: skip
