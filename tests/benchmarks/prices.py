"""What a month costs, from counted operations and assumed prices. docs/cost.md says what each line
is."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sync.hosts.registered import DeadLetterFunction, QueueFunction, registered
from tests.benchmarks.operations import IDLE, INVOICES_POLLED, MEMOS_POLLED, ORDERS_POLLED, Cost
from tests.hosts.surface import app

ROOT: Final = Path(__file__).parents[2]
HOURS: Final = 730
"""Of a month."""
GB: Final = 1e9
MILLION: Final = 1e6
VOLUMES: Final[Mapping[str, int]] = {
    ORDERS_POLLED: 10_000,
    INVOICES_POLLED: 10_000,
    MEMOS_POLLED: 500,
}


@dataclass(frozen=True)
class Price:
    """US dollars for so many of something, beyond what is free in a month."""

    what: str
    dollars: float
    per: float
    unit: str
    free: float = 0

    def of(self, quantity: float) -> float:
        """What so many cost."""
        return max(quantity - self.free, 0) / self.per * self.dollars


PRICES: Final[Mapping[str, Price]] = {
    "seconds": Price("Functions, memory x time", 0.000026, 1, "GB-second", 100_000),
    "executions": Price("Functions, executions", 0.40, MILLION, "million", 250_000),
    "base": Price("Service Bus Standard, base", 10.0, 1, "month"),
    "operations": Price("Service Bus, operations", 0.80, MILLION, "million", 13 * MILLION),
    "transactions": Price("Table Storage, transactions", 0.00036, 10_000, "10,000"),
    "stored": Price("Table Storage, kept (ZRS)", 0.056, GB, "GB and month"),
    "blobs": Price("the host's own blobs, writes", 0.065, 10_000, "10,000"),
    "logs": Price("Log Analytics, ingested", 2.30, GB, "GB", 5 * GB),
    "rules": Price("log alert rule, every 5 minutes", 1.50, 1, "rule and month"),
    "series": Price("each further series of a rule", 0.15, 1, "series and month"),
    "secrets": Price("Key Vault, operations", 0.03, 10_000, "10,000"),
}
"""Commonly published list prices as of November 2026. Assumptions: Azure's price calculator knows
yours."""

HOOK_SECONDS, DELIVERY_SECONDS, POLL_SECONDS, TIMER_SECONDS = 1.0, 2.0, 1.0, 1.0
"""What an execution is billed for: a second at least, each by itself; what runs at the same time on
an instance shares it."""
ITEM_BYTES: Final = 1_000
"""What an item of telemetry is billed as, its own words included."""
HOOK_ITEMS, DELIVERY_ITEMS, POLL_ITEMS, TIMER_ITEMS = 3, 5, 4, 3
"""Of the host: a request, and a line each when an execution begins, tells of its trigger, and ends;
of a delivery, our span."""
MEASURES: Final = 2 * 5 * 60
"""Items an hour: two measures of each flow of the connection, every minute."""
SCALING: Final = 6 * 60
"""Looks an hour at each queue, by what decides how many instances there are."""
EMPTY: Final = 60
"""Receives an hour that end empty, of each of a listener's `maxConcurrentCalls`."""
RULES, SERIES = 15, 9
"""Alerts on the log; queues and flows beyond the first that two of them watch each by itself."""
BLOBS: Final = 1
"""Writes of the host each time a timer fires: when it ran last."""
SECRETS: Final = 7 * 4 * 12
"""Questions an hour: six secrets and a key, at four functions' instances, each five minutes."""


def listeners() -> int:
    """Functions that wait at a queue or its dead letters."""
    return sum(isinstance(each, QueueFunction | DeadLetterFunction) for each in registered(app()))


def calls() -> int:
    """How many messages a listener asks for at once."""
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    return int(host["extensions"]["serviceBus"]["maxConcurrentCalls"])


def month(kinds: Sequence[Cost], volumes: Mapping[str, int]) -> Counter[str]:
    """Operations of a month: so many of each kind, and its hours of polls."""
    found: Counter[str] = Counter()
    wanted = {**volumes, IDLE: HOURS}
    for cost in kinds:
        for name in cost.counts:
            found[name] += round(cost.each(name) * wanted.get(cost.title, 0))
    return found


def bill(
    kinds: Sequence[Cost], volumes: Mapping[str, int], gigabytes: float
) -> list[tuple[str, float, float]]:
    """(what, quantity, US dollars) of a month, on instances of so much memory."""
    of = month(kinds, volumes)
    hooks, deliveries, polls, timers = (
        of[f"functions {name}"] for name in ("hooks", "deliveries", "polls", "timers")
    )
    seconds = (
        hooks * HOOK_SECONDS
        + deliveries * DELIVERY_SECONDS
        + polls * POLL_SECONDS
        + timers * TIMER_SECONDS
    )
    tables = ("reads", "inserts", "transactions", "deletes", "pages")
    waits = SCALING + (EMPTY * calls() if any(volumes.values()) else 0)
    bus = sum(of[f"bus {name}"] for name in ("messages sent", "receives", "completes", "looks"))
    items = (
        hooks * HOOK_ITEMS
        + deliveries * DELIVERY_ITEMS
        + polls * POLL_ITEMS
        + timers * TIMER_ITEMS
        + of["log lines"]
        + MEASURES * HOURS
    )
    quantities = {
        "seconds": seconds * gigabytes, "base": 1,
        "executions": hooks + deliveries + polls + timers,
        "operations": bus + listeners() * waits * HOURS,
        "transactions": sum(of[f"tables {name}"] for name in tables), "stored": of["stored bytes"],
        "blobs": timers * BLOBS, "logs": items * ITEM_BYTES, "rules": RULES, "series": SERIES,
        "secrets": SECRETS * HOURS,
    }  # fmt: skip
    return [(name, quantity, PRICES[name].of(quantity)) for name, quantity in quantities.items()]
