"""What of a forecast is written into F&O: what beats its baseline, of weeks to come."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sync.reporting.duck import opened, quoted
from sync.reporting.forecast.demand import FORECAST
from sync.reporting.forecast.planned import _best
from sync.reporting.star import star_file

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
ROWS = """
    ('usmf', 'A', '2026-03-30', 1.50, 0.5, 0.9), ('usmf', 'A', '2026-04-06', 2.50, 0.5, 0.9),
    ('usmf', 'A', '2026-04-13', 9.00, 0.5, 0.9), ('usmf', 'B', '2026-03-30', 7.00, 0.9, 0.9),
    ('usmf', 'C', '2026-03-30', 7.00, NULL, NULL), ('usmf', 'D', '2026-03-30', NULL, 0.5, 0.9),
    ('usmf', 'E', '2026-03-23', 7.00, 0.5, 0.9), ('demf', 'F', '2026-03-30', 7.00, 0.5, 0.9)
"""
"""What is to come and better; of a week too far; as good; untested; not shown; past; elsewhere."""


def test_only_what_beats_its_baseline_is_written(tmp_path: Path) -> None:
    with opened(tmp_path / "spill") as duck:
        file = star_file(tmp_path, FORECAST)
        file.parent.mkdir(parents=True)
        duck.execute(
            f"COPY (SELECT company, item, week::DATE AS week, expected::DECIMAL(38,2) AS expected,"
            f" mase, baseline_mase FROM (VALUES {ROWS}) t(company, item, week, expected, mase,"
            f" baseline_mase)) TO {quoted(file)} (FORMAT parquet)"
        )
        told = _best(duck, tmp_path, "USMF", 2, NOW)
    assert (told.at, str(told.monday)) == (NOW, "2026-03-30")
    assert told.pieces == {"A": [Decimal("1.50"), Decimal("2.50")]}
