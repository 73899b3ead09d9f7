"""When reports were last built: what the job that builds them notes, and who watches reads."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sync.core.ports import Row, Tables
from sync.engine.cell_text import clipped

REPORTS: Final = "reports"
"""The table of all that is told of reports."""
BUILDS, LAST = "builds", "last"


@dataclass(frozen=True)
class LastBuild:
    """`whole_at`: when a build last read all that it asked for; until then, since when one is
    expected. `tried_at`: when the last one ended; `reason`: what it could not read."""

    whole_at: datetime
    tried_at: datetime | None = None
    reason: str = ""


async def last_build(tables: Tables, now: datetime) -> LastBuild:
    """As it was noted; from now on one is expected where none was. Safe to repeat."""
    row = await tables.get(REPORTS, BUILDS, LAST)
    if row is None:
        await _note(tables, LastBuild(now))
        return LastBuild(now)
    cells: dict[str, Any] = dict(row.values)
    return LastBuild(cells["whole_at"], cells.get("tried_at"), str(cells.get("reason") or ""))


async def note_build(tables: Tables, now: datetime, reason: str) -> None:
    """A build has ended, without what `reason` names."""
    whole_at = (await last_build(tables, now)).whole_at if reason else now
    await _note(tables, LastBuild(whole_at, now, clipped(reason)))


async def _note(tables: Tables, last: LastBuild) -> None:
    cells = {name: one for name, one in asdict(last).items() if one is not None}
    await tables.upsert(REPORTS, Row(BUILDS, LAST, cells))
