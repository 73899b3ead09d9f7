"""D365 business events: the envelope, read leniently. An event is a notification; the flow calls
back for the record.

F&O writes dates as `/Date(ms)/` and with seven fractional digits, increases `ControlNumber` with
gaps, and delivers at least once in no order. `EventId` tells repeats apart. What it sends to an
endpoint that is being set up is the envelope with nothing filled in: no ids, times of 1900. Source:
Microsoft, business-events documentation and samples; a public replay of that test.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.core.encoding import from_json

_SLASH_DATE = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
_FRACTION = re.compile(r"(\.\d{6})\d+")
MOST = 2**63
LONGEST = 100
"""Characters of an id, an event's name, or a legal entity: far more than F&O's."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadBusinessEvent(ValueError):
    """JSON, but not the envelope of a business event; the message names what is missing."""


@dataclass(frozen=True)
class BusinessEvent:
    """One event. `fields` are its own ones beside the envelope: identifiers, amounts, dates as F&O
    wrote them. A test may have neither `id` nor `event`."""

    id: str
    event: str
    company: str
    at: datetime | None
    control_number: int
    fields: Mapping[str, Any]

    def named(self, *names: str) -> str:
        """The first of these fields that is text, without spaces around it; empty where none is:
        an object or a list may hold anything, and is no number of a document."""
        found = (self.fields.get(name) for name in names)
        return next((one.strip() for one in found if isinstance(one, str) and one.strip()), "")

    @property
    def is_test(self) -> bool:
        """F&O's sample when an endpoint is being validated: times of 1900, nothing happened."""
        return _is_blank(self.at)


def business_event(body: bytes) -> BusinessEvent:
    """Parse one envelope. Raises `NotJson` and `BadBusinessEvent`."""
    document = from_json(body)
    if not isinstance(document, dict):
        raise BadBusinessEvent(f"an object is expected, found {type(document).__name__}")
    identity, event = _name(document.get("EventId")), _name(document.get("BusinessEventId"))
    at = moment(document.get("EventTimeIso8601") or document.get("EventTime"))
    if not (identity and event) and not _is_blank(at):
        raise BadBusinessEvent("no EventId or no BusinessEventId in it that could be one")
    company = _name(document.get("BusinessEventLegalEntity")) or _name(document.get("LegalEntity"))
    control = document.get("ControlNumber")
    number = control if type(control) is int and abs(control) < MOST else 0
    return BusinessEvent(identity.upper(), event, company.lower(), at, number, document)


def _is_blank(at: datetime | None) -> bool:
    """Whether this is the time of an envelope that nobody filled in."""
    return at is not None and at.year <= 1900


def moment(value: Any) -> datetime | None:
    """F&O's dates in events, aware UTC: `/Date(ms)/`, or ISO with up to seven fractional digits.
    None for others."""
    if not isinstance(value, str):
        return None
    if slash := _SLASH_DATE.fullmatch(value):
        try:
            return EPOCH + timedelta(milliseconds=int(slash[1]))
        except OverflowError:
            return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", value))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _name(value: Any) -> str:
    """A text that may be an id or a name; empty for anything else."""
    return value if isinstance(value, str) and len(value) <= LONGEST and value.isprintable() else ""
