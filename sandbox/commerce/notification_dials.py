"""What goes wrong with the shop's notifications. Every choice comes from the injected
`random.Random`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from random import Random
from typing import Any


@dataclass
class NotificationDials:
    """What goes wrong between the shop and its listeners. Rates are probabilities per notification,
    waits are seconds.

    `early_rate`: an order is read only some time after its notification was sent (its transaction
    or a replica lags).
    """

    random: Random = field(default_factory=lambda: Random(0))
    lost_rate: float = 0.0
    double_rate: float = 0.0
    late_rate: float = 0.0
    late_low: float = 0.1
    late_high: float = 30.0
    early_rate: float = 0.0
    early_low: float = 0.1
    early_high: float = 5.0

    def commit_lag(self) -> timedelta:
        """How long an order placed now stays invisible."""
        early = self.random.random() < self.early_rate
        return (
            timedelta(seconds=self.random.uniform(self.early_low, self.early_high))
            if early
            else timedelta()
        )

    def waits(self) -> list[float]:
        """When each copy of a notification is sent: none when it is lost."""
        if self.random.random() < self.lost_rate:
            return []
        copies = 2 if self.random.random() < self.double_rate else 1
        return [self._wait() for _ in range(copies)]

    def _wait(self) -> float:
        late = self.random.random() < self.late_rate
        return self.random.uniform(self.late_low, self.late_high) if late else 0.0

    def as_json(self) -> dict[str, float]:
        """The dials by name."""
        return {
            item.name: getattr(self, item.name) for item in fields(self) if item.name != "random"
        }

    def turn(self, wanted: Mapping[str, Any]) -> None:
        """Set dials by name. Raises `ValueError` for one that there is not, or no number; then
        nothing was changed."""
        for name, value in wanted.items():
            if (
                name not in self.as_json()
                or isinstance(value, bool)
                or not isinstance(value, int | float)
                or value < 0
            ):
                raise ValueError(
                    f"{name}={value!r} is no dial set to a number; there are"
                    f" {', '.join(self.as_json())}"
                )
        for name, value in wanted.items():
            setattr(self, name, value)
