"""Query strings as the shop reads them: PHP's nested names, raw decoding for signatures, and the
`fields` filter."""

import re
from typing import Any
from urllib.parse import unquote, unquote_plus

Nested = dict[str, Any]


def nested(raw: str) -> Nested:
    """`a[b][0]=c` as nested dicts. A plus is a space here, an empty index appends, a later value
    replaces an earlier."""
    found: Nested = {}
    for part in raw.split("&"):
        name, _, value = part.partition("=")
        outer, bracket, rest = unquote_plus(name).partition("[")
        if outer:
            _put(found, [outer, *re.findall(r"\[([^\]]*)\]", bracket + rest)], unquote_plus(value))
    return found


def _put(target: Nested, keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        inner = target.get(key or str(len(target)))
        if not isinstance(inner, dict):
            inner = target[key or str(len(target))] = {}
        target = inner
    target[keys[-1] or str(len(target))] = value


def signed_pairs(raw: str, *, bare: bool = True) -> dict[str, str]:
    """What a signature covers of a query: percent-decoded, a plus stays a plus, of one name the
    last counts.

    `bare`: whether a name without `=` counts, as one with an empty value (measured on 2.4.8).
    """
    pairs = (part.partition("=") for part in raw.split("&") if part)
    return {unquote(name): unquote(value) for name, equals, value in pairs if equals or bare}


def parsed_fields(text: str) -> Nested | None:
    """`a,b[c,d[e]]` as nested dicts; None for what the shop does not understand, which then answers
    `[]`."""
    if not text or re.search(r"[^\w\[\],]", text):
        return None
    stack: list[tuple[Nested, str]] = []
    current: Nested = {}
    name = ""
    for sign in re.findall(r"\w+|[\[\],]", text):
        if sign == "[":
            stack.append((current, name))
            current = {}
        elif sign == "]":
            if not stack:
                return None
            inner = current
            current, parent = stack.pop()
            current[parent] = inner
        elif sign != ",":
            name = sign
            current[name] = 1
    return None if stack else current


def projected(answer: Any, wanted: Nested) -> Any:
    """The answer cut down to the wanted fields, in the answer's own order.

    Of an empty list nothing is left, not even the list: it becomes null (measured: `items: null`
    past the last page). An object without any of the fields becomes an empty PHP array, `[]`.
    """
    if isinstance(answer, list):
        return [_cut(item, wanted) for item in answer] or None
    return _cut(answer, wanted)


def _cut(answer: Any, wanted: Nested) -> Any:
    if not isinstance(answer, dict):
        return answer
    kept = {}
    for key, value in answer.items():
        if key in wanted:
            deeper = wanted[key]
            structured = isinstance(value, dict | list) and isinstance(deeper, dict)
            kept[key] = projected(value, deeper) if structured else value
    return kept or []
