"""What hooks' bodies and events' values have in common: a record under one of several names, known
by its id."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.engine.results import NoKey


def id_in(
    payload: Mapping[str, Any], what: str, *, records: Sequence[str], ids: Sequence[str]
) -> str:
    """The id of the record in a payload: under one of `records`, or in the payload itself, as the
    first of `ids`.

    Raises `NoKey` where there is none. Ids are whole numbers above zero; model data writes them as
    text.
    """
    body = payload.get("data", payload)
    if not isinstance(body, Mapping):
        raise NoKey(f"no {what} id in it")
    record = next((body[name] for name in records if isinstance(body.get(name), Mapping)), body)
    found = next((one for name in ids if (one := _whole(record.get(name)))), 0)
    if not found:
        raise NoKey(f"no {what} id in it")
    return str(found)


def _whole(value: Any) -> int:
    """A whole number above zero; 0 for anything else."""
    is_number = isinstance(value, str | int) and not isinstance(value, bool)
    return int(value) if is_number and str(value).isdecimal() else 0
