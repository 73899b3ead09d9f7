"""NCRONTAB as the Functions host reads it: six fields, seconds first, in UTC.

Where it differs from cron (NCrontab 3, the library inside the timer trigger): day of month and day
of week must *both* match; `5/15` means from 5 to the field's end in steps of 15; a range written
backwards is turned round; days of the week are 0 (Sunday) to 6 and not 7; names may be shortened to
three letters, in any case; no `?`, `L`, `W` and `#`. The fields are read here; the walk over the
calendar is croniter's.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from croniter import CroniterBadDateError, croniter

MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
DAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


@dataclass(frozen=True)
class Field:
    """One of the six: its name in messages, its bounds, and the names its values have."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


FIELDS: Final = (
    Field("seconds", 0, 59),
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day of month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of week", 0, 6, DAYS),
)


class NotASchedule(ValueError):
    """The text is not a schedule in NCRONTAB, or it never comes due; the message names the
    field."""


@dataclass(frozen=True)
class Schedule:
    """When something is due. `text` is as written; `expanded` holds the same fields as plain lists
    of numbers."""

    text: str
    expanded: str

    def after(self, moment: datetime) -> datetime:
        """The first due moment later than `moment`, to the second. Both aware and UTC."""
        return _after(self.expanded, moment.replace(microsecond=0))


@lru_cache(maxsize=64)
def _after(expanded: str, moment: datetime) -> datetime:
    """Many timers have one schedule, and ask at one moment."""
    walk = croniter(expanded, moment, ret_type=datetime, day_or=False, second_at_beginning=True)
    return walk.get_next(datetime)


def schedule(text: str) -> Schedule:
    """Read a schedule. Raises `NotASchedule`, also for one that cannot come due within fifty years
    (30 February)."""
    parts = text.split()
    if len(parts) != len(FIELDS):
        raise NotASchedule(f"{text!r}: six fields are needed (seconds first), not {len(parts)}")
    try:
        read = Schedule(
            text, " ".join(_field(part, field) for part, field in zip(parts, FIELDS, strict=True))
        )
        croniter(read.expanded, 0, day_or=False, second_at_beginning=True).get_next()
    except CroniterBadDateError:
        raise NotASchedule(f"{text!r}: no such day ever comes") from None
    except NotASchedule as fault:
        raise NotASchedule(f"{text!r}: {fault}") from None
    return read


def _field(part: str, field: Field) -> str:
    values = {value for piece in part.split(",") for value in _piece(piece, field)}
    if len(values) == field.high - field.low + 1:
        return "*"
    return ",".join(str(value) for value in sorted(values))


def _piece(piece: str, field: Field) -> range:
    """`*`, `a`, `a-b`, each with `/step`."""
    span, slash, every = piece.partition("/")
    step = int(every) if every.isascii() and every.isdigit() else 0
    if slash and step < 1:
        what = f"{field.name} has the step {every!r}"
        raise NotASchedule(f"{what}, which is not a whole number from 1 on")
    if span == "*":
        return range(field.low, field.high + 1, step or 1)
    first, dash, last = span.partition("-")
    one = _value(first, field)
    other = _value(last, field) if dash else field.high if slash else one
    return range(min(one, other), max(one, other) + 1, step or 1)


def _value(text: str, field: Field) -> int:
    if len(text) >= 3 and text.isalpha():
        for number, name in enumerate(field.names, start=field.low):
            if name.startswith(text.lower()):
                return number
    if text.isascii() and text.isdigit() and field.low <= int(text) <= field.high:
        return int(text)
    raise NotASchedule(
        f"{field.name} has {text!r}, which is not between {field.low} and {field.high}"
    )
