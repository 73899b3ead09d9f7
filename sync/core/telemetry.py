"""What a process tells its operators' telemetry beside its log: a span per delivery, and two
measures of the business."""

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol


class Telemetry(Protocol):
    """Takes identifiers, counts and durations, never contents. Telling is cheap and raises
    nothing."""

    def delivery(
        self, flow: str, connection: str, key: str, *, trace_parent: str = ""
    ) -> AbstractContextManager[None]:
        """A delivery, from beginning to end of the block. An error that leaves the block marks it
        as failed.

        `trace_parent`: what it is a part of (W3C); where that is empty or cannot be read, it stands
        for itself.
        """
        ...

    def behind(self, flow: str, connection: str, seconds: int) -> None:
        """How far a flow's poll is behind."""
        ...

    def parked(self, flow: str, connection: str, count: int) -> None:
        """How many records of a flow wait for a person."""
        ...


class Silent:
    """Where no telemetry is configured."""

    def delivery(
        self,
        flow: str,  # noqa: ARG002
        connection: str,  # noqa: ARG002
        key: str,  # noqa: ARG002
        *,
        trace_parent: str = "",  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Nothing but the block."""
        return nullcontext()

    def behind(self, flow: str, connection: str, seconds: int) -> None:
        """Told to nobody."""

    def parked(self, flow: str, connection: str, count: int) -> None:
        """Told to nobody."""


SILENT: Final = Silent()
