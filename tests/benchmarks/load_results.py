"""What a run of orders under load comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Loaded:
    """What came of some orders. `share`: of the work that F&O could have done meanwhile, how much
    it takes at least to create them, a header and its lines in one batch. `seconds`: from the
    notification until the order was there, sorted. `own_ms`: CPU time of ours per order, without
    the sandbox's; `lost` and `doubled`: orders that are not there, or are there twice. `tables` and
    `queue`: operations of an order, as they are billed."""

    what: str
    orders: int
    minutes: float
    share: float
    throttled: float
    ours: float
    theirs: float
    seconds: Sequence[float] = ()
    own_ms: float = 0.0
    lost: int = 0
    doubled: int = 0
    tables: float = 0.0
    queue: float = 0.0

    def percentile(self, hundredths: int) -> float:
        """What so many of a hundred stayed below."""
        last = len(self.seconds) - 1
        return self.seconds[min(len(self.seconds) * hundredths // 100, last)] if last >= 0 else 0.0

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "what": self.what, "orders": self.orders,
            "orders_a_minute": round(self.orders / self.minutes, 1),
            "share_of_capacity": round(self.share, 3), "share_of_429": round(self.throttled, 4),
            "commerce_requests": round(self.ours, 2), "dynamics_requests": round(self.theirs, 2),
            "table_operations": round(self.tables, 1), "queue_operations": round(self.queue, 1),
            **{f"p{each}_s": round(self.percentile(each), 2) for each in (50, 95, 99)},
            "own_cpu_ms": round(self.own_ms, 2), "lost": self.lost, "doubled": self.doubled,
        }  # fmt: skip


@dataclass(frozen=True)
class Recovered:
    """After F&O was away. `asked`: requests a minute meanwhile; `seconds`: until a window of 30 s
    did 90 % of what F&O can do, None where none did; `drained`: until all that had waited was
    there."""

    orders: int
    asked: float
    seconds: float | None
    drained: float
    lost: int
    doubled: int

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "orders": self.orders, "requests_a_minute_while_away": round(self.asked, 1),
            "seconds_until_90_percent": self.seconds, "seconds_until_drained": self.drained,
            "lost": self.lost, "doubled": self.doubled,
        }  # fmt: skip


@dataclass(frozen=True)
class Load:
    """All that was measured: of ours, of the usual integration, and after an outage."""

    ours: Sequence[Loaded]
    usual: Sequence[Loaded]
    recovered: Recovered

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "ours": [one.facts() for one in self.ours],
            "usual": [one.facts() for one in self.usual],
            "recovered": self.recovered.facts(),
        }
