"""The checks of a connection, run for a person and kept until the next run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sync.app.services import Services
from sync.checks.connection import checked
from sync.checks.finding import Finding, Level, Own, Probe, fault
from sync.checks.finding import probe_of as opened_probe
from sync.checks.schema_watch import CHECK_RESULTS
from sync.config.connections import Connection
from sync.core.encoding import from_json, to_json
from sync.core.errors import Later, Never
from sync.core.ports import UNDATED, Dated, Row, SecretDates, Secrets, Tables, Value

LAST: Final = "last"
MOST: Final = 60
"""Findings that are kept; what is fine is only counted."""
LONGEST: Final = 400


@dataclass(frozen=True)
class LastCheck:
    """What a check found: faults and warnings; `fine` counts the rest."""

    at: datetime
    by: str
    fine: int
    findings: Sequence[Mapping[str, Any]]


async def probe_of(services: Services, name: str) -> Probe:
    """The opened connection, as checks see it. Raises `Never` where it does not open."""
    systems = await services.systems_pool.open(name)
    parts = services.edition_parts
    own = Own(parts.queue, parts.tables)
    return opened_probe(systems, parts.secrets, own, services.connections)


async def checked_now(services: Services, name: str, *, by: str) -> list[dict[str, Any]]:
    """Every check but the trial of recent records; faults and warnings, each once. Kept as the last
    check."""
    found = list(dict.fromkeys(await _findings(services, name)))
    mattering = [one.as_json() for one in found if one.level is not Level.OK]
    for one in mattering:
        one |= {name: one[name][:LONGEST] for name in ("what", "cure")}
    cells: dict[str, Value] = {
        "at": services.edition_parts.clock.now(), "by": by, "fine": len(found) - len(mattering),
        "findings": to_json(mattering[:MOST]).decode(),
    }  # fmt: skip
    await services.edition_parts.tables.upsert(CHECK_RESULTS, Row(name, LAST, cells))
    return mattering


async def _findings(services: Services, name: str) -> list[Finding]:
    try:
        probe = replace(await probe_of(services, name), days=0)
    except Never as error:
        return [fault(error.reason, error.remedy)]
    return [finding async for _, found in checked(probe) for finding in found]


async def last_check(tables: Tables, name: str) -> LastCheck | None:
    """What the last check found; None where nobody has checked from the console."""
    row = await tables.get(CHECK_RESULTS, name, LAST)
    if row is None:
        return None
    at, fine = row.values["at"], row.values["fine"]
    assert isinstance(at, datetime)
    assert isinstance(fine, int)
    return LastCheck(at, str(row.values["by"]), fine, from_json(str(row.values["findings"])))


@dataclass(frozen=True)
class SecretState:
    """`state`: `set`, `missing`, or `unknown` where the vault does not answer. No value is kept."""

    state: str
    dates: SecretDates = UNDATED


async def secrets_of(services: Services, settings: Connection) -> dict[str, SecretState]:
    """Those that a connection names."""
    secrets = services.edition_parts.secrets
    return {name: await _state(secrets, name) for name in settings.secret_names}


async def _state(secrets: Secrets, name: str) -> SecretState:
    try:
        await secrets.get(name)
        dates = await secrets.dates(name) if isinstance(secrets, Dated) else UNDATED
    except Never:
        return SecretState("missing")
    except Later:
        return SecretState("unknown")
    return SecretState("set", dates)
