"""The meaning of a `$filter`: a tree that can say which rows to look at (`needles`) and which of
them fit (`fits`).

Text compares without case; `*` in the text of an eq or ne is a wildcard. `grammar.py` makes the
tree.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.dynamics.schema import COMPANY, Property
from sandbox.dynamics.values import folded

Needles = tuple[str, frozenset[Any]]


class Node(Protocol):
    """A part of a filter."""

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether a row (sparse: unset properties may be missing) is asked for."""
        ...

    def needles(self) -> Needles | None:
        """A property and the folded values that every fitting row has one of; None when that cannot
        be said."""
        ...


@dataclass(frozen=True)
class Comparison:
    """A property against a literal."""

    known: Property
    operator: str
    literal: Any

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Compare; null is equal to null alone and neither less nor greater than anything."""
        value = folded(row.get(self.known.name, self.known.unset))
        wanted = self.literal
        if isinstance(wanted, re.Pattern):
            return (wanted.fullmatch(value) is not None) == (self.operator == "eq")
        if self.operator in {"eq", "ne"}:
            return bool((value == wanted) == (self.operator == "eq"))
        if value is None or wanted is None:
            return False
        if self.operator in {"gt", "ge"}:
            return bool(value > wanted or (self.operator == "ge" and value == wanted))
        return bool(value < wanted or (self.operator == "le" and value == wanted))

    def needles(self) -> Needles | None:
        """An exact text is worth an index."""
        if self.operator == "eq" and isinstance(self.literal, str) and self.literal:
            return self.known.name, frozenset({self.literal})
        return None


@dataclass(frozen=True)
class Every:
    """`and`."""

    parts: tuple[Node, ...]

    def fits(self, row: Mapping[str, Any]) -> bool:
        """All parts."""
        return all(part.fits(row) for part in self.parts)

    def needles(self) -> Needles | None:
        """One part's, rather not the company's."""
        found = [needle for part in self.parts if (needle := part.needles())]
        return min(found, key=lambda needle: needle[0] == COMPANY, default=None)


@dataclass(frozen=True)
class Either:
    """`or`."""

    parts: tuple[Node, ...]

    def fits(self, row: Mapping[str, Any]) -> bool:
        """One part at least."""
        return any(part.fits(row) for part in self.parts)

    def needles(self) -> Needles | None:
        """All parts' together, when they speak of the same property."""
        found = [part.needles() for part in self.parts]
        names = {needle[0] if needle else None for needle in found}
        name = names.pop()
        if names or name is None:
            return None
        return name, frozenset().union(*(needle[1] for needle in found if needle))


@dataclass(frozen=True)
class Opposite:
    """`not`."""

    of: Node

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whatever it does not fit."""
        return not self.of.fits(row)

    def needles(self) -> Needles | None:
        """Nothing can be said."""
        return None
