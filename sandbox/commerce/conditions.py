"""How the database compares: a column's value with the text of a filter, by condition type.

Rules of MySQL as the shop uses it: NULL fits nothing but `null`, text is compared without case,
text in a number column is cast (`abc` is 0), what is no date is the zero date, an offset behind a
date is ignored, and a condition type that the shop does not know is `eq`. Measured on 2.4.8;
`finset`, `regexp`, `seq`, `sneq`, `from` and `to` after its source.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

Kind = Literal["number", "text", "date"]
ZERO_DATE = "0000-00-00 00:00:00"
DATE = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?")
DIGITS = re.compile(r"^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?$")
NUMBER = re.compile(r"^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def as_date(text: str) -> str:
    """A filter's value in a date column, as `YYYY-MM-DD hh:mm:ss`."""
    match = DIGITS.match(text.strip()) or DATE.match(text.strip())
    if match is None:
        return ZERO_DATE
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return ZERO_DATE
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


def as_number(text: str) -> Decimal:
    """A filter's value in a number column: what is a number at its beginning, else 0."""
    match = NUMBER.match(text)
    return Decimal(match.group().strip()) if match else Decimal(0)


@lru_cache(maxsize=4096)
def as_text(text: str) -> str:
    """A text as its collation sees it: no case, no accents, no blanks at the end."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in bare if not unicodedata.combining(sign)).rstrip(" ")


CAST: dict[Kind, Callable[[str], Any]] = {"date": as_date, "number": as_number, "text": as_text}


def comparable(value: Any, kind: Kind) -> Any:
    """A stored value in the form in which filters of its column are compared and sorted."""
    if kind == "number":
        return Decimal(value)
    return as_text(str(value)) if kind == "text" else str(value)


Test = Callable[[Any], bool]


def test_of(condition: str, wanted: str, kind: Kind) -> Test:
    """What tells whether a row's value meets a filter; made once per request and asked for every
    row."""
    if condition in {"null", "notnull"}:
        return lambda value: (value is None) == (condition == "null")
    if condition in {"seq", "sneq"} and wanted == "":
        return lambda value: (value is None) == (condition == "seq")
    if condition in PATTERNS:
        pattern = PATTERNS[condition]
        return lambda value: value is not None and pattern(str(value), wanted)
    if condition in {"in", "nin"}:
        among = frozenset(CAST[kind](part) for part in wanted.split(","))
        return lambda value: (
            value is not None and (comparable(value, kind) in among) == (condition == "in")
        )
    compare, theirs = ORDER.get(condition, ORDER["eq"]), CAST[kind](wanted)
    return lambda value: value is not None and compare(comparable(value, kind), theirs)


ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda mine, wanted: bool(mine == wanted),
    "seq": lambda mine, wanted: bool(mine == wanted),
    "is": lambda mine, wanted: bool(mine == wanted),
    "neq": lambda mine, wanted: bool(mine != wanted),
    "sneq": lambda mine, wanted: bool(mine != wanted),
    "gt": lambda mine, wanted: bool(mine > wanted),
    "lt": lambda mine, wanted: bool(mine < wanted),
    "gteq": lambda mine, wanted: bool(mine >= wanted),
    "lteq": lambda mine, wanted: bool(mine <= wanted),
    "from": lambda mine, wanted: bool(mine >= wanted),
    "to": lambda mine, wanted: bool(mine <= wanted),
}


def _like(value: str, pattern: str) -> bool:
    expression = "".join(
        {"%": ".*", "_": "."}.get(sign) or re.escape(sign) for sign in as_text(pattern)
    )
    return re.fullmatch(expression, as_text(value), re.DOTALL) is not None


def _in_set(value: str, wanted: str) -> bool:
    return as_text(wanted) in [as_text(part) for part in value.split(",")]


PATTERNS: dict[str, Callable[[str, str], bool]] = {
    "like": _like,
    "nlike": lambda value, pattern: not _like(value, pattern),
    "finset": _in_set,
    "nfinset": lambda value, wanted: not _in_set(value, wanted),
    "regexp": lambda value, pattern: re.search(pattern, value, re.IGNORECASE) is not None,
}
