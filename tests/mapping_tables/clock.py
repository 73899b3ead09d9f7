"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta


class StillClock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 2, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment."""
        return self.at

    def pass_(self, time: timedelta) -> None:
        """Move on."""
        self.at += time

    def elapsed(self) -> float:
        """Goes with the moment."""
        return self.at.timestamp()

    def unique(self) -> str:
        """Always the same."""
        return "0" * 32

    def between(self, low: float, high: float) -> float:
        """The middle."""
        return (low + high) / 2
