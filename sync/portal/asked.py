"""What a request to the portal asks for, and nothing that it must not."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.datastructures import QueryParams

from sync.portal.documents import Document, Status

PAGE_SIZE: Final = 20
LARGEST_PAGE: Final = 100
MOST_PAGES: Final = 100_000


class BadQuery(ValueError):
    """A parameter that cannot be read: 400, with its name."""


@dataclass(frozen=True)
class Wanted:
    """Which documents: all, or those of a status, currency and time."""

    status: Status | None
    currency: str
    since: date | None
    until: date | None
    page: int
    size: int

    def fits(self, document: Document, today: date) -> bool:
        """Whether a document is wanted."""
        is_there = self.status is None or document.status(today) is self.status
        return is_there and self.covers(document.currency, document.day)

    def covers(self, currency: str, day: date | None) -> bool:
        """Whether something of this currency and day is wanted."""
        return (
            self.currency in ("", currency)
            and (self.since is None or (day is not None and day >= self.since))
            and (self.until is None or (day is not None and day <= self.until))
        )


def wanted_in(query: QueryParams) -> Wanted:
    """Raises `BadQuery`."""
    status = query.get("status", "").replace("_", " ")
    if status and status not in {*Status}:
        raise BadQuery("status")
    return Wanted(
        Status(status) if status else None, currency_in(query), day_in(query, "from"),
        day_in(query, "to"), _whole(query, "page", 1, MOST_PAGES),
        _whole(query, "page_size", PAGE_SIZE, LARGEST_PAGE),
    )  # fmt: skip


def currency_in(query: QueryParams) -> str:
    """Three capital letters, or nothing. Raises `BadQuery`."""
    currency = query.get("currency", "")
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise BadQuery("currency")
    return currency


def day_in(query: QueryParams, name: str) -> date | None:
    """A day, or nothing. Raises `BadQuery`."""
    text = query.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadQuery(name) from None


def _whole(query: QueryParams, name: str, usual: int, most: int) -> int:
    text = query.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:12]) <= most):
        raise BadQuery(name)
    return int(text)
