"""A case as a write: made once, then noted on, resolved, and opened again for a new complaint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.encoding import digest
from sync.core.request import Request
from sync.dataverse.cases import case_made, note_id, note_made, opened, resolved
from sync.dataverse.client import DataverseClient
from sync.dataverse.documents.case import Case, CaseState
from sync.dataverse.web_api import RowWrite
from sync.engine.write import Amendment, Conflict, Found, Target, Write

ID = "case"
"""Key of a case in the claim: its id."""


@dataclass(frozen=True)
class CaseWrite(Write):
    """A case. Its id is ours, so the environment itself refuses a second one. People go on with it
    there: after it was made, only notes that it lacks and its state are written. `key`: of the
    record; `status`: the `statuscode` of one that we resolve."""

    kind: ClassVar[str] = "case"
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    key: str
    case: Case
    status: int
    dataverse: DataverseClient
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.case.row_id

    @property
    @override
    def digest(self) -> str:
        return digest([self.case.row_id, [one.slug for one in self.case.notes], self.case.is_over])

    @property
    @override
    def document(self) -> Any:
        notes = [[one.slug, one.subject, one.text] for one in self.case.notes]
        return {**self.placed, "notes": notes, "over": self.case.is_over}

    @property
    @override
    def placed(self) -> Any:
        return {"case": self.case.body, "notes": [], "over": False}

    @property
    @override
    def placed_digest(self) -> str:
        return digest([self.case.row_id, [], False])

    @override
    def requests(self) -> Sequence[Request]:
        return [case_made(self.case), *self._lacking(frozenset(), is_active=True)]

    @override
    async def find(self) -> Found | None:
        held = await self.dataverse.cases.get(self.case.row_id)
        return None if held is None else _found(held)

    @override
    async def create(self, not_after: datetime) -> Found:
        return _found(await self.dataverse.cases.create(self.case, not_after=not_after))

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        cases = self.dataverse.cases
        held = await cases.get(self.case.row_id)
        if held is None:
            raise Conflict(
                f"case {number} is not there any more in Dataverse",
                remedy=(
                    f'If it was deleted on purpose, run: skip cases "{self.key}" --why "...". To'
                    f' have it made again, run: forget cases "{self.key}" --why "...", then replay.'
                ),
            )
        there = await cases.note_ids(self.case.row_id)
        writes = self._lacking(there, is_active=held.is_active)
        if not writes:
            return Amendment(self.document)

        async def apply(not_after: datetime) -> None:
            await cases.change(writes, not_after=not_after)

        return Amendment(self.document, apply)

    def _lacking(self, there: frozenset[str], *, is_active: bool) -> list[RowWrite]:
        """What the case lacks, its state first. The note that closes it is the trace of that: a
        case that people opened again afterwards stays open."""
        row_id = self.case.row_id
        notes = [one for one in self.case.notes if note_id(row_id, one) not in there]
        state = list[RowWrite]()
        if not is_active and any(one.asks for one in notes):
            state.append(opened(row_id))
        if is_active and self.case.is_over and notes and notes[-1] is self.case.notes[-1]:
            state.append(resolved(row_id, notes[-1].subject, self.status))
        return [*state, *(note_made(row_id, one) for one in notes)]


def _found(held: CaseState) -> Found:
    return Found(held.number, {ID: held.row_id})
