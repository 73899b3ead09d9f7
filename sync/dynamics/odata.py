"""OData as F&O understands it: keys, literals, filters and query strings going out, dates and
companies coming in.

A `Filter` can only say what F&O can answer: eq, ne, gt, ge, lt, le, and, or. There is no `in` and
no function. In a text that is compared, `*` is a wildcard and a backslash has a meaning of its own,
so a value that holds one cannot be asked for exactly; such a filter is refused with `Never` instead
of finding the wrong record or missing the right one. Source: Microsoft, odata.md, 2026-01-22, and
bodies recorded against real environments in July 2026.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import quote
from uuid import UUID

from sync.core.errors import Never

NAMESPACE: Final = "Microsoft.Dynamics.DataEntities"
NO_DATE: Final = date(1900, 1, 1)
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Member:
    """A member of an enum, by name: `Member("SalesStatus", "Backorder")`. F&O never takes its
    number or its label."""

    enum: str
    name: str

    def __str__(self) -> str:
        return f"{NAMESPACE}.{_name(self.enum)}'{_name(self.name)}'"


Literal = str | int | Decimal | datetime | date | Member | UUID
"""What keys and filters may hold. Datetimes are aware; a date is an X++ Date, which stands for noon
UTC."""


def literal(value: Literal) -> str:
    """`value` as OData writes it, not yet percent-encoded: text in quotes, inner quotes doubled,
    all else bare.

    Raises `TypeError` for anything else (a float, None: text is never null in F&O, compare with
    ""), `ValueError` for a datetime without a zone.
    """
    match value:
        case str():
            return "'" + value.replace("'", "''") + "'"
        case bool():
            return "true" if value else "false"
        case int() | Member() | UUID():
            return str(value)
        case Decimal() if value.is_finite():
            return f"{value:f}"
        case datetime():
            return instant(value)
        case date():
            return noon(value)
    raise TypeError(f"a {type(value).__name__} is no key or filter value in F&O")


def instant(value: datetime) -> str:
    """An aware datetime as F&O reads it, in UTC with a Z."""
    if value.tzinfo is None:
        raise ValueError("a datetime without a zone could mean any hour")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def noon(value: date) -> str:
    """An X++ Date as F&O writes it: noon UTC, so that no time zone moves it to another day."""
    return f"{value.isoformat()}T12:00:00Z"


def encoded(text: str, *, safe: str = "") -> str:
    """`text` percent-encoded, a space as %20. Raises `Never` for half a character, which no
    encoding can carry."""
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise Never(
            "a value for Dynamics holds half a character (a lone surrogate)",
            remedy="Correct the text in Commerce; it was damaged when it was stored or exported",
        ) from None


def set_path(entity_set: str) -> str:
    """The name of an entity set, which is case-sensitive."""
    return _name(entity_set)


def record_path(entity_set: str, key: Mapping[str, Literal]) -> str:
    """`CustomersV3(dataAreaId='usmf',CustomerAccount='O%27%27B')`: every key field has to be there,
    in any order."""
    if not key:
        raise ValueError(f"{entity_set}: a record is addressed by all of its key fields")
    pairs = (f"{_name(field)}={encoded_literal(value)}" for field, value in key.items())
    return f"{set_path(entity_set)}({','.join(pairs)})"


def encoded_literal(value: Literal) -> str:
    """`value` as it stands in a URL's path: text percent-encoded within bare quotes."""
    if isinstance(value, str):
        return "'" + encoded(literal(value)[1:-1]) + "'"
    return encoded(literal(value), safe=":'")


