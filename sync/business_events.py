"""D365 business events: the envelope, read leniently. An event is a hint; the flow calls back for the record.

F&O writes dates as `/Date(ms)/` and with seven fractional digits, increases `ControlNumber` with gaps, and delivers at
least once in no order. `EventId` tells repeats apart. Source: Microsoft, business-events documentation and samples.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.encoding import from_json

_SLASH_DATE = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
_FRACTION = re.compile(r"(\.\d{6})\d+")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadBusinessEvent(ValueError):
    """JSON, but not the envelope of a business event; the message names what is missing."""


@dataclass(frozen=True)
class BusinessEvent:
    """One event. `fields` are its own ones beside the envelope: identifiers, amounts, dates as F&O wrote them."""

    id: str
    event: str
    company: str
    at: datetime | None
    control_number: int
    fields: Mapping[str, Any]

    @property
    def is_test(self) -> bool:
        """F&O's sample when an endpoint is being validated: times of 1900, nothing happened."""
        return self.at is not None and self.at.year <= 1900


def business_event(body: bytes) -> BusinessEvent:
    """Parse one envelope. Raises `NotJson` and `BadBusinessEvent`."""
    document = from_json(body)
    if not isinstance(document, dict):
        raise BadBusinessEvent(f"an object is expected, found {type(document).__name__}")
    identity, event = document.get("EventId"), document.get("BusinessEventId")
    if not isinstance(identity, str) or not identity or not isinstance(event, str) or not event:
        raise BadBusinessEvent("no EventId or no BusinessEventId in it")
    stamp = document.get("EventTimeIso8601") or document.get("EventTime")
    company = document.get("BusinessEventLegalEntity") or document.get("LegalEntity") or ""
    control = document.get("ControlNumber")
    return BusinessEvent(
        id=identity.upper(),
        event=event,
        company=str(company).lower(),
        at=moment(stamp),
        control_number=control if isinstance(control, int) else 0,
        fields=document,
    )


def moment(value: Any) -> datetime | None:
    """F&O's dates in events, aware UTC: `/Date(ms)/`, or ISO with up to seven fractional digits. None for others."""
    if not isinstance(value, str):
        return None
    if slash := _SLASH_DATE.fullmatch(value):
        try:
            return EPOCH + timedelta(milliseconds=int(slash[1]))
        except OverflowError:
            return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
