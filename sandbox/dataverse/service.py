"""One request of the Web API carried out over the environment's rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.dataverse import sales
from sandbox.dataverse.asking import options_of, rows_of, shown
from sandbox.dataverse.state import BAD, DataverseState, Row, WebFault, absent
from sandbox.dataverse.tables import ATTRIBUTES, TABLES, Table
from sandbox.dataverse.values import BOUND, GUID, table_of, values_of
from sync.core.encoding import NotJson, from_json, to_json

ROOT: Final = "/api/data/v9.2/"
ROW: Final = re.compile(rf"(\w+)\(({GUID})\)")
DESCRIBED: Final = re.compile(r"EntityDefinitions\(LogicalName='(\w+)'\)/(Attributes|Keys)")


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
        return _keys(state, described[1]) if described[2] == "Keys" else _described(described[1])
    if call.target in ACTIONS and call.method == "POST":
        return ACTIONS[call.target](state, _json(call))
    if row := ROW.fullmatch(call.target):
        return _of_row(state, row[1], row[2], call)
    name, table = call.target, table_of(call.target)
    if call.method == "GET":
        state.require("Read", table)
        return _listed(state, name, table, call)
    if call.method != "POST":
        raise WebFault(405, "0x80060899", f"{call.method} is not supported here.")
    state.require("Create", table)
    made = state.create(name, None, values_of(state, table, _json(call)))
    return _stored(table, name, made, call)


def _of_row(state: DataverseState, name: str, row_id: str, call: Call) -> Reply:
    table, there = table_of(name), state.tables.get(name, {}).get(row_id)
    if call.method == "GET":
        state.require("Read", table)
        if there is None:
            raise absent(table, row_id)
        options = options_of(call.query)
        return _answer(shown(table, there, options, labels=_labelled(call)))
    if call.method == "DELETE":
        state.require("Delete", table)
        state.remove(name, row_id)
        return Reply(204)
    if call.method != "PATCH":
        raise WebFault(405, "0x80060899", f"{call.method} is not supported here.")
    if call.headers.get("if-none-match") == "*" and there is not None:
        raise WebFault(412, "0x80060892", "A record with matching key values already exists.")
    if call.headers.get("if-match") == "*" and there is None:
        state.require("Write", table)
        raise absent(table, row_id)
    state.require("Write" if there else "Create", table)
    values = values_of(state, table, _json(call))
    row = (state.change if there else state.create)(name, row_id, values)
    return _stored(table, name, row, call)


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


def _revised(state: DataverseState, body: Mapping[str, Any]) -> Reply:
    state.require("Write", TABLES["quotes"])
    return _answer(sales.asked_to_revise(state, body))


ACTIONS: Final = {"CloseIncident": _closed, "ReviseQuote": _revised}


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


def _keys(state: DataverseState, logical: str) -> Reply:
    _logical(logical)
    names = next(name for name, one in TABLES.items() if one.logical == logical)
    rows = [{"KeyAttributes": [*key], "EntityKeyIndexStatus": state.key_status}
            for key in state.keys.get(names, ())]  # fmt: skip
    return _answer({"value": rows})


def _logical(logical: str) -> Table:
    table = next((one for one in TABLES.values() if one.logical == logical), None)
    if table is None:
        raise WebFault(404, "0x80060888", f"Could not find an entity with name {logical}")
    return table


def _described(logical: str) -> Reply:
    table = _logical(logical)
    lookups = {lookup.column for lookup in table.lookups.values()}
    names = sorted({table.key, *table.columns, *lookups})
    return _answer({"value": [{"LogicalName": name} for name in names]})


def _answer(body: Mapping[str, Any], status: int = 200) -> Reply:
    headers = {"Content-Type": "application/json; odata.metadata=minimal"}
    return Reply(status, to_json(dict(body)), headers)


def _labelled(call: Call) -> bool:
    return "odata.include-annotations" in call.headers.get("prefer", "")


def _json(call: Call) -> Mapping[str, Any]:
    kind = call.headers.get("content-type", "")
    try:
        body = from_json(call.body) if kind.startswith("application/json") else None
    except NotJson:
        body = None
    if not isinstance(body, Mapping):
        raise WebFault(400, BAD, "The body is no JSON object.")
    return body
