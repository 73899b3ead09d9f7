"""Rows as Table Storage's entities and back, and operations as the steps of an entity-group
transaction.

Keys are escaped (`keys`), cells checked (`cells`). Integers are stored as Int64: the SDK's own
choice, Int32, ends at 2**31.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from azure.core import MatchConditions
from azure.data.tables import EdmType, EntityProperty, TableEntity, UpdateMode

from sync.adapters.cells import check_key, tidy
from sync.adapters.table_storage.keys import plain, stored
from sync.core.ports import Conflict, Delete, Insert, Operation, Row, Upsert, Value

Entity = dict[str, Any]
_KEYS: Final = ("PartitionKey", "RowKey")


@dataclass(frozen=True)
class Step:
    """One operation, as the SDK wants it, and its row as it will come back, without the etag.

    `may_miss`: there may be nothing to do, which the service counts as an error.
    """

    row: Row
    verb: str
    entity: Entity
    options: Mapping[str, Any]
    may_miss: bool = False

    @property
    def call(self) -> tuple[str, Entity, Mapping[str, Any]]:
        """For `submit_transaction`."""
        return self.verb, self.entity, self.options


def entity_of(row: Row) -> Entity:
    """A tidied row as it is sent."""
    return {
        **keys_of(row.partition, row.key),
        **{name: _sent(value) for name, value in row.values.items()},
    }


def keys_of(partition: str, key: str) -> Entity:
    """Where a row is stored."""
    return dict(zip(_KEYS, (stored(partition), stored(key)), strict=True))


def row_of(entity: TableEntity) -> Row:
    """A row as it was stored."""
    partition, key = (plain(str(entity[name])) for name in _KEYS)
    values = {name: _read(value) for name, value in entity.items() if name not in _KEYS}
    return Row(partition, key, values, str(entity.metadata["etag"]))


def step_of(table: str, operation: Operation) -> Step:
    """Checks every limit. Raises `Conflict` for a replace without an etag, which fits no stored
    row."""
    row = operation.row
    if isinstance(operation, Delete):
        check_key(table, row.partition, row.key)
        keys = keys_of(row.partition, row.key)
        return Step(row, "delete", keys, _unchanged(row), may_miss=not row.etag)
    row = replace(row, values=tidy(table, row))
    entity = entity_of(row)
    if isinstance(operation, Insert):
        return Step(row, "create", entity, {})
    if isinstance(operation, Upsert):
        return Step(row, "upsert", entity, {"mode": UpdateMode.REPLACE})
    if not row.etag:
        raise Conflict(f"table {table}: a row was to be replaced without the etag of a stored one")
    return Step(row, "update", entity, {"mode": UpdateMode.REPLACE, **_unchanged(row)})


def _unchanged(row: Row) -> dict[str, Any]:
    """The condition that the stored row still has the row's etag; none when it has none."""
    return {"etag": row.etag, "match_condition": MatchConditions.IfNotModified} if row.etag else {}


def _sent(value: Value) -> Any:
    return EntityProperty(value, EdmType.INT64) if type(value) is int else value


def _read(value: Any) -> Value:
    if isinstance(value, EntityProperty):
        number: int = value.value
        return number
    if isinstance(value, datetime):
        return datetime.combine(
            value.date(), value.time(), UTC
        )  # the SDK's subclass remembers the service's text
    read: Value = value
    return read
