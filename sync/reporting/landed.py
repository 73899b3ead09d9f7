"""What landing one record makes: rows by table."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.odata import instant_of
from sync.reporting.schema import ALWAYS

Rows = dict[str, list[dict[str, Any]]]
"""Of one record, by table."""


def placed(
    settings: Connection, store: int | None, moment: datetime | None, what: str
) -> dict[str, Any]:
    """Company, month and day of a record of Commerce, in the legal entity's time zone. Raises
    `Never` where it has no time."""
    if moment is None:
        raise Never(f"{what} has no created_at", remedy="Look at it in Commerce.")
    company = settings.legal_entity_of(store)
    day = moment.astimezone(settings.time_zone(company)).date()
    return {"company": company.casefold(), "month": month_of(day), "day": day}


def month_of(day: date | None) -> str:
    """As folders are named."""
    return f"{day:%Y-%m}" if day is not None else ALWAYS


def amount(row: Mapping[str, Any], name: str) -> Decimal:
    """An amount of F&O, or a quantity."""
    try:
        return Decimal(row.get(name) or ZERO)
    except (InvalidOperation, TypeError):
        raise Never(
            f"{name} is no number: {str(row.get(name))[:40]!r}",
            remedy="Look at the record in D365, and at the extension that changes its entity.",
        ) from None


def text(row: Mapping[str, Any], name: str) -> str:
    """A text of F&O."""
    return str(row.get(name) or "").strip()


def day(row: Mapping[str, Any], name: str) -> date | None:
    """An X++ date, which stands for noon UTC; None for F&O's empty one."""
    moment = moment_in(row, name)
    return moment.date() if moment is not None else None


def moment_in(row: Mapping[str, Any], name: str) -> datetime | None:
    """A moment of F&O; None where there is none."""
    try:
        return instant_of(text(row, name))
    except ValueError:
        return None
