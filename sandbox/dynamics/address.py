"""What a request addresses: the set, the key between the parentheses, and the query options,
decoded and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from sandbox.dynamics.faults import NoRoute, bad_request
from sandbox.dynamics.schema import NAMESPACE, SETS, EntitySet, Kind, Property
from sandbox.dynamics.store import Key
from sandbox.dynamics.values import GUID, folded, instant_from

SEGMENT: Final = re.compile(r"(?P<set>[A-Za-z_]\w*)(?:\((?P<key>.*)\))?", re.DOTALL)
PART: Final = re.compile(
    r"\s*(?:(?P<name>\w+)\s*=\s*)?(?P<value>'(?:[^']|'')*'|[^',()\s]+)\s*(?:,|$)"
)
OPTIONS: Final = frozenset(
    {"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$expand", "$format"}
)


@dataclass(frozen=True)
class Address:
    """A set, or one row of it when `key` is given, or how many rows it has when `counted`."""

    entity: EntitySet
    key: Key | None = None
    counted: bool = False


def address_from(path: str) -> Address:
    """Read the path after `/data/`, still percent-encoded. Raises 404 for what does not exist, 400
    for a bad key."""
    first, _, rest = path.partition("/")
    match = SEGMENT.fullmatch(unquote(first))
    entity = SETS.get(match["set"]) if match else None
    if match is None or entity is None or rest not in {"", "$count"}:
        raise NoRoute(404, f"/data/{path}")
    key = None if match["key"] is None else _key(entity, match["key"])
    if rest and key is not None:
        raise NoRoute(404, f"/data/{path}")
    return Address(entity, key, counted=bool(rest))


def _key(entity: EntitySet, text: str) -> Key:
    """`a='x',b=1` or, for a key of one part, `'x'`. All parts are needed, in any order."""
    given: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = PART.match(text, at)
        if match is None:
            raise bad_request(f"Syntax error at position {at} in '{text}'.")
        name = match["name"] or (entity.key[0] if len(entity.key) == 1 else "")
        if name not in entity.key or name in given:
            raise bad_request(
                f"Bad Request - Error in query syntax: key '{name}' of type"
                f" '{NAMESPACE}.{entity.type}'."
            )
        given[name] = match["value"]
        at = match.end()
    missing = [name for name in entity.key if name not in given]
    if missing:
        wanted = f"{len(given)} of {len(entity.key)} keys provided for lookup"
        raise bad_request(f"Only {wanted}, provide keys for {','.join(entity.key)}.")
    return tuple(folded(_literal(entity.properties[name], given[name])) for name in entity.key)


def _literal(known: Property, text: str) -> Any:
    match known.kind:
        case Kind.STRING if text.startswith("'"):
            return text[1:-1].replace("''", "'")
        case Kind.INT | Kind.LONG if re.fullmatch(r"-?\d{1,19}", text):
            return int(text)
        case Kind.DECIMAL if re.fullmatch(r"-?\d{1,22}(\.\d+)?", text):
            return Decimal(text)
        case Kind.GUID if GUID.fullmatch(text):
            return text.lower()
        case Kind.DATE | Kind.INSTANT if moment := instant_from(text):
            return moment
    raise bad_request(f"The key value '{text}' is not of the type '{known.edm}' of '{known.name}'.")


def options_from(query: str) -> Mapping[str, str]:
    """The query options by name. Raises 400 for one that F&O does not know, or that is given
    twice."""
    options: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        raw, _, value = pair.partition("=")
        name = unquote_plus(raw)
        if name in options:
            raise bad_request(
                f"Query option '{name}' was specified more than once, but it must be specified at"
                " most once."
            )
        if name.startswith("$") and name not in OPTIONS:
            raise bad_request(f"The query parameter '{name}' is not supported.")
        options[name] = unquote_plus(value)
    return options
