"""Special prices as a shop takes them: by days where they are `dated`, by moments where Adobe
Commerce schedules them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sync.commerce.prices import Special
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.mapping.prices import SPECIAL

SOON: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)
MOMENT: Final = "%Y-%m-%d %H:%M:%S"


def specials_of(rows: Sequence[Shown], systems: Systems) -> Iterable[Special]:
    """They begin today, and the day they end is included. Where the shop schedules them, both are
    moments in UTC: they begin in a moment, and end as the next day begins."""
    now, zone, is_scheduled = systems.clock.now(), _zone(systems), _is_scheduled(systems)
    begins = f"{now + SOON:{MOMENT}}" if is_scheduled else today(systems)
    for row in rows:
        special = (row.content or {}).get(SPECIAL)
        if special is not None:
            ends = special["ends"]
            if is_scheduled:
                next_day = datetime.strptime(ends, MOMENT).replace(tzinfo=zone) + DAY
                ends = f"{next_day.astimezone(UTC):{MOMENT}}"
            yield Special(row.key, special["price"], begins, ends)


def today(systems: Systems) -> str:
    """The day by the legal entity's time zone, at midnight."""
    return f"{systems.clock.now().astimezone(_zone(systems)):%Y-%m-%d} 00:00:00"


def last_day(special: Special, systems: Systems) -> str:
    """The last day of a special price, at midnight. A shop that schedules several of one end puts
    each a second behind the other (magento2 issue 34103)."""
    if not special.ends or not _is_scheduled(systems):
        return special.ends
    ends = datetime.strptime(special.ends, MOMENT).replace(tzinfo=UTC).astimezone(_zone(systems))
    return f"{ends - DAY:%Y-%m-%d} 00:00:00"


def _is_scheduled(systems: Systems) -> bool:
    return systems.settings.prices.special_prices == "scheduled"


def _zone(systems: Systems) -> ZoneInfo:
    return systems.settings.time_zone(systems.settings.legal_entity)
