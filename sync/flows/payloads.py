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
    for name in ids:
        value = record.get(name)
        if (
            isinstance(value, str | int)
            and not isinstance(value, bool)
            and str(value).isdecimal()
            and int(value) > 0
        ):
            return str(int(value))
    raise NoKey(f"no {what} id in it")
