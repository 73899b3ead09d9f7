"""A task or a lead as a write: made once, completed when its reason is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.encoding import digest
from sync.core.request import Request
from sync.dataverse.client import DataverseClient
from sync.dataverse.documents.task import Task, TaskState
from sync.dataverse.tasks import task_ended, task_made
from sync.engine.write import Amendment, Found, Target, Write


@dataclass(frozen=True)
class TaskWrite(Write):
    """Its id is ours, so the environment itself refuses a second one. People go on with it there:
    one that they have completed, cancelled or deleted is left alone; only erasing reaches it."""

    kind: ClassVar[str] = "task"
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    task: Task
    dataverse: DataverseClient
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.task.row_id

    @property
    @override
    def digest(self) -> str:
        return digest([self.task.row_id, self.task.is_over, self.task.is_erased])

    @property
    @override
    def document(self) -> Any:
        return {**self.placed, "over": self.task.is_over, "erased": self.task.is_erased}

    @property
    @override
    def placed(self) -> Any:
        return {"row": self.task.body, "over": False, "erased": False}

    @property
    @override
    def placed_digest(self) -> str:
        return digest([self.task.row_id, False, False])

    @override
    def requests(self) -> Sequence[Request]:
        return task_ended(self.task, is_active=True) or [task_made(self.task)]

    @override
    async def find(self) -> Found | None:
        held = await self.dataverse.tasks.get(self.task)
        return None if held is None else _found(held)

    @override
    async def create(self, not_after: datetime) -> Found:
        return _found(await self.dataverse.tasks.create(self.task, not_after=not_after))

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        held = await self.dataverse.tasks.get(self.task)
        writes = [] if held is None else task_ended(self.task, is_active=held.is_active)
        if not writes:
            return Amendment(self.document)

        async def apply(not_after: datetime) -> None:
            await self.dataverse.tasks.end(writes, not_after=not_after)

        return Amendment(self.document, apply)


def _found(held: TaskState) -> Found:
    return Found(held.row_id)
