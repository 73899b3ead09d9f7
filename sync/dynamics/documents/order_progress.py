"""How F&O gets on with a sales order, as its headers, lines and reports tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sync.core.encoding import digest


@dataclass(frozen=True)
class LineProgress:
    """A line. `ships_on`: its confirmed shipping date; `asked_for`: the requested one."""

    status: str
    ships_on: date | None
    asked_for: date | None


@dataclass(frozen=True)
class OrderProgress:
    """A sales order. `processing`: its processing status; `document`: its furthest document, empty
    where reports are not read. `listed`: what the list of open orders says of it."""

    company: str
    sales_order: str
    reference: str
    status: str
    processing: str
    is_stopped: bool
    ships_on: date | None
    lines: tuple[LineProgress, ...]
    listed: Mapping[str, Any]
    document: str = ""
    is_in_credit_control: bool = False
    is_rejected: bool = False

    @property
    def key(self) -> str:
        """`<company>|<sales order>`."""
        return f"{self.company}|{self.sales_order}"

    def fingerprint(self, day: date) -> str:
        """What differs once it got on, and each day: a line's dates move no stamp of its order."""
        return fingerprint_of(self.listed, day)


def fingerprint_of(listed: Mapping[str, Any], day: date) -> str:
    """The fingerprint of a row of the list of open orders."""
    return digest({**{name: str(value) for name, value in listed.items()}, "day": day.isoformat()})
