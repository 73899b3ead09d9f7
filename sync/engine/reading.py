"""Records as flows read them, apart from their turn: once more, and for other records."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sync.core.errors import Later
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, SubFlow
from sync.engine.systems import Systems


def reader(
    flow: DocumentFlow[Any], delivery: Delivery, record: Any
) -> Callable[[], Awaitable[bool]]:
    """Asks the source whether the record is still as it was read."""

    async def is_current() -> bool:
        version = flow.source.version
        if version is None:
            return True
        again = await flow.source.read(delivery.claim.key, delivery.systems)
        return again is not None and version(again) == version(record)

    return is_current


async def required(
    flow: DocumentFlow[Any] | SubFlow[Any], key: str, systems: Systems, record: Any
) -> Any:
    """A record that another one requires: as it was handed over, or read. Raises `Later` where
    there is none."""
    if record is None and isinstance(flow, DocumentFlow):
        record = await flow.source.read(key, systems)
    if record is None:
        raise Later(f"{flow.name} {key} is not there yet", after=timedelta(seconds=15))
    return record
