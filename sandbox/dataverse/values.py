"""What a write says of a row: its columns, the rows that it names, and which row it is of."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.dataverse.state import BAD, DataverseState, Row, WebFault, absent
from sandbox.dataverse.tables import NUMBER, OWN, TABLES, TEXT, WHOLE, Table

GUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
BOUND: Final = re.compile(rf"/(\w+)\(({GUID})\)")


def table_of(name: str) -> Table:
    """The table of a set. Raises 404."""
    table = TABLES.get(name)
    if table is None:
        raise WebFault(404, "0x8006088a", f"Resource not found for the segment '{name}'.")
    return table


def values_of(state: DataverseState, table: Table, body: Mapping[str, Any]) -> Row:
    """The columns of a body; lookups as the ids of the rows that they name."""
    found: Row = {}
    for name, value in body.items():
        bound, _, mark = name.partition("@")
        if mark == "odata.bind":
            found |= _bound(state, table, bound, str(value))
        elif table.columns.get(name) is None:
            raise WebFault(
                400, BAD, f"An undeclared property '{name}' which only has property annotations in"
                " the payload but no property value was found in the payload.",
            )  # fmt: skip
        elif table.columns[name] == OWN:
            raise WebFault(400, BAD, f"The column {name} is not valid for this operation.")
        elif not _is_of(table.columns[name], value):
            raise WebFault(400, BAD, f"Cannot convert the value of {name}.")
        else:
            found[name] = value
    return found


def _bound(state: DataverseState, table: Table, name: str, target: str) -> Row:
    lookup, named = table.lookups.get(name), BOUND.fullmatch(target)
    if lookup is None or named is None or named[1] != (lookup.table or named[1]):
        raise WebFault(400, BAD, f"An undeclared property '{name}' in the payload.")
    if named[2] not in state.tables.get(named[1], {}):
        raise absent(table_of(named[1]), named[2])
    state.require("AppendTo", table_of(named[1]))
    return {lookup.column: named[2], name: named[2]}


def _is_of(kind: str, value: Any) -> bool:
    if value is None:
        return True
    if kind == WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == NUMBER:
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return isinstance(value, str) if kind == TEXT else isinstance(value, bool)
