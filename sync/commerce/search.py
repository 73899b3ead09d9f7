"""searchCriteria, built so that the silent traps cannot be written.

Commerce answers 200 to an unknown operator (taken as equals), to a date it cannot read (taken as
the beginning of time), to a missing direction (descending) and to pageSize 0 (everything). Here
operators are an enumeration, dates come from aware datetimes, a direction and a size are always
written. Indexes stay below 10: from there on shops and RFC signers sort names differently and every
signature fails. Source: Adobe's code, measured on a live 2.4.8-p1.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sync.commerce.address import encoded

MOST: Final = 10
"""Groups, filters in a group, and sort fields: one digit of index each."""

LARGEST_PAGE: Final = 300
LONGEST_QUERY: Final = 7000
"""Bytes of an encoded query; leaves room for host and path within what proxies accept."""

Scalar = str | int | Decimal | datetime
Node = str | tuple[str, Sequence["Node"]]
"""A field to answer, or a field and what of it: "sku", ("items", ["sku", "qty_ordered"])."""

_NAME: Final = re.compile(r"^[a-z][a-z0-9_]*$")
_NUMERIC: Final = frozenset(
    {"entity_id", "store_id", "order_id", "customer_id", "website_id", "item_id", "parent_id"}
)
"""Integer columns: MySQL reads a text that is no number as 0 and finds the wrong rows."""


class Op(StrEnum):
    """The operators that Commerce's database map knows (2.4.x). `moreq` of Adobe's table is not
    among them."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    LT = "lt"
    GTEQ = "gteq"
    LTEQ = "lteq"
    LIKE = "like"
    NLIKE = "nlike"
    IN = "in"
    NIN = "nin"
    NULL = "null"
    NOTNULL = "notnull"
    IS = "is"
    FINSET = "finset"
    NFINSET = "nfinset"
    REGEXP = "regexp"
    FROM = "from"
    TO = "to"
    SEQ = "seq"
    SNEQ = "sneq"
    NTOA = "ntoa"


class Direction(StrEnum):
    """Always written: an absent direction sorts descending."""

    ASC = "ASC"
    DESC = "DESC"


class Unsearchable(ValueError):
    """A search that Commerce would misread without saying so."""


@dataclass(frozen=True)
class Filter:
    """One condition, its value already written as Commerce reads it. Made by `where`."""

    field: str
    op: Op
    value: str


@dataclass(frozen=True)
class Sort:
    """One sort field."""

    field: str
    direction: Direction = Direction.ASC

    def __post_init__(self) -> None:
        _name(self.field)


def where(field: str, op: Op, value: Scalar | Sequence[Scalar] | None = None) -> Filter:
    """A condition on a top-level column. `in` and `nin` take a sequence, `null` and `notnull`
    nothing.

    Datetimes are aware; Commerce keeps whole seconds in UTC, so a bound between two seconds moves
    to the second that finds the same rows. Raises `Unsearchable`.
    """
    _name(field)
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
    return Filter(field, op, _scalar(field, op, value))


def of_any(field: str, values: Collection[Scalar] | None) -> tuple[Filter, ...]:
    """The condition that a column has one of the values; no condition where they are not known."""
    return (where(field, Op.IN, sorted(values, key=str)),) if values else ()


