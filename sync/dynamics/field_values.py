"""Values of F&O's answers, as they are worked with."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sync.dynamics.odata import instant_of


def text_of(row: Mapping[str, Any], name: str) -> str:
    """A text of a row, without spaces around it; empty for none."""
    return str(row.get(name) or "").strip()


def amount_of(row: Mapping[str, Any], name: str) -> Decimal:
    """A number of a row; 0 for none."""
    return Decimal(row.get(name) or 0)


def day_of(value: str | None) -> date | None:
    """The day of an X++ date, which stands for noon UTC; None for F&O's empty date, 1900-01-01."""
    moment = instant_of(value)
    return None if moment is None else moment.date()
