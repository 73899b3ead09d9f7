"""The options for a time of whole days."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from sync.config.connections import Connection
from sync.operating.problem import Problem

DAYS: Final = 7
"""How far back a time begins where no day is named."""
From = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=["%Y-%m-%d"], help="First day of Commerce's documents. Default: a week."
    ),
]
To = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, whole. Default: until now."),
]
Stores = Annotated[
    list[int] | None,
    typer.Option("--store", metavar="ID", help="Only this store view; repeatable."),
]


def moments(
    days: tuple[datetime | None, datetime | None], settings: Connection, now: datetime
) -> tuple[datetime, datetime]:
    """Whole days in the legal entity's time zone, as moments in UTC: the first, and the one before
    which they end. Raises `Problem`."""
    zone = settings.time_zone(settings.legal_entity)
    first, last = (None if day is None else day.replace(tzinfo=zone) for day in days)
    until = now if last is None else min(last + timedelta(days=1), now)
    if first is None:
        today = until.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        first = today - timedelta(days=DAYS)
    if first >= until:
        raise Problem("--to lies before --from", remedy="Swap the two days.")
    return first.astimezone(UTC), until.astimezone(UTC)
