"""Reports are built each night by a process of its own, where somebody named an hour."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.app.report_nights import ReportNights
from sync.config.connections import Connection
from tests.systems import SETTINGS, merged


class At:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 22, 30, tzinfo=UTC)

    def elapsed(self) -> float:
        return 0.0

    def unique(self) -> str:
        return "1"

    def between(self, low: float, high: float) -> float:
        return min(low, high)


def connection(**reporting: Any) -> Connection:
    changes = {"dynamics": {"time_zone": "Europe/Berlin"}, "reporting": reporting}
    return Connection.model_validate(merged(SETTINGS, changes))


def nights(tmp_path: Path, *connections: Connection, status: int = 0) -> ReportNights:
    code = f"open({str(tmp_path / 'built')!r}, 'a').write('x'); raise SystemExit({status})"
    return ReportNights(connections, (sys.executable, "-c", code), At())


def test_the_first_start_waits_for_the_hour_and_each_night_builds(tmp_path: Path) -> None:
    found = nights(tmp_path, connection(hour=4), status=1)
    assert asyncio.run(found.run(None)) == timedelta(hours=4, minutes=30)
    assert not (tmp_path / "built").exists()
    assert asyncio.run(found.run(At().now())) == timedelta(hours=4, minutes=30)
    assert (tmp_path / "built").read_text() == "x"
    assert asyncio.run(nights(tmp_path, connection(hour=0)).run(None)) == timedelta(minutes=30)


def test_nothing_is_built_where_no_hour_is_named_or_nothing_here_builds(tmp_path: Path) -> None:
    now = At().now()
    assert asyncio.run(nights(tmp_path, connection()).run(now)) is None
    plain = Connection.model_validate(SETTINGS)
    assert asyncio.run(nights(tmp_path, plain).run(now)) is None
    assert asyncio.run(ReportNights([connection(hour=4)], (), At()).run(now)) is None
    assert not (tmp_path / "built").exists()
