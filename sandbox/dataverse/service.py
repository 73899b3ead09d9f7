"""One request of the Web API carried out over the environment's rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.dataverse.asking import options_of, rows_of, shown
from sandbox.dataverse.state import BAD, DataverseState, Row, WebFault, absent
from sandbox.dataverse.tables import ATTRIBUTES, TABLES, TEXT, WHOLE, Table
from sync.core.encoding import NotJson, from_json, to_json

ROOT: Final = "/api/data/v9.2/"
GUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ROW: Final = re.compile(rf"(\w+)\(({GUID})\)")
BOUND: Final = re.compile(rf"/(\w+)\(({GUID})\)")
MANY: Final = re.compile(r"(\w+)/Microsoft\.Dynamics\.CRM\.CreateMultiple")
DESCRIBED: Final = re.compile(r"EntityDefinitions\(LogicalName='(\w+)'\)/Attributes")
MOST_ROWS: Final = 1000


@dataclass(frozen=True)
class Call:
    """A request: `target` is what stands after the root, without its query."""

    method: str
    target: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    origin: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(fault: WebFault) -> Reply:
    """A refusal in the Web API's words."""
    body = {"error": {"code": fault.code, "message": fault.message}}
    headers = {"Content-Type": "application/json; odata.metadata=minimal"}
    return Reply(fault.status, to_json(body), headers)


def perform(state: DataverseState, call: Call) -> Reply:
    """Carry it out. Raises `WebFault`."""
    if described := DESCRIBED.fullmatch(call.target):
        state.require("Read", ATTRIBUTES)
        return _described(described[1])
    if many := MANY.fullmatch(call.target):
        return _many(state, _table(many[1]), many[1], _json(call))
    if call.target == "CloseIncident" and call.method == "POST":
        return _closed(state, _json(call))
    if row := ROW.fullmatch(call.target):
        return _of_row(state, row[1], row[2], call)
    name, table = call.target, _table(call.target)
    if call.method == "GET":
        state.require("Read", table)
        return _listed(state, name, table, call)
    if call.method != "POST":
        raise WebFault(405, "0x80060899", f"{call.method} is not supported here.")
    state.require("Create", table)
    made = state.create(name, None, _values(state, table, _json(call)))
    return _stored(table, name, made, call)


def _of_row(state: DataverseState, name: str, row_id: str, call: Call) -> Reply:
    table, there = _table(name), state.tables.get(name, {}).get(row_id)
    if call.method == "GET":
        state.require("Read", table)
        if there is None:
            raise absent(table, row_id)
        options = options_of(call.query)
        return _answer(shown(table, there, options, labels=_labelled(call)))
    if call.method != "PATCH":
        raise WebFault(405, "0x80060899", f"{call.method} is not supported here.")
    if call.headers.get("if-none-match") == "*" and there is not None:
        raise WebFault(412, "0x80060892", "A record with matching key values already exists.")
    if call.headers.get("if-match") == "*" and there is None:
        state.require("Write", table)
        raise absent(table, row_id)
    state.require("Write" if there else "Create", table)
    values = _values(state, table, _json(call))
    change = state.change if there else state.create
    return _stored(table, name, change(name, row_id, values), call)


def _closed(state: DataverseState, body: Mapping[str, Any]) -> Reply:
    """The resolution names the case; the status is one of a resolved case, or -1 for the
    default."""
    state.require("Write", TABLES["incidents"])
    resolution = body.get("IncidentResolution")
    if not isinstance(resolution, Mapping) or not isinstance(body.get("Status"), int):
        raise WebFault(400, BAD, "CloseIncident needs IncidentResolution and Status.")
    kind = resolution.get("@odata.type")
    if kind != "Microsoft.Dynamics.CRM.incidentresolution" or not resolution.get("subject"):
        raise WebFault(400, BAD, "The resolution lacks its type or its subject.")
    bound = BOUND.fullmatch(str(resolution.get("incidentid@odata.bind")))
    if bound is None or bound[1] != "incidents":
        raise WebFault(400, BAD, "The resolution names no incident.")
    state.close_case(bound[2], body["Status"])
    return Reply(204)


