"""JSON to F&O and records from it; a yes that cannot be read is no yes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from sync.core.encoding import NotJson, from_json
from sync.dynamics import batch
from sync.dynamics.faults import error_from_nonsense
from sync.dynamics.refusals import ODataAnswer, ODataCall

Record = dict[str, Any]


class Answered(dict[str, Any]):
    """A record that F&O answered. Asked for a field that it lacks or leaves null (`record[name]`),
    it raises what an answer that cannot be read stands for: after a write, `Unknown`."""

    def __init__(self, record: Mapping[str, Any], call: ODataCall) -> None:
        super().__init__(record)
        self._call = call

    def __getitem__(self, name: str) -> Any:
        value = self.get(name)
        if value is None:
            raise error_from_nonsense(self._call, f"it has no {name}")
        return value


def document_in(answer: ODataAnswer, call: ODataCall) -> Any:
    """The JSON in a good answer; one without it, as a gateway's page, is `Unknown` for a write,
    else `Later`."""
    try:
        return from_json(answer.body)
    except NotJson as error:
        raise error_from_nonsense(call, str(error)) from None


def record_in(answer: ODataAnswer, call: ODataCall) -> Record:
    """The record in a good answer, or the page of plain records (`value`); an answer without one is
    `Unknown` for a write, else `Later`."""
    record = document_in(answer, call)
    if not isinstance(record, dict):
        raise error_from_nonsense(call, "it holds no record")
    rows = record.get("value")
    if isinstance(rows, list) and not all(isinstance(row, dict) for row in rows):
        raise error_from_nonsense(call, "its list holds what is no record")
    return Answered(record, call)


@dataclass(frozen=True, eq=False)
class Document:
    """The writes of one changeset, on their way. Nothing of it is sent after `not_after`."""

    operations: Sequence[batch.Operation]
    call: ODataCall
    not_after: datetime | None = None


def parts_by_document(
    answer: ODataAnswer, documents: Sequence[Document]
) -> dict[Document, list[ODataAnswer]]:
    """Per document the answers in the order of its writes, or those that failed: one for the whole
    changeset.

    An answer that says less is `Unknown` to every document of the batch.
    """
    call = documents[0].call
    groups = _groups(answer, call)
    if len(documents) == 1:
        groups = [[part for group in groups for part in group]]
    if len(groups) != len(documents):
        what = f"it holds {len(groups)} answers to {len(documents)} changesets"
        raise error_from_nonsense(call, what)
    numbers = count(1)
    return {
        document: _parts_of(group, [next(numbers) for _ in document.operations], call)
        for group, document in zip(groups, documents, strict=True)
    }


def _groups(answer: ODataAnswer, call: ODataCall) -> list[list[batch.Part]]:
    """The answers of each part of a batch, with the headers of the whole answer."""
    try:
        groups = batch.read(answer.headers.get("content-type", ""), answer.body)
    except batch.BrokenBatch as error:
        raise error_from_nonsense(call, str(error)) from None
    return [
        [replace(part, headers={**answer.headers, **part.headers}) for part in group]
        for group in groups
    ]


def only_part(answer: ODataAnswer, call: ODataCall) -> ODataAnswer:
    """The one answer in a batch of one operation."""
    parts = [part for group in _groups(answer, call) for part in group]
    if len(parts) != 1:
        raise error_from_nonsense(call, f"it holds {len(parts)} answers to one question")
    return parts[0]


def _parts_of(
    parts: Sequence[batch.Part], numbers: Sequence[int], call: ODataCall
) -> list[ODataAnswer]:
    failed = [part for part in parts if not 200 <= part.status < 300]
    if failed:
        return [*failed]
    if len(parts) != len(numbers):
        raise error_from_nonsense(call, f"it holds {len(parts)} answers to {len(numbers)} writes")
    named = {part.content_id: part for part in parts}
    order = [str(number) for number in numbers]
    return [named[number] for number in order] if set(named) == set(order) else [*parts]
