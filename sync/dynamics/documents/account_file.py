"""A file of a customer account in F&O, as it is there and as it is attached. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from sync.core.request import Request

FILES: Final = "CustomerAttachmentsV2"
ACCOUNT, CONTENT = "CustomerAccountNumber", "FileContents"
SHOWN: Final = "(read when it is sent)"
"""Stands for a file's content where a request is only shown."""


@dataclass(frozen=True)
class AccountFile:
    """A file of an account, without its content. `is_external`: others than staff may see it."""

    id: str
    name: str
    file_name: str
    is_external: bool


@dataclass(frozen=True)
class NewFile:
    """A file to be attached. `name`: ours, by which it is found again."""

    company: str
    account: str
    name: str
    file_name: str
    type_id: str
    note: str

    def body(self, content: str) -> dict[str, Any]:
        """As it is posted, with its content in base64."""
        stem, _, kind = self.file_name.rpartition(".")
        return {
            "dataAreaId": self.company, ACCOUNT: self.account, "Name": self.name,
            "FileName": stem or self.file_name, "FileType": kind, "TypeId": self.type_id,
            "Restriction": "Internal", "Notes": self.note, CONTENT: content,
        }  # fmt: skip

    @property
    def request(self) -> Request:
        """What would be sent."""
        return Request("POST", f"/data/{FILES}", self.body(SHOWN))