def _name(text: str) -> str:
    """A name of ours, never of a shopper: anything odd is a bug."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name in F&O")
    return text


@dataclass(frozen=True)
class Filter:
    """A condition. Build it with `Filter.eq("SalesOrderNumber", "S-1") & Filter.ne(...)`; `text` is
    not yet encoded."""

    text: str
    compound: bool = False

    @classmethod
    def eq(cls, field: str, value: Literal) -> "Filter":
        """Equal; text compares without regard to case, as the database does. Raises `Never` for `*`
        and backslash."""
        return cls(f"{_name(field)} eq {_comparable(field, value)}")

    @classmethod
    def ne(cls, field: str, value: Literal) -> "Filter":
        """Not equal."""
        return cls(f"{_name(field)} ne {_comparable(field, value)}")

    @classmethod
    def gt(cls, field: str, value: Literal) -> "Filter":
        """Greater."""
        return cls(f"{_name(field)} gt {_orderable(field, value)}")

    @classmethod
    def ge(cls, field: str, value: Literal) -> "Filter":
        """Greater or equal."""
        return cls(f"{_name(field)} ge {_orderable(field, value)}")

    @classmethod
    def lt(cls, field: str, value: Literal) -> "Filter":
        """Less."""
        return cls(f"{_name(field)} lt {_orderable(field, value)}")

    @classmethod
    def le(cls, field: str, value: Literal) -> "Filter":
        """Less or equal."""
        return cls(f"{_name(field)} le {_orderable(field, value)}")

    @classmethod
    def any_of(cls, field: str, values: Iterable[Literal]) -> "Filter":
        """`field` equals one of `values`: the `in` that F&O lacks. Keep to some 20 values; SQL
        grows with each."""
        terms = [cls.eq(field, value).text for value in values]
        if not terms:
            raise ValueError(f"{field}: one of no values is no condition")
        return cls(" or ".join(terms), compound=len(terms) > 1)

    def __and__(self, other: "Filter") -> "Filter":
        return Filter(f"{self._grouped()} and {other._grouped()}", compound=True)

    def __or__(self, other: "Filter") -> "Filter":
        return Filter(f"{self._grouped()} or {other._grouped()}", compound=True)

    def _grouped(self) -> str:
        return f"({self.text})" if self.compound else self.text


def is_pattern(text: str) -> bool:
    """Whether F&O would read a text as a pattern, so that nothing can be asked by it."""
    return "*" in text or "\\" in text


def _comparable(field: str, value: Literal) -> str:
    if isinstance(value, str) and is_pattern(value):
        raise Never(
            f"a value for {field} holds '*' or a backslash, which F&O reads as a pattern: no exact"
            " look-up is possible",
            remedy=(
                f"Give the record a {field} without these characters, or enter the pair in the"
                " mapping by hand"
            ),
        )
    return literal(value)


def _orderable(field: str, value: Literal) -> str:
    if isinstance(value, Member):
        raise TypeError(f"{field}: members of an enum have no order in a filter")
    return _comparable(field, value)


def query_string(
    *,
    select: Sequence[str] = (),
    where: Filter | None = None,
    order_by: Sequence[str] = (),
    top: int | None = None,
) -> str:
    """The part after `?`. `order_by` takes field names, `X desc` for falling; give the full key to
    make pages stable.

    `cross-company=true` is always there: without it F&O sees the default company of the mapped user
    alone.
    """
    if top is not None and top < 1:
        raise ValueError(f"$top={top} asks for nothing")
    options = {
        "$select": ",".join(map(_name, select)),
        "$filter": encoded(where.text) if where is not None else "",
        "$orderby": ",".join(encoded(_ordered(term)) for term in order_by),
        "$top": str(top or ""),
    }
    given = [f"{name}={value}" for name, value in options.items() if value]
    return "&".join(["cross-company=true", *given])


def _ordered(term: str) -> str:
    field, *direction = term.split(" ")
    if direction not in ([], ["asc"], ["desc"]):
        raise ValueError(f"{term!r} is no order")
    return " ".join([_name(field), *direction])


def moment_of(value: str) -> datetime:
    """The moment in an answer, aware UTC, as a key holds it. Raises `ValueError` for none."""
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def instant_of(value: str | None) -> datetime | None:
    """The moment in an answer, aware UTC; any 1900-01-01 is none. "Never" is 2154-12-31 and stays
    what it is."""
    moment = moment_of(value) if value else None
    return None if moment is None or moment.date() == NO_DATE else moment
