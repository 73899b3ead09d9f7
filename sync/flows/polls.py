"""What polls share: up to when they look, and where they go on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from sync.engine.systems import Systems


async def our_clock(systems: Systems) -> datetime:
    """For lists that are read whole each time, or from a day on that lies back."""
    return systems.clock.now()


async def shop_clock(systems: Systems) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await systems.commerce.settled()


def companies_from(systems: Systems, place: str) -> Iterator[tuple[str, str]]:
    """The legal entities, from the one on at which a poll had arrived (`<company>|<rest>`); with
    the first of them the rest."""
    companies, (first, _, rest) = systems.settings.legal_entities, place.partition("|")
    begin = companies.index(first) if first in companies else 0
    for company in companies[begin:]:
        yield company, rest if company == first else ""


def end_of(day: date, until: datetime) -> datetime:
    """When something was done of which only the day is told; not after `until`."""
    return min(datetime.combine(day, time(23, 59), UTC), until)