@dataclass(frozen=True)
class Search:
    """Filters within a group are alternatives, groups must all hold. `fields` are those of one
    item; empty: all."""

    groups: tuple[tuple[Filter, ...], ...] = ()
    sorts: tuple[Sort, ...] = ()
    page_size: int = 100
    page: int = 1
    fields: tuple[Node, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= LARGEST_PAGE:
            raise Unsearchable(
                f"page size {self.page_size}: from 1 to {LARGEST_PAGE}; 0 would answer everything"
            )
        if self.page < 1:
            raise Unsearchable(f"page {self.page}: the first is 1")
        for count, what in ((len(self.groups), "groups"), (len(self.sorts), "sort fields")):
            if count > MOST:
                raise Unsearchable(f"{count} {what}: at most {MOST}; combine values with `in`")
        for group in self.groups:
            if not 1 <= len(group) <= MOST:
                raise Unsearchable(
                    f"{len(group)} filters in a group: from 1 to {MOST}; combine values with `in`"
                )

    def having(self, *alternatives: Filter) -> "Search":
        """The same search with one group more, of which any filter may hold."""
        return replace(self, groups=(*self.groups, alternatives))

    def at(self, *, page: int = 1, page_size: int | None = None) -> "Search":
        """The same search at another page."""
        return replace(
            self, page=page, page_size=self.page_size if page_size is None else page_size
        )

    def query(self) -> list[tuple[str, str]]:
        """Decoded names and values, in a stable order."""
        pairs = []
        for group, filters in enumerate(self.groups):
            for place, one in enumerate(filters):
                at = f"searchCriteria[filter_groups][{group}][filters][{place}]"
                pairs += [
                    (f"{at}[field]", one.field),
                    (f"{at}[value]", one.value),
                    (f"{at}[condition_type]", one.op.value),
                ]
        for place, sort in enumerate(self.sorts):
            at = f"searchCriteria[sortOrders][{place}]"
            pairs += [(f"{at}[field]", sort.field), (f"{at}[direction]", sort.direction.value)]
        pairs += [
            ("searchCriteria[pageSize]", str(self.page_size)),
            ("searchCriteria[currentPage]", str(self.page)),
        ]
        if self.fields:
            pairs.append(("fields", selection(("items", self.fields), "total_count")))
        return pairs


def selection(*nodes: Node) -> str:
    """A `fields` expression: `selection("sku", ("items", ["id"]))` -> `sku,items[id]`. Raises
    `Unsearchable`.

    An expression that Commerce cannot read is answered with an empty list, so it is built, not
    typed.
    """
    return ",".join(_node(node) for node in nodes)


def split(search: Search, field: str, values: Iterable[Scalar]) -> Iterator[Search]:
    """`search` with `field in values`, in as few searches as keep each query below `LONGEST_QUERY`
    bytes."""
    batch: list[Scalar] = []
    size = room = LONGEST_QUERY - len(encoded(search.having(where(field, Op.IN, ["0"])).query()))
    for value in dict.fromkeys(values):
        takes = len(encoded([("", f",{_scalar(field, Op.IN, value)}")]))
        if batch and takes > size:
            yield search.having(where(field, Op.IN, batch))
            batch, size = [], room
        batch.append(value)
        size -= takes
    if batch:
        yield search.having(where(field, Op.IN, batch))


def stamp(moment: datetime) -> str:
    """`YYYY-MM-DD hh:mm:ss` in UTC, the only form Commerce reads safely; an offset would be
    ignored."""
    if moment.tzinfo is None:
        raise Unsearchable("a date without a zone could mean any hour")
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment_of(text: str) -> datetime:
    """A Commerce stamp as aware UTC. Raises `ValueError`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _node(node: Node) -> str:
    if isinstance(node, str):
        return _name(node)
    name, children = node
    if not children:
        raise Unsearchable(f"{name}[]: name at least one field")
    return f"{_name(name)}[{selection(*children)}]"


def _list(field: str, op: Op, values: Iterable[Scalar]) -> str:
    texts = [_scalar(field, op, value) for value in values]
    if not texts:
        raise Unsearchable(f"{field} {op}: an empty list of values")
    return ",".join(texts)


def _scalar(field: str, op: Op, value: Scalar) -> str:
    if isinstance(value, datetime):
        return stamp(_whole_second(op, value))
    if isinstance(value, bool | float):
        raise Unsearchable(f"{field} {op}: write 0, 1 or a Decimal, not a {type(value).__name__}")
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if field in _NUMERIC and not re.fullmatch(r"-?\d+", text):
        raise Unsearchable(
            f"{field} {op}: the column holds whole numbers; another text would be read as 0"
        )
    if op in (Op.IN, Op.NIN) and ("," in text or not text):
        raise Unsearchable(
            f"{field} {op}: a value with a comma looks like two values, an empty one is lost"
        )
    return text


def _whole_second(op: Op, value: datetime) -> datetime:
    if value.microsecond == 0:
        return value
    if op in (Op.GTEQ, Op.LT, Op.FROM):
        return value.replace(microsecond=0) + timedelta(seconds=1)
    if op in (Op.GT, Op.LTEQ, Op.TO):
        return value.replace(microsecond=0)
    raise Unsearchable(f"{op}: Commerce keeps whole seconds, nothing happened between two of them")


def _name(field: str) -> str:
    if not _NAME.match(field):
        raise Unsearchable(f"{field!r} is not a field's name")
    return field
