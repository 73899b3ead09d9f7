"""searchCriteria, built so that the silent traps cannot be written.

Commerce answers 200 to an unknown operator (taken as equals), to a date it cannot read (taken as
the beginning of time), to a missing direction (descending) and to pageSize 0 (everything). Here
operators are an enumeration, dates come from aware datetimes, a direction and a size are always
written. Indexes stay below 10: from there on shops and RFC signers sort names differently and every
signature fails. Source: Adobe's code, measured on a live 2.4.8-p1.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sync.commerce.address import encoded
from sync.commerce.filters import Filter, Op, Scalar, Unsearchable, field_name, where, written

MOST: Final = 10
"""Groups, filters in a group, and sort fields: one digit of index each."""

LARGEST_PAGE: Final = 300
LONGEST_QUERY: Final = 7000
"""Bytes of an encoded query; leaves room for host and path within what proxies accept."""

Node = str | tuple[str, Sequence["Node"]]
"""A field to answer, or a field and what of it: "sku", ("items", ["sku", "qty_ordered"])."""


class Direction(StrEnum):
    """Always written: an absent direction sorts descending."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True)
class Sort:
    """One sort field."""

    field: str
    direction: Direction = Direction.ASC

    def __post_init__(self) -> None:
        field_name(self.field)


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
            allowed = f"from 1 to {LARGEST_PAGE}; 0 would answer everything"
            raise Unsearchable(f"page size {self.page_size}: {allowed}")
        if self.page < 1:
            raise Unsearchable(f"page {self.page}: the first is 1")
        for count, what in ((len(self.groups), "groups"), (len(self.sorts), "sort fields")):
            if count > MOST:
                raise Unsearchable(f"{count} {what}: at most {MOST}; combine values with `in`")
        for group in self.groups:
            if not 1 <= len(group) <= MOST:
                allowed = f"from 1 to {MOST}; combine values with `in`"
                raise Unsearchable(f"{len(group)} filters in a group: {allowed}")

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
        pairs = [
            (f"searchCriteria[filter_groups][{group}][filters][{place}][{name}]", value)
            for group, filters in enumerate(self.groups)
            for place, one in enumerate(filters)
            for name, value in one.terms
        ]
        for place, sort in enumerate(self.sorts):
            at = f"searchCriteria[sortOrders][{place}]"
            pairs += [(f"{at}[field]", sort.field), (f"{at}[direction]", sort.direction.value)]
        pairs.append(("searchCriteria[pageSize]", str(self.page_size)))
        pairs.append(("searchCriteria[currentPage]", str(self.page)))
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
        takes = len(encoded([("", f",{written(field, Op.IN, value)}")]))
        if batch and takes > size:
            yield search.having(where(field, Op.IN, batch))
            batch, size = [], room
        batch.append(value)
        size -= takes
    if batch:
        yield search.having(where(field, Op.IN, batch))


def of_skus(search: Search, skus: Iterable[str]) -> Iterator[Search]:
    """`search` for these SKUs, as few searches as may be; one with a comma has a search of its
    own."""
    wanted = list(dict.fromkeys(skus))
    yield from split(search, "sku", [one for one in wanted if "," not in one])
    yield from (search.having(where("sku", Op.EQ, one)) for one in wanted if "," in one)


def _node(node: Node) -> str:
    if isinstance(node, str):
        return field_name(node)
    name, children = node
    if not children:
        raise Unsearchable(f"{name}[]: name at least one field")
    return f"{field_name(name)}[{selection(*children)}]"
