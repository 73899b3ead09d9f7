"""Whether the time zone of the ledger's dates is that of the shop, and of the legal
entity in F&O."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sync.checks.entities import COMPANIES, COMPANY_ID
from sync.checks.finding import Finding, Probe, ok, warn
from sync.commerce.transport import rows_in
from sync.core.errors import Never

CONFIGS: Final = "store/storeConfigs"
ZONE: Final = "TimeZone"
_NAMED_OFFSET: Final = re.compile(r"GMT_?(?:(PLUS|MINUS)(\d\d)(\d\d))?")

OR_CORRECT_ZONE: Final = (
    "(time_zone, or time_zones for a further legal entity), or correct it under Organization"
    " administration > Organizations > Legal entities."
)


async def days_agree(probe: Probe) -> AsyncIterator[Finding]:
    """A day ends at the same moment in the shop, in the configuration and in F&O, wherever
    something is dated by it."""
    if not {"invoices", "creditmemos"} & set(probe.settings.flows):
        return
    for finding in await _with_the_shop(probe):
        yield finding
    find, select = probe.dynamics.find_by, (COMPANY_ID, ZONE)
    try:
        rows = await find(COMPANIES, COMPANY_ID, *probe.companies, select=select)
    except Never as error:
        yield ok(f"the time zones of legal entities cannot be read from F&O ({error.reason})")
        return
    for row in rows:
        if (ledger := _with_the_ledger(probe, row)) is not None:
            yield ledger


async def _with_the_shop(probe: Probe) -> list[Finding]:
    """One finding per time zone of the shop and legal entity, however many store views have it."""
    stores: dict[tuple[str, str], list[str]] = {}
    for config in rows_in(await probe.commerce.get(CONFIGS), f"GET {CONFIGS}"):
        store = probe.settings.store(str(config.get("id")))
        if store is not None and config.get("timezone"):
            company = store.company or probe.settings.dynamics.company
            stores.setdefault((str(config["timezone"]), company), []).append(str(config.get("id")))
    return [_compared(probe, zone, company, ids) for (zone, company), ids in stores.items()]


def _compared(probe: Probe, zone: str, company: str, ids: list[str]) -> Finding:
    ours = probe.settings.time_zone(company)
    views = f"store view{'s' if len(ids) > 1 else ''} {', '.join(ids)}"
    try:
        theirs = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        what = f"{views}: the shop's time zone {zone[:64]} is not known here"
        return warn(what, "Compare it with dynamics.time_zone.")
    if offsets(ours, probe.clock.now()) == offsets(theirs, probe.clock.now()):
        return ok(f"{views} and the books of {company} have the same days ({ours.key})")
    is_own = company == probe.settings.dynamics.company
    row = f'time_zone = "{zone}"' if is_own else f'time_zones = {{ {company} = "{zone}" }}'
    books = f"the books of {company} are"
    return warn(
        f"{views}: the shop's days are those of {zone}, {books} dated in {ours.key}",
        f"If {books} kept in {zone}, write {row} in [connections.{probe.name}.dynamics].",
    )


def _with_the_ledger(probe: Probe, row: dict[str, Any]) -> Finding | None:
    """F&O names its zones by their offset without summer time (not all: Santiago's is with);
    nothing where it tells none."""
    company, reported = str(row.get(COMPANY_ID, "")).lower(), str(row.get(ZONE) or "")
    theirs = offset_named(reported)
    if theirs is None:
        return None
    ours = probe.settings.time_zone(company)
    possible = offsets(ours, probe.clock.now())
    has = f"legal entity {company} has the time zone {reported} in F&O"
    if any(theirs in (offset, offset - summer) for offset, summer in possible):
        return ok(f"{has}, which goes with {ours.key}")
    table = f"[connections.{probe.name}.dynamics]"
    cure = f"Write the zone of {company} in {table} {OR_CORRECT_ZONE}"
    return warn(f"{has}, its books are dated in {ours.key} here", cure)


def offset_named(zone: str) -> timedelta | None:
    """The offset from UTC that a member of F&O's enumeration names, as in
    GMTPLUS0100_AMSTERDAM_BERLIN_BERN_ROME."""
    named = _NAMED_OFFSET.match(zone)
    if named is None:
        return None
    sign, hours, minutes = named.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -offset if sign == "MINUS" else offset


def offsets(zone: ZoneInfo, now: datetime) -> tuple[tuple[timedelta, timedelta], ...]:
    """(offset from UTC, summer time) through the year: zones with the same ones have the same
    days."""
    moments = (
        datetime(now.year, month, day, tzinfo=UTC).astimezone(zone)
        for month in range(1, 13)
        for day in (1, 15)
    )
    nothing = timedelta(0)
    return tuple((moment.utcoffset() or nothing, moment.dst() or nothing) for moment in moments)
