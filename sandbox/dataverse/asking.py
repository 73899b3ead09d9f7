"""What may be asked of a table: `$select`, `$filter` of comparisons joined by `and`, `$orderby`,
`$top`, pages. Anything that the schema does not know is refused."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from sandbox.dataverse.state import BAD, Row, WebFault
from sandbox.dataverse.tables import LABELS, Table

TERM: Final = re.compile(r"(\w+) (eq|ne|ge|gt|le|lt) ('(?:[^']|'')*'|[^\s']+)(?: and |\Z)")
KNOWN: Final = frozenset({"$select", "$filter", "$orderby", "$top", "$skiptoken"})
FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"
COMPARED: Final = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b, "le": lambda a, b: a <= b, "lt": lambda a, b: a < b,
}  # fmt: skip


def options_of(query: str) -> dict[str, str]:
    """The options. Raises 400 for one that is not known."""
    options = dict(parse_qsl(query, keep_blank_values=True))
    if strange := options.keys() - KNOWN:
        raise WebFault(400, BAD, f"The query parameter {min(strange)} is not supported")
    return options


def rows_of(table: Table, rows: Mapping[str, Row], options: Mapping[str, str]) -> list[Row]:
    """The rows asked for, whole, in order."""
    terms = list(_terms(table, options.get("$filter", "")))
    found = [row for row in rows.values() if all(_fits(row, *term) for term in terms)]
    for part in reversed([one for one in options.get("$orderby", "").split(",") if one]):
        column, _, way = part.strip().partition(" ")
        _known(table, column)
        found.sort(key=lambda row: str(row.get(column)), reverse=way == "desc")
    return found[: int(options["$top"])] if options.get("$top") else found


def shown(table: Table, row: Row, options: Mapping[str, str], *, labels: bool) -> Row:
    """The columns asked for; lookups by their own names."""
    names = [one for one in options.get("$select", "").split(",") if one]
    for name in names:
        _known(table, name)
    columns = names or [*table.columns]
    found = {name: row.get(_column(name)) for name in dict.fromkeys([*columns, table.key])}
    for (logical, name), texts in LABELS.items() if labels else ():
        if logical == table.logical and name in found:
            found[f"{name}@{FORMATTED}"] = texts.get(int(found[name] or 0), "")
    return {"@odata.etag": f'W/"{len(str(row))}"', **found}


def _terms(table: Table, text: str) -> Iterator[tuple[str, str, Any]]:
    at = 0
    while at < len(text):
        term = TERM.match(text, at)
        if term is None:
            raise WebFault(400, BAD, f"Syntax error at position {at} in the filter.")
        _known(table, term[1])
        yield _column(term[1]), term[2], _value(term[3])
        at = term.end()


def _value(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'").lower()
    if text == "null":
        return None
    return int(text) if text.lstrip("-").isdigit() else text.lower()


def _fits(row: Row, column: str, operator: str, wanted: Any) -> bool:
    value = row.get(column)
    value = value.lower() if isinstance(value, str) else value
    if value is None and operator not in ("eq", "ne"):
        return False
    return bool(COMPARED[operator](value, wanted))


def _column(name: str) -> str:
    return name[1:-6] if name.startswith("_") and name.endswith("_value") else name


def _known(table: Table, name: str) -> None:
    lookups = {one.column for one in table.lookups.values()}
    is_lookup = name != _column(name) and _column(name) in lookups
    if name not in table.columns and name != table.key and not is_lookup:
        raise WebFault(
            400, BAD, f"Could not find a property named '{name}' on type"
            f" 'Microsoft.Dynamics.CRM.{table.logical}'.",
        )  # fmt: skip
