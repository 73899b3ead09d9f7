"""What the demo measures: requests per order, time from notification to posted, and what went wrong
on purpose."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Final

from sandbox.demo.environment import Environment
from sandbox.demo.reconciliation import Finding
from sync.config.connections import NumberMode
from sync.core.money import CENT, rounded

POSTED: Final = ("created", "adopted")
WRITES: Final = {NumberMode.OURS: 1, NumberMode.THEIRS: 2}
"""Requests that write one order: one changeset, or the header and then its lines."""


@dataclass(frozen=True)
class Price:
    """What an order of a connection costs, in requests."""

    connection: str
    numbers: NumberMode
    orders: int
    dynamics_writes: int
    dynamics_reads: int
    commerce_reads: int

    @classmethod
    def between(
        cls,
        connection: str,
        numbers: NumberMode,
        orders: int,
        before: Mapping[str, int],
        after: Mapping[str, int],
    ) -> "Price":
        """From the host's counts before and after so many orders."""
        names = ("dynamics_writes", "dynamics_reads", "commerce_reads")
        spent = {name: after.get(name, 0) - before.get(name, 0) for name in names}
        return cls(connection, numbers, orders, **spent)

    def each(self, requests: int) -> Decimal:
        """Requests per order, to two decimals."""
        return rounded(Decimal(requests) / self.orders, CENT)

    def findings(self) -> list[Finding]:
        """Whether more is written than is promised. What else is read meanwhile depends on the
        machine: `tests/benchmarks/quick.py` bounds the reads of an order."""
        found = []
        if self.dynamics_writes != self.orders * WRITES[self.numbers]:
            what = (
                f"{self.dynamics_writes} writing requests to Dynamics for {self.orders} orders,"
                f" {WRITES[self.numbers]} each are promised"
            )
            found.append(Finding(self.connection, "requests", what))
        return found

    def as_json(self) -> dict[str, str]:
        """Per order, as text with two decimals."""
        names = ("dynamics_writes", "dynamics_reads", "commerce_reads")
        per_order = {name: f"{self.each(getattr(self, name)):.2f}" for name in names}
        return {"connection": self.connection, "numbers": str(self.numbers), **per_order}


async def latencies(environment: Environment) -> list[int]:
    """Milliseconds from the first notification of an order to its posting, of every order, shortest
    first."""
    ledger = environment.engine.ledger
    found = [
        int(entry.details["since_notification_ms"])
        for name in environment.pairs
        async for claim in ledger.claims(name, "orders")
        for entry in await ledger.trail(name, "orders", claim.key)
        if entry.event in POSTED
    ]
    return sorted(found)


def percentile(ordered: Sequence[int], percent: int) -> int:
    """The smallest value that so many per cent do not exceed; 0 of nothing."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else 0


async def incidents(environment: Environment) -> dict[str, int]:
    """What the sandboxes did to us, by a name for people."""
    counts: Counter[str] = Counter()
    for pair in environment.pairs.values():
        notifications = (await pair.shop.ask("GET", "/sandbox/webhooks"))["counts"]
        counts.update(
            {f"webhooks {name}": notifications.get(name, 0) for name in ("lost", "doubled", "late")}
        )
        for face in (pair.shop, pair.ledger):
            faults = (await face.ask("GET", "/sandbox/dials"))["counts"]
            counts["429s"] += faults.get("throttle", 0)
            counts["503s"] += faults.get("error_before", 0)
            counts["answers lost"] += faults.get("lost", 0)
    return dict(counts)
