"""What checkouts were told on a day, a page at a time."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sync.app.services import Services
from sync.credit.decisions import Decision, Decisions

OUTCOMES: Final = ("allowed", "refused")
SUBJECTS: Final = ("order", "methods")
PAGE: Final = 50
MOST: Final = 2_000
"""Rows that a page looks at; the next one goes on behind them."""


@dataclass(frozen=True)
class Wanted:
    """Which of them. `outcome`, `about`, `account`: all where empty; `start`: the key that the page
    begins with."""

    connection: str
    day: date
    account: str = ""
    outcome: str = ""
    about: str = ""
    start: str = ""

    def fits(self, one: Decision) -> bool:
        """Whether a decision is among them."""
        outcome = OUTCOMES[0] if one.is_allowed else OUTCOMES[1]
        return self.outcome in ("", outcome) and self.about in ("", one.about)


async def decisions_page(services: Services, wanted: Wanted) -> tuple[list[dict[str, Any]], str]:
    """Those that fit, by account, orders before carts; and the key that the next page begins with,
    empty for none."""
    kept = Decisions(services.edition_parts.tables, wanted.connection)
    found, looked = list[dict[str, Any]](), 0
    async for key, one in kept.of_day(wanted.day, wanted.account, wanted.start):
        if len(found) == PAGE or looked == MOST:
            return found, key
        looked += 1
        if wanted.fits(one):
            found.append(_row(one))
    return found, ""


def _row(one: Decision) -> dict[str, Any]:
    figures_at = datetime.fromisoformat(one.figures_at) if one.figures_at else None
    return {**vars(one), "at": datetime.fromisoformat(one.at), "figures_at": figures_at}
