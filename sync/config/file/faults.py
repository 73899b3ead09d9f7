"""Faults of the configuration in an operator's words: where, what was found, what to write instead.

Values are shown only where a choice of words was expected, and never where the name of a secret
belongs: people paste the secret itself there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from sync.config.connections import Connection, Connections
from sync.config.file.breaches import Breach
from sync.config.file.patterns import PATTERNS
from sync.config.file.toml_lines import Path

EXPECTED: Final = {
    "string_type": 'text in double quotes, as in "abc"',
    "int_type": "a whole number, without quotes",
    "bool_type": "true or false, in small letters and without quotes",
    "model_type": "a table",
    "dict_type": "a table",
    "tuple_type": 'a list, as in ["a", "b"]',
    "decimal_parsing": 'an amount as text with a point, as in "0.05"',
    "decimal_type": 'an amount as text with a point, as in "0.05"',
    "value_error": 'an amount as text with a point, as in "0.05"',
    "time_zone": 'a name of the IANA time zone database, as in "Europe/Berlin"',
    "finite_number": 'an amount as text with a point, as in "0.05"',
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "a date, without quotes, as in 2027-03-01",
    ),
    **dict.fromkeys(
        ("moment", "timezone_aware", "datetime_parsing", "datetime_from_date_parsing"),
        "a date, a time and an offset, as in 2026-11-21T06:00:00Z",
    ),
}


@dataclass(frozen=True)
class Fault:
    """One fault of the file. `line` counts from 1 and is 0 for the file as a whole; `path` as in
    [a.b] tables."""

    line: int
    path: str
    what: str
    remedy: str
    column: int = 0

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "the file"
        column = f" column {self.column}" if self.column else ""
        path = f", {self.path}" if self.path else ""
        return f"{place}{column}{path}: {self.what}. {self.remedy}"


class BadConfiguration(Exception):
    """The file cannot be used; `faults` has every fault, in the order of the lines."""

    def __init__(self, faults: Sequence[Fault], file: str = "connections.toml") -> None:
        self.faults = tuple(
            sorted(faults, key=lambda fault: (fault.line, fault.column, fault.path))
        )
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(
            "\n".join([f"{file} has {count}:", *(f"  {fault}" for fault in self.faults)])
        )


def breaches_of_kind(errors: Sequence[ErrorDetails]) -> Iterator[Breach]:
    """What the models refused, in words. A missing name is left out where a misspelling of it is
    reported."""
    misspelt = {
        (*path[:-1], like)
        for error in errors
        if (path := _path(error)) and (like := _like(error, path))
    }
    for error in errors:
        path = _path(error)
        if error["type"] != "missing" or path not in misspelt:
            what, remedy = _words(error, path)
            yield Breach(path, what, remedy)


def closest(name: str, known: Sequence[str]) -> str:
    """`Did you mean "x"? ` or nothing."""
    like = _likely(name, known)
    return f'Did you mean "{like}"? ' if like else ""


def _likely(name: str, known: Sequence[str]) -> str:
    """The known name that was probably meant: the most similar, else the only one that begins
    alike; or nothing."""
    begun = [longer for longer in known if name and longer.startswith(name.lower())]
    like = get_close_matches(name.lower(), known, n=1) or (begun if len(begun) == 1 else [])
    return like[0] if like else ""


def dotted(path: Path) -> str:
    """The path as TOML writes it; what is no bare key is quoted, and cut where it is long."""
    return ".".join(
        name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name[:40]}"' for name in path
    )


def _path(error: ErrorDetails) -> Path:
    return tuple(str(part) for part in error["loc"] if part != "[key]")


def _like(error: ErrorDetails, path: Path) -> str:
    """The missing name that an unknown name was probably meant to be."""
    if error["type"] != "extra_forbidden":
        return ""
    return _likely(path[-1], _names(path[:-1]))


def _words(error: ErrorDetails, path: Path) -> tuple[str, str]:
    if error["type"] == "extra_forbidden":
        return _unknown(path)
    if error["type"] == "missing":
        table = _section(path) is not None or path == ("connections",)
        here = f"[{dotted(path[:-1])}]" if len(path) > 1 else "the file"
        return (
            f'"{path[-1]}" is missing',
            f"Add the table [{dotted(path)}]." if table else f'Write {path[-1]} = "…" in {here}.',
        )
    return _words_of_value(error)


def _words_of_value(error: ErrorDetails) -> tuple[str, str]:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind in ("literal_error", "enum"):
        choices = re.findall(r"'([^']*)'", context["expected"])
        listed = ", ".join(f'"{choice}"' for choice in choices)
        remedy = f"{closest(str(value), choices)}Write one of {listed}."
        return f"{_found(value)} is not known here", remedy
    if kind == "string_pattern_mismatch":
        return PATTERNS[context["pattern"]]
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"{context['ge']} or more" if "ge" in context else f"{context['le']} or less"
        return f"{_found(value)} is out of range", f"Write {bound}."
    if kind == "too_long":
        most = context["max_length"]
        return f"there are {context['actual_length']} entries", f"Write {most} at most."
    return f"{_kind(value)} stands here", f"Write {EXPECTED.get(kind, error['msg'])}."


def _unknown(path: Path) -> tuple[str, str]:
    name, names = path[-1], _names(path[:-1])
    suggestion = closest(name, names)
    elsewhere = [section for section, model in _sections(Connection) if name in model.model_fields]
    if not suggestion and elsewhere and len(path) > 2:
        suggestion = f"It belongs into [{dotted((*path[:2], elsewhere[0]))}]. "
    return f'"{name[:40]}" is not a name known here', f"{suggestion}Known here: {', '.join(names)}."


def _found(value: object) -> str:
    """The value itself where it is short and plain, else its kind."""
    if isinstance(value, str) and re.fullmatch(r"[\w .*/-]{0,24}", value):
        return f'"{value}"'
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _kind(value)


def _kind(value: object) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        (int, "a whole number"),
        (Decimal, "a number with a fraction"),
        (str, "text" if value else "empty text"),
        (Mapping, "a table"),
        (list, "a list"),
        ((date, time), "a date or time"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "something else")


def _names(path: Path) -> list[str]:
    section = _section(path)
    return list(section.model_fields) if section else []


def _section(path: Path) -> type[BaseModel] | None:
    """The model of the table at `path`; None for what is not a table of fixed names."""
    annotation: Any = Connections
    for name in path:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(name)
            annotation = _plain(field.annotation) if field else None
        else:
            inner = get_args(annotation)
            annotation = _plain(inner[1]) if get_origin(annotation) is dict else None
    return (
        annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    )


def _sections(model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    fields = ((name, _plain(field.annotation)) for name, field in model.model_fields.items())
    return [
        (name, kind)
        for name, kind in fields
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]


def _plain(annotation: Any) -> Any:
    """Without `| None`."""
    if get_origin(annotation) in (Union, UnionType):
        return next(inner for inner in get_args(annotation) if inner is not type(None))
    return annotation
