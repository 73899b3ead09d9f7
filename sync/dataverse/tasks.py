"""Tasks and leads of Dataverse: made once under an id of ours, completed when their reason is gone;
and the sellers who get them.

A task is completed by its `statecode`; `activitypointer` cannot be created (Microsoft, "Task
table/entity reference").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.dataverse.cases import resolved
from sync.dataverse.customers import SOME
from sync.dataverse.documents.task import COMPLETED, KEYS, Task, TaskState
from sync.dataverse.rows_client import RowsClient
from sync.dataverse.web_api import RowWrite, changed, created, eq

USERS = "systemusers"
OVER, SOLVED = "The reason is gone", 5
"""Why a case is resolved, and its `statuscode` then: "Problem Solved" in the standard."""


@dataclass(frozen=True)
class Seller:
    """A user of the environment."""

    row_id: str
    is_disabled: bool


def task_made(task: Task) -> RowWrite:
    """The row of a task or a lead."""
    return created(task.table, task.row_id, task.body)


def task_ended(task: Task, *, is_active: bool) -> list[RowWrite]:
    """What ends it, or takes its words away; nothing where it is to stay as it is."""
    ends, columns = task.ends and is_active, dict(task.cleared)
    if ends and task.table == "tasks":
        columns |= COMPLETED
    writes = [changed(task.table, task.row_id, columns)] if columns else []
    if ends and task.table == "incidents":
        writes.append(resolved(task.row_id, OVER, SOLVED))
    return writes


class Tasks:
    """The tasks, leads and sellers of one environment. Raises as the client does."""

    def __init__(self, client: RowsClient) -> None:
        self._client = client

    async def get(self, task: Task) -> TaskState | None:
        """As it is now; None when it is not there (any more)."""
        columns = (KEYS[task.table], "statecode")
        row = await self._client.get(task.table, task.row_id, columns)
        return None if row is None else _state(task, row)

    async def create(self, task: Task, *, not_after: datetime) -> TaskState:
        """Make it. Raises `AlreadyExists` where it is there."""
        columns = (KEYS[task.table], "statecode")
        return _state(
            task, await self._client.create(task_made(task), columns, not_after=not_after)
        )

    async def end(self, writes: Sequence[RowWrite], *, not_after: datetime) -> None:
        """Send what `task_ended` gave for the row as it is, in this order."""
        for one in writes:
            await self._client.send(one, not_after=not_after)

    async def sellers(self, email: str) -> list[Seller]:
        """The users with this e-mail address; three at most."""
        where, columns = eq("internalemailaddress", email), ("systemuserid", "isdisabled")
        rows = self._client.rows(USERS, select=columns, where=where, top=SOME, unseen=True)
        return [Seller(str(row["systemuserid"]), bool(row.get("isdisabled"))) async for row in rows]


def _state(task: Task, row: Mapping[str, Any]) -> TaskState:
    return TaskState(str(row[KEYS[task.table]]).lower(), int(row["statecode"]))
