"""Conditions of a search, written as Commerce reads them; what it would misread cannot be written.

Source: Adobe's code, measured on a live 2.4.8-p1.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

Scalar = str | int | Decimal | datetime
_NAME: Final = re.compile(r"^[a-z][a-z0-9_]*$")
_NUMERIC: Final = frozenset(
    {"entity_id", "store_id", "order_id", "customer_id", "website_id", "item_id", "parent_id"}
)
"""Integer columns: MySQL reads a text that is no number as 0 and finds the wrong rows."""


class Op(StrEnum):
    """Operators that are searched with, of those that Commerce's database map knows (2.4.x).
    `moreq` of Adobe's table is not among them."""

    EQ = "eq"
    GT = "gt"
    LT = "lt"
    GTEQ = "gteq"
    LTEQ = "lteq"
    LIKE = "like"
    IN = "in"
    NIN = "nin"
    NULL = "null"
    NOTNULL = "notnull"
    FROM = "from"
    TO = "to"


class Unsearchable(ValueError):
    """A search that Commerce would misread without saying so."""


@dataclass(frozen=True)
class Filter:
    """One condition, its value already written as Commerce reads it. Made by `where`."""

    field: str
    op: Op
    value: str

    @property
    def terms(self) -> tuple[tuple[str, str], ...]:
        """Its parts by the names that a search gives them."""
        return ("field", self.field), ("value", self.value), ("condition_type", self.op.value)


def where(field: str, op: Op, value: Scalar | Sequence[Scalar] | None = None) -> Filter:
    """A condition on a top-level column. `in` and `nin` take a sequence, `null` and `notnull`
    nothing.

    Datetimes are aware; Commerce keeps whole seconds in UTC, so a bound between two seconds moves
    to the second that finds the same rows. Raises `Unsearchable`.
    """
    field_name(field)
    if op in (Op.NULL, Op.NOTNULL):
        if value is not None:
            raise Unsearchable(f"{field} {op}: takes no value")
        return Filter(field, op, "1")  # the key must be there, its value is ignored
    if op in (Op.IN, Op.NIN):
        if value is None or not isinstance(value, list | tuple | set | frozenset):
            raise Unsearchable(f"{field} {op}: needs a list of values")
        return Filter(field, op, _list(field, op, value))
    if value is None or not isinstance(value, str | int | Decimal | datetime):
        raise Unsearchable(f"{field} {op}: needs one value, got {type(value).__name__}")
    return Filter(field, op, written(field, op, value))


def of_any(field: str, values: Collection[Scalar] | None) -> tuple[Filter, ...]:
    """The condition that a column has one of the values; no condition where they are not known."""
    return (where(field, Op.IN, sorted(values, key=str)),) if values else ()


def stamp(moment: datetime) -> str:
    """`YYYY-MM-DD hh:mm:ss` in UTC, the only form Commerce reads safely; an offset would be
    ignored."""
    if moment.tzinfo is None:
        raise Unsearchable("a date without a zone could mean any hour")
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment_of(text: str) -> datetime:
    """A Commerce stamp as aware UTC. Raises `ValueError`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _list(field: str, op: Op, values: Iterable[Scalar]) -> str:
    texts = [written(field, op, value) for value in values]
    if not texts:
        raise Unsearchable(f"{field} {op}: an empty list of values")
    return ",".join(texts)


def written(field: str, op: Op, value: Scalar) -> str:
    """One value as Commerce reads it. Raises `Unsearchable`."""
    if isinstance(value, datetime):
        return stamp(_whole_second(op, value))
    if isinstance(value, bool | float):
        raise Unsearchable(f"{field} {op}: write 0, 1 or a Decimal, not a {type(value).__name__}")
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if field in _NUMERIC and not re.fullmatch(r"-?\d+", text):
        fault = "the column holds whole numbers; another text would be read as 0"
        raise Unsearchable(f"{field} {op}: {fault}")
    if op in (Op.IN, Op.NIN) and ("," in text or not text):
        fault = "a value with a comma looks like two values, an empty one is lost"
        raise Unsearchable(f"{field} {op}: {fault}")
    return text


def _whole_second(op: Op, value: datetime) -> datetime:
    if value.microsecond == 0:
        return value
    if op in (Op.GTEQ, Op.LT, Op.FROM):
        return value.replace(microsecond=0) + timedelta(seconds=1)
    if op in (Op.GT, Op.LTEQ, Op.TO):
        return value.replace(microsecond=0)
    raise Unsearchable(f"{op}: Commerce keeps whole seconds, nothing happened between two of them")


def field_name(field: str) -> str:
    """The name itself. Raises `Unsearchable` for what is no field's name."""
    if not _NAME.match(field):
        raise Unsearchable(f"{field!r} is not a field's name")
    return field
