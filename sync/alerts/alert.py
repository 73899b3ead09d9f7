"""An alert, and how its texts tell counts and times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Severity = Literal["critical", "warning"]
"""`critical`: records do not flow. `warning`: a person is needed in working hours."""


@dataclass(frozen=True)
class Alert:
    """Something that needs a person. `cause` names it: the same cause is the same alert, whatever
    the text says by now."""

    cause: str
    severity: Severity
    title: str
    text: str
    remedy: str

    @property
    def kind(self) -> str:
        """The first word of its cause, as the runbook has it."""
        return self.cause.partition("|")[0]


def records(count: int) -> str:
    """So many."""
    return f"{count} record{'s' if count > 1 else ''}"


def moment(at: datetime | None) -> str:
    """To the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "an unknown time"


def length(span: timedelta) -> str:
    """As people say it: two units at most."""
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
