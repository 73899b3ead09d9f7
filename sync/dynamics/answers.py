"""JSON to F&O and records from it; a yes that cannot be read is no yes."""

from collections.abc import Mapping
from typing import Any

from sync.dynamics import batch
from sync.dynamics.faults import Answer, Call, error_from_nonsense
from sync.encoding import NotJson, from_json, to_json
from sync.errors import Never

Record = dict[str, Any]


def json_of(body: Mapping[str, Any], call: Call) -> bytes:
    """A record as it is sent. Raises `Never` for half a character, `TypeError` for a float."""
    try:
        return to_json(dict(body))
    except UnicodeEncodeError:
        raise Never(
            f"{call.what}: a text holds half a character (a lone surrogate)",
            remedy="Correct the text in Commerce; it was damaged when it was stored or exported",
        ) from None


def record_in(answer: Answer, call: Call) -> Record:
    """The record in a good answer; an answer without one is `Unknown` for a write, else `Later`."""
    try:
        record = from_json(answer.body)
    except NotJson as error:
        raise error_from_nonsense(call, str(error)) from None
    if not isinstance(record, dict):
        raise error_from_nonsense(call, "it holds no record")
    return record


def parts_of(answer: Answer, expected: int, call: Call) -> list[batch.Part]:
    """The answers of one changeset in the order of its writes, or those that failed: one for the whole changeset.

    An answer that says less is `Unknown`.
    """
    try:
        groups = batch.read(answer.headers.get("content-type", ""), answer.body)
    except batch.BrokenBatch as error:
        raise error_from_nonsense(call, str(error)) from None
    parts = [part for group in groups for part in group]
    failed = [part for part in parts if not 200 <= part.status < 300]
    if failed:
        return failed
    if len(parts) != expected:
        raise error_from_nonsense(call, f"it holds {len(parts)} answers to {expected} writes")
    named = {part.content_id: part for part in parts}
    order = [str(number) for number in range(1, expected + 1)]
    return [named[number] for number in order] if set(named) == set(order) else parts
