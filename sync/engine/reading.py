"""Reads of a record beside the first one: whether it has changed since, and what another one
requires."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sync.core.errors import Later
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, SubFlow
from sync.engine.systems import Systems


def rereading(
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
    """The required record, read where it was not handed in. Raises `Later` where it is not there
    yet."""
    if record is None and isinstance(flow, DocumentFlow):
        record = await flow.source.read(key, systems)
    if record is None:
        raise Later(f"{flow.name} {key} is not there yet", after=timedelta(seconds=15))
    return record
