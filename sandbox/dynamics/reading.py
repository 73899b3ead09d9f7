"""Answers to reads: one row, or the page of a set that the query options ask for."""

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from urllib.parse import quote

from sandbox.dynamics import on_hand, order_copies, progress
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import ODataFault, bad_request
from sandbox.dynamics.filters import Comparison, Every, Node
from sandbox.dynamics.grammar import parsed
from sandbox.dynamics.schema import COMPANY, NAMESPACE, EntitySet, Property
from sandbox.dynamics.store import Key, Record
from sandbox.dynamics.values import folded, row_json


def crosses(options: Mapping[str, str]) -> bool:
    """Whether the request looks beyond the user's default company."""
    value = options.get("cross-company", "false").lower()
    if value not in {"true", "false"}:
        raise bad_request(f"The query option cross-company={value} is neither true nor false.")
    return value == "true"


def in_reach(state: Environment, entity: EntitySet, key: Key, options: Mapping[str, str]) -> bool:
    """Whether a key lies in a company that the request looks at."""
    if not entity.per_company or crosses(options):
        return True
    return (
        bool(key[entity.key.index(COMPANY)] == state.company.lower())
        if COMPANY in entity.key
        else True
    )


def one(
    state: Environment, entity: EntitySet, key: Key, options: Mapping[str, str], root: str
) -> str:
    """One row as JSON. Raises 404 (empty) when it is not there or out of reach."""
    select = _select(entity, options)
    _no_expand(options)
    record = state.store.find(entity.table, *key) if in_reach(state, entity, key, options) else None
    if record is None:
        raise ODataFault(404)
    return single(entity, record, root, select)


def single(
    entity: EntitySet, record: Record, root: str, select: tuple[str, ...] | None = None
) -> str:
    """A row with its context, as GET by key and POST answer it."""
    context = json.dumps(f"{root}/data/$metadata#{entity.name}/$entity")
    return (
        f'{{"@odata.context":{context},{row_json(entity, record.values, record.etag, select)[1:]}'
    )


def count(state: Environment, entity: EntitySet, options: Mapping[str, str]) -> str:
    """How many rows fit."""
    return str(sum(1 for _ in _rows(state, entity, options)))


def page(state: Environment, entity: EntitySet, options: Mapping[str, str], root: str) -> str:
    """The rows of a set that fit, one page of them, and where the next page is."""
    select = _select(entity, options)
    _no_expand(options)
    skip, top = _whole(options, "$skip") or 0, _whole(options, "$top")
    if options.get("$count", "false") not in {"true", "false"}:
        raise bad_request(f"Invalid value '{options['$count']}' for $count query option found.")
    rows: Iterable[Record] = _rows(state, entity, options)
    total = ""
    if options.get("$count") == "true":
        rows = list(rows)
        total = f'"@odata.count":{len(rows)},'
    size = min(top, state.settings.page_size) if top is not None else state.settings.page_size
    found = list(islice(_ordered(entity, rows, options), skip, skip + size + 1))
    shown = ",".join(
        row_json(entity, record.values, record.etag, select) for record in found[:size]
    )
    more = len(found) > size and (top is None or top > size)
    rest = {"$skip": str(skip + size), **({} if top is None else {"$top": str(top - size)})}
    link = (
        f',"@odata.nextLink":{json.dumps(_link(root, entity, {**options, **rest}))}' if more else ""
    )
    columns = f"({','.join(select)})" if select else ""
    context = json.dumps(f"{root}/data/$metadata#{entity.name}{columns}")
    return f'{{"@odata.context":{context},{total}"value":[{shown}]{link}}}'


def _link(root: str, entity: EntitySet, options: Mapping[str, str]) -> str:
    query = "&".join(
        f"{quote(name, safe='$-')}={quote(value, safe='')}" for name, value in options.items()
    )
    return f"{root}/data/{entity.name}?{query}"


def _rows(state: Environment, entity: EntitySet, options: Mapping[str, str]) -> Iterable[Record]:
    if entity.name in on_hand.SETS:
        on_hand.refresh(state)
    if entity.name in order_copies.COPIED:
        order_copies.refresh(state, entity.name)
    if entity.name == progress.REPORTS:
        progress.refresh(state)
    nodes: list[Node] = [parsed(options["$filter"], entity)] if options.get("$filter") else []
    if not crosses(options) and entity.per_company:
        nodes.append(Comparison(entity.properties[COMPANY], "eq", state.company.lower()))
    return state.store.table(entity.table).matching(Every(tuple(nodes)))


def _ordered(
    entity: EntitySet, rows: Iterable[Record], options: Mapping[str, str]
) -> Iterable[Record]:
    """`$orderby`; null comes first, text without case."""
    for term in reversed(
        [term.split() for term in options.get("$orderby", "").split(",") if term.strip()]
    ):
        if len(term) > 2 or term[1:] not in ([], ["asc"], ["desc"]):
            raise bad_request(f"Syntax error in $orderby '{options['$orderby']}'.")
        rows = sorted(rows, key=_sorting(_known(entity, term[0])), reverse=term[1:] == ["desc"])
    return rows


def _sorting(known: Property) -> Callable[[Record], tuple[bool, object]]:
    def sorting(record: Record) -> tuple[bool, object]:
        value = folded(record.values.get(known.name, known.unset))
        return value is not None, value

    return sorting


def _known(entity: EntitySet, name: str) -> Property:
    if name not in entity.properties:
        raise bad_request(
            f"Could not find a property named '{name}' on type '{NAMESPACE}.{entity.type}'."
        )
    return entity.properties[name]


def _select(entity: EntitySet, options: Mapping[str, str]) -> tuple[str, ...] | None:
    text = options.get("$select", "*").strip()
    if text == "*":
        return None
    return tuple(dict.fromkeys(_known(entity, name.strip()).name for name in text.split(",")))


def _whole(options: Mapping[str, str], name: str) -> int | None:
    if name not in options:
        return None
    if not options[name].isdecimal():
        raise bad_request(f"Invalid value '{options[name]}' for {name} query option found.")
    return int(options[name])


def _no_expand(options: Mapping[str, str]) -> None:
    if "$expand" in options:
        raise ODataFault(
            501, "This double does not follow navigation properties: read the other set."
        )
