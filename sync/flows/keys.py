"""Keys of documents in hooks, events and polls: `<increment_id>@<store_id>`; `@?` where the store
is not told.

`<entity_id>@#` stands for an order that a hook names by its id only, as the hooks of an order's
address do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.commerce.models.order import utc
from sync.commerce.models.rows import row_digest
from sync.commerce.polling import position_of
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems

UNKNOWN_STORE, BY_ID = "?", "#"
LONGEST_INCREMENT = 50


def document_keys(payload: Mapping[str, Any], *names: str) -> Sequence[str]:
    """The keys of the documents in a payload, under one of `names` (a list of them counts each),
    else at its top.

    Raises `NoKey` when there is none, or when one of several has none.
    """
    body = payload.get("data", payload)
    if not isinstance(body, Mapping):
        raise NoKey(f"no {names[0]}.increment_id in it")
    named = (body.get(name) for name in (*names, "data_object"))
    found = next((one for one in named if isinstance(one, Mapping | list)), body)
    records = found if isinstance(found, list) else [found]
    if not records:
        raise NoKey(f"no {names[0]} in it")
    return [_key(record, names[0]) for record in records]


def _key(record: Any, name: str) -> str:
    if not isinstance(record, Mapping):
        raise NoKey(f"no {name}.increment_id in it")
    increment = record.get("increment_id") or record.get("order_increment_id")
    if isinstance(increment, bool) or not isinstance(increment, str | int):
        raise NoKey(f"no {name}.increment_id in it")
    text = str(increment).strip()
    if not 0 < len(text) <= LONGEST_INCREMENT:
        raise NoKey(f"no {name}.increment_id in it")
    store = whole_in(record.get("store_id"))
    return f"{text}@{UNKNOWN_STORE if store is None else store}"


def whole_in(value: Any) -> int | None:
    """A whole number as hooks write it (often as text); None for anything else."""
    text = (
        str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def parts_of(key: str) -> tuple[str, str]:
    """(increment id, store) of a key."""
    increment, _, store = key.rpartition("@")
    return increment, store


def keys_of(rows: Sequence[Mapping[str, Any]], systems: Systems) -> Iterator[str]:
    """The full keys of documents as REST answers them, those of the connection's stores."""
    for row in rows:
        store = whole_in(row.get("store_id"))
        if store is not None and systems.settings.store(store) is not None:
            yield f"{row.get('increment_id')}@{store}"


def elsewhere(store_id: int | None, systems: Systems) -> str:
    """Why a document of this store is not for this connection; empty when it is. One shop may feed
    several."""
    if systems.settings.store("default" if store_id is None else store_id) is not None:
        return ""
    return f"store {store_id} is none of this connection's stores"


def change_in(row: Mapping[str, Any], systems: Systems, columns: Sequence[str]) -> Change | None:
    """A row of a poll, which has these columns, as a change; None when it is of no store of the
    connection, or has no time."""
    stamp = utc(str(row.get("updated_at", "")))
    key = next(keys_of([row], systems), None)
    if key is None or stamp is None:
        return None
    return Change(key, stamp, listed=row_digest(row, columns), position=position_of(row))
