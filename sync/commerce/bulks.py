"""Writes that the shop accepts at once and its consumers carry out later: each is followed to its
end. Accepted (202) is no success, and neither is `complete`: refused rows stand in its result.

What is not carried out in time is `Unknown`: a consumer may still do it, so nothing newer is sent
before `commerce.bulk_horizon_minutes` are over; then it is sent again. Source: measured on 2.4.7
(an operation that nobody consumes stays open without end; a bulk of an unknown id is 404).
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sync.commerce.errors import NotAccepted, NotThere
from sync.commerce.models.fields import whole_from
from sync.commerce.rest import RestClient
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later, Never, Unknown
from sync.core.ports import Clock

COMPLETE, RETRIABLE, OPEN = 1, 2, 4
"""States of an operation; 3 failed, 5 was rejected."""
PATIENCE: Final = timedelta(minutes=2)
ASKED_EVERY: Final = timedelta(seconds=3)
REMEDY: Final = (
    "Correct in Commerce or in the connection's settings what the answer names, then touch the sku"
    " again."
)
CONSUMERS: Final = (
    "Look whether the shop's consumers run (bin/magento queue:consumers:start"
    " async.operations.all); without them set commerce.bulk_from to 0."
)


class Bulks:
    """Asynchronous writes of one shop."""

    def __init__(self, client: RestClient, clock: Clock) -> None:
        self._client, self._clock = client, clock

    async def post(self, path: str, body: Any, *, not_after: datetime) -> Any:
        """Write, and wait for its end: the answer that the same write would have had at once.
        Raises as the client does, and `Unknown` while nobody carries it out."""
        accepted = await self._client.post(f"async/{path}", body, not_after=not_after)
        uuid = str(accepted.get("bulk_uuid") or "") if isinstance(accepted, Mapping) else ""
        if not uuid:
            raise Unknown(f"the shop accepted POST {path} and named no bulk")
        return await self._ended(uuid, path)

    async def _ended(self, uuid: str, path: str) -> Any:
        until = self._clock.now() + PATIENCE
        while self._clock.now() < until:
            operation = await self._operation(uuid, path)
            if operation is not None:
                return _result(operation, path)
            await asyncio.sleep(ASKED_EVERY.total_seconds())
        waited = f"after {PATIENCE.total_seconds():.0f} s"
        raise Unknown(f"the shop accepted POST {path} and has not done it {waited}. {CONSUMERS}")

    async def _operation(self, uuid: str, path: str) -> Mapping[str, Any] | None:
        """The bulk's one operation; None while it is open."""
        try:
            found = await self._client.get(f"bulk/{uuid}/detailed-status")
        except (Later, Never) as error:
            reason = f"the shop accepted POST {path}, and its end cannot be read: "
            raise Unknown(reason + error.reason) from error
        operations = found.get("operations_list") if isinstance(found, Mapping) else None
        operation: Mapping[str, Any] = next(iter(operations or []), {})
        return operation if whole_from(operation.get("status", OPEN)) != OPEN else None


def _result(operation: Mapping[str, Any], path: str) -> Any:
    """What the operation answered. Raises what it was refused with."""
    status, said = whole_from(operation.get("status")), str(operation.get("result_message") or "")
    if status == COMPLETE:
        try:
            return from_json(str(operation.get("result_serialized_data") or "null"))
        except NotJson:
            raise Unknown(f"the result of POST {path} cannot be read") from None
    reason = f"Commerce carried out POST {path} later, and refused it: {said[:200]}"
    if status == RETRIABLE:
        raise Later(reason)
    if re.search(r"doesn't exist|not exist|No such entity", said, re.IGNORECASE):
        raise NotThere(reason, remedy=REMEDY)
    raise NotAccepted(reason, remedy=REMEDY)
