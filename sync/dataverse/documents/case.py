"""A case of Dataverse (`incident`): what we make of it, and what it has become."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ACTIVE, RESOLVED, CANCELLED = 0, 1, 2
"""`statecode` of a case."""
LONGEST_TITLE: Final = 200
LONGEST_NOTE: Final = 4000
"""Characters that we write; the columns hold as many or more."""


@dataclass(frozen=True)
class Customer:
    """Who a case is for: a row of `account` or of `contact`."""

    table: str
    row_id: str

    @property
    def binding(self) -> dict[str, str]:
        """As a case names it; nothing for nobody."""
        if not self.row_id:
            return {}
        name = "account" if self.table == "accounts" else "contact"
        return {f"customerid_{name}@odata.bind": f"/{self.table}({self.row_id})"}


@dataclass(frozen=True)
class Note:
    """A note on a case's timeline. `slug` tells it from the case's others: a second one of the same
    is never made. `asks`: a customer's words, for which a resolved case is opened again. `file`:
    its name, and its content in base64."""

    slug: str
    subject: str
    text: str
    asks: bool = False
    file: tuple[str, str] | None = None


@dataclass(frozen=True)
class Case:
    """A case as we make it. `row_id` is chosen by us; `columns` are those beside title and text.
    `is_over`: whether it is to be resolved, with the `closing` note as the trace of that."""

    row_id: str
    title: str
    description: str
    columns: Mapping[str, Any]
    customer: Customer
    notes: tuple[Note, ...] = ()
    is_over: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The columns of the row when it is made. People go on with it; none is written again."""
        texts = {"title": self.title[:LONGEST_TITLE], "description": self.description}
        return {**texts, **self.columns, **self.customer.binding}


@dataclass(frozen=True)
class CaseState:
    """A case as Dataverse has it. `status` is its `statuscode`, `label` what people read there."""

    row_id: str
    ticket: str
    state: int
    status: int
    label: str
    created: str
    modified: str

    @property
    def number(self) -> str:
        """What people call it."""
        return self.ticket or self.row_id

    @property
    def is_active(self) -> bool:
        """Whether it is neither resolved nor cancelled."""
        return self.state == ACTIVE

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "CaseState":
        """From a row with the columns of `COLUMNS`."""
        label = row.get(f"statuscode@{FORMATTED}")
        return cls(
            str(row["incidentid"]).lower(), str(row.get("ticketnumber") or ""),
            int(row["statecode"]), int(row["statuscode"]), str(label or row["statuscode"]),
            str(row.get("createdon") or ""), str(row.get("modifiedon") or ""),
        )  # fmt: skip


FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"
COLUMNS: Final = (
    "incidentid", "ticketnumber", "statecode", "statuscode", "createdon", "modifiedon",
)  # fmt: skip
