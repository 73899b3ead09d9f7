"""What a reconciliation finds: differences with their causes, and sums of both books."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sync.core.money import ZERO, rounded
from sync.engine.claim import Claim
from sync.reconcile.commands import Commands


class Cause(StrEnum):
    """Why the books differ about a record."""

    NOT_DUE = "not yet due"
    WAITING = "waiting"
    PARKED = "parked"
    MISSING = "missing"
    DOUBLED = "doubled"
    AMOUNT = "amount"
    TAX = "tax"
    EDITED = "edited in F&O"
    EDITED_HERE = "edited in Commerce"
    UNKNOWN = "unknown to us"

    @property
    def is_explained(self) -> bool:
        """Whether it goes by itself, so that nobody has to do anything."""
        return self in (Cause.NOT_DUE, Cause.WAITING)


ACCEPTABLE: Final = (Cause.EDITED, Cause.TAX)
"""Causes of which a person may say that it is right so."""


@dataclass(frozen=True)
class Difference:
    """One record about which the books differ. `commerce` and `dynamics`: what each side holds,
    with tax, None where it holds nothing. `since`: since when, as far as is known, in UTC.
    `command`: what mends it, else what a person has to do."""

    kind: str
    key: str
    store: str
    day: str
    currency: str
    commerce: Decimal | None
    dynamics: Decimal | None
    cause: Cause
    since: str
    command: str

    @property
    def difference(self) -> Decimal:
        """Commerce less F&O."""
        return (self.commerce or ZERO) - (self.dynamics or ZERO)

    @property
    def sums(self) -> str:
        """What a person decides on: other sums ask again."""
        held = f"Commerce {_text(self.commerce)}, F&O {_text(self.dynamics)}"
        return f"{self.kind}: {held} {self.currency}".rstrip()

    def unless_accepted(self, claim: Claim) -> "Difference | None":
        """The difference with how to accept it, where it may be; None where somebody did."""
        if self.cause not in ACCEPTABLE or not claim.etag:
            return self
        if self.sums in claim.accepted.splitlines():
            return None
        about = Commands(claim.connection, claim.flow, claim.key)
        return replace(self, command=f"{self.command} Or: {about.resolve(self.sums)}")

    def as_json(self) -> dict[str, str | None]:
        """As it is printed; amounts as text with two decimals."""
        return {
            "kind": self.kind, "key": self.key, "store": self.store, "day": self.day,
            "currency": self.currency, "commerce": _text(self.commerce),
            "dynamics": _text(self.dynamics), "difference": _text(self.difference),
            "cause": str(self.cause), "since": self.since, "command": self.command,
        }  # fmt: skip


COLUMNS: Final = (
    "kind", "key", "store", "day", "currency", "commerce", "dynamics", "difference", "cause",
    "since", "command",
)  # fmt: skip
SUMS: Final = (
    "kind", "day", "store", "currency", "commerce_count", "commerce", "dynamics_count",
    "dynamics", "difference",
)  # fmt: skip

Place = tuple[str, str, str, str]
"""Kind, day, store view and currency."""


@dataclass
class Sum:
    """How many documents each side has, and what they come to."""

    commerce_count: int = 0
    commerce: Decimal = ZERO
    dynamics_count: int = 0
    dynamics: Decimal = ZERO

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "commerce_count": self.commerce_count, "commerce": _text(self.commerce),
            "dynamics_count": self.dynamics_count, "dynamics": _text(self.dynamics),
            "difference": _text(self.commerce - self.dynamics),
        }  # fmt: skip


@dataclass
class Summary:
    """The sums of a reconciliation, and its differences by cause."""

    since: str
    until: str
    sums: dict[Place, Sum] = field(default_factory=dict)
    causes: Counter[Cause] = field(default_factory=Counter)

    def add(self, place: Place, commerce: list[Decimal], dynamics: list[Decimal]) -> None:
        """Count the documents of one record."""
        found = self.sums.setdefault(place, Sum())
        found.commerce_count += len(commerce)
        found.commerce += sum(commerce, ZERO)
        found.dynamics_count += len(dynamics)
        found.dynamics += sum(dynamics, ZERO)

    @property
    def unexplained(self) -> int:
        """Differences that somebody has to do something about."""
        return sum(count for cause, count in self.causes.items() if not cause.is_explained)

    def days(self) -> Iterator[dict[str, Any]]:
        """The sums per kind, day, store view and currency."""
        for place in sorted(self.sums):
            names = dict(zip(("kind", "day", "store", "currency"), place, strict=True))
            yield {**names, **self.sums[place].as_json()}

    def totals(self) -> Iterator[dict[str, Any]]:
        """The sums per kind and currency."""
        whole: dict[tuple[str, str], Sum] = {}
        for (kind, _, _, currency), one in sorted(self.sums.items()):
            into = whole.setdefault((kind, currency), Sum())
            into.commerce_count += one.commerce_count
            into.commerce += one.commerce
            into.dynamics_count += one.dynamics_count
            into.dynamics += one.dynamics
        for (kind, currency), found in whole.items():
            yield {"kind": kind, "currency": currency, **found.as_json()}

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "from": self.since, "to": self.until, "totals": [*self.totals()],
            "days": [*self.days()], "causes": {str(k): n for k, n in sorted(self.causes.items())},
            "unexplained": self.unexplained,
        }  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    """With two decimals; pieces with as many as they have."""
    if amount is None:
        return None
    is_money = rounded(amount) == amount
    return f"{amount:.2f}" if is_money else f"{amount.normalize():f}"
