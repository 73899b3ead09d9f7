"""Where the demand publication writes: entries of a forecast model in F&O."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.errors import Never
from sync.core.request import Request
from sync.dynamics.demand_forecasts import Entry, removed, request_of
from sync.dynamics.odata_client import Write
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.demand.demand_entries import (
    WEEK,
    DemandRow,
    company_of,
    content_of,
    key_of,
    number_of,
    week_of,
)
from sync.flows.targets import dynamics_of

OTHERS: Final = (
    "Delete that entry, or use a forecast model that nobody else writes into (demand.model); then"
    " run: publish demand."
)
NOT_SHOWN: Final = (
    "Look at the entry in F&O (Master planning > Forecasting > Demand forecast lines). Where F&O"
    " numbers entries by itself, set their number sequence to manual; then run: publish demand."
)


@dataclass(frozen=True)
class ForecastModel(RowTarget):
    """Entries of the model, each by its number. What others entered is never touched, and stops
    ours: both together would be counted twice. Weeks that are over stay as they were."""

    most: int = 20
    is_whole: ClassVar[bool] = False

    @override
    def timing(self, systems: Systems) -> Target:
        return dynamics_of(systems)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        """As if nothing were there yet."""
        return [
            request_of(write) for row in rows if (write := _write(row, None, systems)) is not None
        ]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        ours = await _ours(rows, systems)
        refused = await self._of_others([row for row in rows if not ours[row.key]], systems)
        left = [row for row in rows if row.key not in refused]
        writes = [
            write for row in left if (write := _write(row, ours[row.key], systems)) is not None
        ]
        if writes:
            await systems.dynamics.demand_forecasts.write(writes, not_after=not_after)
            ours = await _ours(left, systems)
        return refused | {
            row.key: _not_shown(row) for row in left if not _shows(row, ours[row.key])
        }

    async def _of_others(self, rows: Sequence[Shown], systems: Systems) -> dict[str, Never]:
        """New rows of which the model has an entry that is not ours."""
        settings, there = systems.settings.demand, dict[tuple[str, ...], str]()
        where = settings.site, settings.warehouse
        new = {row.key: row.entry for row in rows if isinstance(row, DemandRow) and row.entry}
        for company, entries in _by_company(new.values()).items():
            since = min(one.start for one in entries if one.start is not None)
            items = [one.item for one in entries]
            found = await systems.dynamics.demand_forecasts.of_items(
                company, settings.model, items, since
            )
            there |= {one.place(*where): one.number for one in found}
        return {
            key: _taken(key, there[entry.place(*where)])
            for key, entry in new.items()
            if entry.place(*where) in there
        }

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        settings, found = systems.settings.demand, dict[str, Mapping[str, Any]]()
        since = _monday(systems)
        for company in systems.settings.legal_entities:
            for one in await systems.dynamics.demand_forecasts.of_model(
                company, settings.model, since
            ):
                if one.number.startswith(settings.prefix) and one.start is not None:
                    key = key_of(company, one.item, one.dimensions, one.start)
                    found[self.same(key)] = content_of(one, settings)
        return found if keys is None else {
            name: found[name] for name in map(self.same, keys) if name in found
        }  # fmt: skip

    @override
    def same(self, key: str) -> str:
        return key.casefold()


async def _ours(rows: Sequence[Shown], systems: Systems) -> dict[str, Entry | None]:
    """Our entry of each row, as F&O has it; None where it has none."""
    prefix, found = systems.settings.demand.prefix, dict[str, Entry | None]()
    by_company: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        by_company[company_of(row.key)][row.key] = number_of(row.key, prefix)
    for company, numbers in by_company.items():
        there = await systems.dynamics.demand_forecasts.numbered(company, [*numbers.values()])
        found |= {key: there.get(number) for key, number in numbers.items()}
    return found


def _write(row: Shown, there: Entry | None, systems: Systems) -> Write | None:
    """What makes F&O have this row; None where it does."""
    if row.content is None:
        if there is None or _is_over(row.key, systems):
            return None
        return removed(there.company, there.number)
    entry = row.entry if isinstance(row, DemandRow) else None
    if entry is None or there == _spelled(entry, there):
        return None
    return entry.created() if there is None else entry.changed()


def _shows(row: Shown, there: Entry | None) -> bool:
    """Of a row that is gone, only that nothing else was to be done is known: F&O answered."""
    entry = row.entry if isinstance(row, DemandRow) else None
    return entry is None or (there is not None and there == _spelled(entry, there))


def _spelled(entry: Entry, there: Entry | None) -> Entry:
    """Ours, in the letters of F&O, whose database takes either case for the same."""
    where = entry.site, entry.warehouse
    if there is None or entry.place(*where) != there.place(*where):
        return entry
    is_same = entry.unit.casefold() == there.unit.casefold()
    return replace(there, quantity=entry.quantity, unit=there.unit if is_same else entry.unit)


def _is_over(key: str, systems: Systems) -> bool:
    week = week_of(key)
    return week is None or week + WEEK <= _today(systems)


def _monday(systems: Systems) -> date:
    today = _today(systems)
    return today - timedelta(days=today.weekday())


def _today(systems: Systems) -> date:
    settings = systems.settings
    return systems.clock.now().astimezone(settings.time_zone(settings.legal_entity)).date()


def _by_company(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found = defaultdict[str, list[Entry]](list)
    for one in entries:
        found[one.company].append(one)
    return found


def _taken(key: str, number: str) -> Never:
    return Never(
        f"{key}: F&O has the demand forecast {number} of it, which is not ours", remedy=OTHERS
    )


def _not_shown(row: Shown) -> Never:
    return Never(f"{row.key}: F&O took the demand forecast, and does not show it", remedy=NOT_SHOWN)
