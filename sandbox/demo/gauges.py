"""How far something of the demo has come."""

from contextlib import AbstractContextManager
from typing import Protocol


class Gauge(Protocol):
    """Shows how far something has come."""

    def reach(self, done: float) -> None:
        """So much is done in all."""
        ...


class Gauges(Protocol):
    """Makes gauges: what is shown, and how much there is."""

    def __call__(self, what: str, total: float) -> AbstractContextManager[Gauge]:
        """A gauge for the length of a block."""
        ...
