"""What one seed draws: how many workers, which settings, what goes wrong and for how long.
Everything else follows."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from random import Random
from typing import Any

from tests.systems import SAAS

RATES = ("throttle", "error_before", "dropped", "error_after", "lost", "delayed")


@dataclass(frozen=True)
class Plan:
    """A world before it begins. Rates are per request, spans are seconds of virtual time.

    `trouble`: for how long things go wrong; then both systems behave, so that the world can become
    quiet. `crash_at`: chance that a worker dies a few steps after a write went out. `last_steps`:
    after how many steps of its own each worker in turn dies. `store_faults`: chance that a call of
    queue or tables fails, where those are remote. `is_hosted`: the shop is Adobe's cloud service,
    with tokens instead of signatures.
    """

    seed: int
    workers: int
    order_numbers: str
    customer_numbers: str
    orders: int
    shoppers: int
    trouble: float
    spread: float
    ledger: Mapping[str, float]
    shop: Mapping[str, float]
    intake: Mapping[str, float]
    skew: float
    store_latency: float
    store_faults: float
    last_steps: tuple[int, ...]
    crash_at: float
    has_webhook: bool
    is_hosted: bool

    @classmethod
    def drawn(cls, seed: int) -> "Plan":
        """The plan of a seed."""
        random = Random(f"plan {seed}")
        harsh = random.choice((0.0, 0.5, 1.0, 1.0, 2.0))
        return cls(
            seed=seed,
            workers=random.choice((1, 1, 1, 2, 2, 2, 3)),
            order_numbers=random.choice(("ours", "theirs")),
            customer_numbers=random.choice(("ours", "theirs")),
            orders=random.randint(2, 5),
            shoppers=random.choice((1, 1, 2, 2, 3, 4)),
            trouble=random.uniform(60, 600),
            spread=random.choice((1.0, 30.0, 300.0)),
            ledger=_system(random, harsh, latency=random.choice((0.0, 0.4, 4.0, 4.0, 4.0, 130.0))),
            shop=_system(random, harsh * 0.5, latency=random.choice((0.0, 0.4, 4.0, 20.0))),
            intake=_intake(random),
            skew=random.choice((0.0, 0.0, 0.0, 20.0, -20.0, 150.0, -150.0)),
            store_latency=random.choice((0.0, 0.0, 0.0, 0.02, 0.3)),
            store_faults=random.choice((0.0, 0.0, 0.0, 0.03)),
            last_steps=tuple(
                int(30 * 200 ** random.random()) for _ in range(random.choice((0, 1, 2, 4)))
            ),
            crash_at=random.choice((0.0, 0.02, 0.1)),
            has_webhook=random.random() < 0.9,
            is_hosted=random.random() < 0.8,
        )

    @property
    def is_alone(self) -> bool:
        """Whether one worker at a time works, and knows it."""
        return self.workers == 1

    def reported(self) -> str:
        """For people, one fact a line."""
        return "\n".join(f"  {item.name} = {getattr(self, item.name)}" for item in fields(self))

    def settings(self) -> dict[str, Any]:
        """What the connection is set to."""
        mine = {
            "orders": {"numbers": self.order_numbers},
            "customers": {"numbers": self.customer_numbers},
        }
        return {**mine, "commerce": SAAS} if self.is_hosted else mine


def _system(random: Random, harsh: float, *, latency: float) -> dict[str, float]:
    """Dials of one sandbox."""
    rates = {f"{name}_rate": round(harsh * random.choice((0.0, 0.02, 0.1)), 4) for name in RATES}
    return {
        **rates,
        "latency_low": latency / 10,
        "latency_high": latency,
        "retry_after": random.choice((1, 5, 30)),
        "delay_low": 1.0,
        "delay_high": random.choice((20.0, 170.0)),
    }


def _intake(random: Random) -> dict[str, float]:
    return {
        "lost_rate": random.choice((0.0, 0.1, 0.5)),
        "double_rate": random.choice((0.0, 0.5)),
        "late_rate": random.choice((0.0, 0.5)),
        "late_high": random.choice((3.0, 60.0, 400.0)),
        "early_rate": random.choice((0.0, 0.3, 1.0)),
        "early_high": random.choice((5.0, 60.0, 250.0)),
    }
