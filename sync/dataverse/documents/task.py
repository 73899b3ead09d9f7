"""A task of a seller (`task`), or a lead: what we make of it, and what it has become."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from sync.dataverse.documents.case import ACTIVE

COMPLETED: Final = {"statecode": 1, "statuscode": 5}
"""A completed task (Microsoft, product schema of `task`)."""
LONGEST_SUBJECT, LONGEST_TEXT = 200, 2000
ERASED: Final = "(erased)"
KEYS: Final = {"tasks": "activityid", "leads": "leadid"}


@dataclass(frozen=True)
class Task:
    """One as we make it, under an id of ours. `is_over`: its reason is gone; `is_erased`: nothing
    about its account may stay. A lead is a person's own to close."""

    table: Literal["tasks", "leads"]
    row_id: str
    body: dict[str, Any]
    is_over: bool = False
    is_erased: bool = False

    def ending(self, *, is_active: bool) -> dict[str, Any]:
        """The columns that are changed at its end; none where it is to stay as it is."""
        is_task, words = self.table == "tasks", dict[str, Any]()
        if self.is_erased:
            person = {"lastname": ERASED, "companyname": None, "emailaddress1": None}
            words = {"subject": ERASED, "description": None, **({} if is_task else person)}
        ends = is_task and is_active and (self.is_over or self.is_erased)
        return {**words, **(COMPLETED if ends else {})}


@dataclass(frozen=True)
class TaskState:
    """One as Dataverse has it."""

    row_id: str
    state: int

    @property
    def is_active(self) -> bool:
        """Whether nobody has closed it."""
        return self.state == ACTIVE
