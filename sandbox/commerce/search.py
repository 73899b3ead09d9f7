"""`searchCriteria`: groups are joined by AND, the filters of one group by OR; with every trap of
the real one.

A page past the end is empty with the true count, no page size or 0 is everything, an unknown column
is an SQL error, no direction sorts descending, and what the shop understood is echoed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.commerce.conditions import Kind, comparable, test_of
from sandbox.commerce.faults import RestFault, Unexpected, required, unsupported, wrong_type
from sandbox.commerce.query import Nested

R = TypeVar("R")
NAMES = {
    "filter_groups": "filter_groups",
    "filterGroups": "filter_groups",
    "sort_orders": "sort_orders",
    "sortOrders": "sort_orders",
    "page_size": "pageSize",
    "pageSize": "pageSize",
    "current_page": "currentPage",
    "currentPage": "currentPage",
}


@dataclass(frozen=True)
class Filter:
    """One comparison."""

    field: str
    value: str
    condition: str


@dataclass(frozen=True)
class Criteria:
    """What was asked for. `sorts` are (column, direction as sent or None)."""

    groups: tuple[tuple[Filter, ...], ...] = ()
    sorts: tuple[tuple[str, str | None], ...] = ()
    page_size: int | None = None
    page: int | None = None

    def keys(self, field: str) -> frozenset[str] | None:
        """The only values of a field that can fit, where a group says so; None where any might."""
        for group in self.groups:
            if len(group) == 1 and group[0].field == field and group[0].condition in {"eq", "in"}:
                return frozenset(group[0].value.split(","))
        return None

    def echo(self) -> dict[str, Any]:
        """`search_criteria` of the answer."""
        filters: list[Any] = [
            {
                "filters": [
                    {
                        "field": one.field,
                        "value": one.value,
                        "condition_type": one.condition or "eq",
                    }
                    for one in group
                ]
            }
            for group in self.groups
        ]
        sorts = [
            {"field": field, **({"direction": way} if way else {})} for field, way in self.sorts
        ]
        found: dict[str, Any] = {"filter_groups": filters, "sort_orders": sorts or None}
        found |= {"page_size": self.page_size, "current_page": self.page}
        return {key: value for key, value in found.items() if value is not None}


def criteria_from(query: Nested) -> Criteria:
    """Read the query's search criteria. Raises `RestFault` when they are missing or hold what
    nobody knows."""
    raw = query.get("searchCriteria", query.get("search_criteria"))
    if raw is None:
        raise required("searchCriteria")
    if not isinstance(raw, dict):
        return Criteria()
    known: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in NAMES:
            raise unsupported(key)
        known[NAMES[key]] = value
    return Criteria(
        groups=tuple(_group(group) for group in _values(known.get("filter_groups"))),
        sorts=tuple(_sort(sort) for sort in _values(known.get("sort_orders"))),
        page_size=_whole(known, "pageSize"),
        page=_whole(known, "currentPage"),
    )


def _values(nested: Any) -> Iterable[Any]:
    return nested.values() if isinstance(nested, dict) else ()


def _whole(known: Mapping[str, Any], name: str) -> int | None:
    text = known.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise wrong_type(str(text), "int", name) from None


def _group(group: Any) -> tuple[Filter, ...]:
    if not isinstance(group, dict):
        raise unsupported(str(group))
    for key in group:
        if key != "filters":
            raise unsupported(key)
    return tuple(_filter(one) for one in _values(group.get("filters")))


def _filter(raw: Any) -> Filter:
    if not isinstance(raw, dict):
        raise unsupported(str(raw))
    for key in raw:
        if key not in {"field", "value", "condition_type", "conditionType"}:
            raise unsupported(key)
    condition = raw.get("condition_type", raw.get("conditionType", "eq"))
    return Filter(str(raw.get("field", "")), str(raw.get("value", "")), str(condition))


def _sort(raw: Any) -> tuple[str, str | None]:
    if not isinstance(raw, dict):
        raise unsupported(str(raw))
    way = raw.get("direction")
    if way is not None and way.upper() not in {"ASC", "DESC"}:
        text = (
            "The sort order has to be specified as %1 for ascending order or %2 for descending"
            " order."
        )
        raise RestFault(400, text, ["ASC", "DESC"])
    return raw.get("field", ""), way.upper() if way else None


def found(
    rows: Sequence[R],
    criteria: Criteria,
    kinds: Mapping[str, Kind],
    column: Callable[[R, str], Any],
    *,
    attributes: bool = False,
) -> tuple[list[R], int]:
    """The page of rows that fit, and how many fit in all. `rows` come in the order of their primary
    key.

    Raises `Unexpected` for a column that the table does not have; lists of `attributes` refuse it
    with 400 instead.
    """
    for field in [one.field for group in criteria.groups for one in group] + [
        field for field, _ in criteria.sorts
    ]:
        if field not in kinds and attributes:
            raise RestFault(
                400, 'The "%1" attribute name is invalid. Reset the name and try again.', [field]
            )
        if field not in kinds:
            raise Unexpected(f"Unknown column '{field}' in 'where clause'")
    matching = list(rows)
    for group in criteria.groups:
        if group:
            matching = _meeting(matching, group, kinds, column)
    for field, way in reversed(criteria.sorts):
        kind = kinds[field]

        def rank(row: R, field: str = field, kind: Kind = kind) -> tuple[bool, Any]:
            value = column(row, field)
            return (value is not None, comparable(value, kind) if value is not None else 0)

        matching.sort(key=rank, reverse=way != "ASC")
    if not criteria.page_size or criteria.page_size < 0:
        return matching, len(matching)
    start = (max(criteria.page or 1, 1) - 1) * criteria.page_size
    return matching[start : start + criteria.page_size], len(matching)


def _meeting(
    rows: list[R],
    group: tuple[Filter, ...],
    kinds: Mapping[str, Kind],
    column: Callable[[R, str], Any],
) -> list[R]:
    """The rows that meet one of the group's filters; `from` and `to` on one field are a range, not
    alternatives."""
    tests = [(one.field, test_of(one.condition, one.value, kinds[one.field])) for one in group]
    ranged = len({one.field for one in group}) == 1 and {one.condition for one in group} == {
        "from",
        "to",
    }
    enough = all if ranged else any
    return [row for row in rows if enough(test(column(row, field)) for field, test in tests)]