def _many(state: DataverseState, table: Table, name: str, body: Mapping[str, Any]) -> Reply:
    """All rows or none."""
    state.require("Create", table)
    targets = body.get("Targets")
    if not isinstance(targets, list) or not 1 <= len(targets) <= MOST_ROWS:
        raise WebFault(400, BAD, f"Targets takes 1 to {MOST_ROWS} rows.")
    before, ids = state.kept(), list[str]()
    if {one.get("@odata.type") for one in targets} != {f"Microsoft.Dynamics.CRM.{table.logical}"}:
        raise WebFault(400, BAD, "Each target needs its @odata.type.")
    try:
        for one in targets:
            values = {key: value for key, value in one.items() if key != "@odata.type"}
            row_id = values.pop(table.key, None)
            ids.append(state.create(name, row_id, _values(state, table, values))[table.key])
    except WebFault:
        state.tables = before
        raise
    return _answer({"Ids": ids})


def _values(state: DataverseState, table: Table, body: Mapping[str, Any]) -> Row:
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
        raise absent(_table(named[1]), named[2])
    state.require("AppendTo", _table(named[1]))
    return {lookup.column: named[2], name: named[2]}


def _is_of(kind: str, value: Any) -> bool:
    if value is None:
        return True
    if kind == WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) if kind == TEXT else isinstance(value, bool)


def _stored(table: Table, name: str, row: Row, call: Call) -> Reply:
    where = f"{call.origin}{ROOT}{name}({row[table.key]})"
    headers = {"OData-EntityId": where}
    if "return=representation" not in call.headers.get("prefer", ""):
        return Reply(204, b"", headers)
    answer = _answer(shown(table, row, options_of(call.query), labels=_labelled(call)), 201)
    return Reply(answer.status, answer.body, {**answer.headers, **headers})


def _listed(state: DataverseState, name: str, table: Table, call: Call) -> Reply:
    options = options_of(call.query)
    size = re.search(r"odata\.maxpagesize=(\d+)", call.headers.get("prefer", ""))
    if size is not None:
        options.pop("$top", None)  # "$top will be ignored" (Microsoft, "Limit the number of rows")
    rows = rows_of(table, state.tables[name], options)
    most, start = int(size[1]) if size else 5000, int(options.get("$skiptoken", 0))
    labels = _labelled(call)
    page = [shown(table, row, options, labels=labels) for row in rows[start : start + most]]
    body: Row = {"value": page}
    if len(rows) > start + most:
        query = call.query.partition("&$skiptoken")[0]
        link = f"{call.origin}{ROOT}{name}?{query}&$skiptoken={start + most}"
        body["@odata.nextLink"] = link
    return _answer(body)


def _described(logical: str) -> Reply:
    table = next((one for one in TABLES.values() if one.logical == logical), None)
    if table is None:
        raise WebFault(404, "0x80060888", f"Could not find an entity with name {logical}")
    lookups = {lookup.column for lookup in table.lookups.values()}
    names = sorted({table.key, *table.columns, *lookups})
    return _answer({"value": [{"LogicalName": name} for name in names]})


def _answer(body: Mapping[str, Any], status: int = 200) -> Reply:
    headers = {"Content-Type": "application/json; odata.metadata=minimal"}
    return Reply(status, to_json(dict(body)), headers)


def _labelled(call: Call) -> bool:
    return "odata.include-annotations" in call.headers.get("prefer", "")


def _table(name: str) -> Table:
    table = TABLES.get(name)
    if table is None:
        raise WebFault(404, "0x8006088a", f"Resource not found for the segment '{name}'.")
    return table


def _json(call: Call) -> Mapping[str, Any]:
    kind = call.headers.get("content-type", "")
    try:
        body = from_json(call.body) if kind.startswith("application/json") else None
    except NotJson:
        body = None
    if not isinstance(body, Mapping):
        raise WebFault(400, BAD, "The body is no JSON object.")
    return body
