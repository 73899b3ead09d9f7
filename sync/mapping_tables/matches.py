"""What matching found: sure matches, what a person must decide, and what has no counterpart."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

M = TypeVar("M")


@dataclass(frozen=True)
class Matched(Generic[M]):
    """A mapping and the rule that found it."""

    rule: str
    mapping: M


@dataclass(frozen=True)
class Ambiguous:
    """Something was found and not taken, and why. `key`: the SKU or the customer's id."""

    key: str
    rule: str
    candidates: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Unmatched:
    """Nothing was found, and why."""

    key: str
    reason: str


Verdict = Matched[M] | Ambiguous | Unmatched


@dataclass(frozen=True)
class Matches(Generic[M]):
    """What the rules found. `by_rule` counts the matched."""

    matched: tuple[M, ...]
    ambiguous: tuple[Ambiguous, ...]
    unmatched: tuple[Unmatched, ...]
    not_sold: int = 0
    by_rule: Mapping[str, int] = field(default_factory=dict)

    def with_unmatched(self, more: Iterable[Unmatched]) -> "Matches[M]":
        """The same, with more that has no counterpart."""
        return replace(self, unmatched=(*self.unmatched, *more))

    def counts(self) -> dict[str, int]:
        """How many of each."""
        sizes = (len(self.matched), len(self.ambiguous), len(self.unmatched), self.not_sold)
        return dict(zip(("matched", "ambiguous", "unmatched", "not_sold"), sizes, strict=True))


def collected(verdicts: Iterable[Verdict[M]], *, not_sold: int = 0) -> Matches[M]:
    """The verdicts, sorted by kind and counted."""
    verdicts = list(verdicts)
    matched = [verdict for verdict in verdicts if isinstance(verdict, Matched)]
    return Matches(
        tuple(verdict.mapping for verdict in matched),
        tuple(verdict for verdict in verdicts if isinstance(verdict, Ambiguous)),
        tuple(verdict for verdict in verdicts if isinstance(verdict, Unmatched)),
        not_sold,
        dict(Counter(verdict.rule for verdict in matched)),
    )
