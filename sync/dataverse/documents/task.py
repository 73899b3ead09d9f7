"""A task of a seller (`task`), or a lead: what we make of it, and what it has become."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from sync.dataverse.documents.case import ACTIVE

COMPLETED: Final = {"statecode": 1, "statuscode": 5}
"""A completed task (Microsoft, product schema of `task`)."""
LONGEST_SUBJECT, LONGEST_TEXT = 200, 2000
ERASED: Final = "(erased)"
Table = Literal["tasks", "leads", "incidents"]
KEYS: Final[dict[Table, str]] = {
    "tasks": "activityid", "leads": "leadid", "incidents": "incidentid",
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One as we make it, under an id of ours: a task, a lead, or a case that alerts the service.
    `is_over`: its reason is gone; `is_erased`: nothing about its account may stay. A lead is a
    person's own to close."""

    table: Table
    row_id: str
    body: dict[str, Any]
    is_over: bool = False
    is_erased: bool = False

    @property
    def cleared(self) -> dict[str, Any]:
        """The columns without words; none where they may stay."""
        if not self.is_erased:
            return {}
        words = {"title" if self.table == "incidents" else "subject": ERASED, "description": None}
        person = {"lastname": ERASED, "companyname": None, "emailaddress1": None}
        return words | (person if self.table == "leads" else {})

    @property
    def ends(self) -> bool:
        """Whether it is to be closed, where nobody has done that."""
        return self.table != "leads" and (self.is_over or self.is_erased)


@dataclass(frozen=True)
class TaskState:
    """One as Dataverse has it."""

    row_id: str
    state: int

    @property
    def is_active(self) -> bool:
        """Whether nobody has closed it."""
        return self.state == ACTIVE
