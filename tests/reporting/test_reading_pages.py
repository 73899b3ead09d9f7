"""The page of definitions lists what there is; serving processes load nothing of it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from sync.reporting.duck import opened
from sync.reporting.figures import FIGURES
from sync.reporting.schema import tables
from sync.reporting.star import CONFIDENTIAL_STAR, SHARED_STAR, star_views
from tests.reporting.years import build, drawn
from tests.source import ROOT, imports, modules

PAGE: Final = (ROOT / "docs" / "reporting.md").read_text(encoding="utf-8")


def test_the_page_has_every_table_and_column() -> None:
    parts = {part.split("`")[0]: part for part in PAGE.split("### `")[1:]}
    assert [*parts] == [*tables()]
    for table in tables().values():
        rows = [row for row in parts[table.name].splitlines() if row.startswith("| `")]
        assert rows == [
            f"| `{name}` | {kind} | {table.words[name]} |" for name, kind in table.columns.items()
        ]


def test_the_page_defines_every_figure() -> None:
    words = {one.name for one in FIGURES} - {"promotions"}
    assert [word for word in words if f"| {word} |" not in PAGE] == []


def test_a_file_of_the_star_is_shared_or_confidential() -> None:
    assert not {*SHARED_STAR} & {*CONFIDENTIAL_STAR}
    told = (ROOT / "sync" / "reporting" / "sql" / "star.sql").read_text(encoding="utf-8")
    assert [
        n for n in (*SHARED_STAR, *CONFIDENTIAL_STAR) if f"CREATE VIEW {n} AS" not in told
    ] == []


def test_the_relationships_for_power_bi_name_columns_of_the_star(tmp_path: Path) -> None:
    """One side is a key of its dimension, or Power BI refuses the relationship."""
    text = (ROOT / "extras" / "reports" / "relationships.tmdl").read_text(encoding="utf-8")
    found = re.findall(r"fromColumn: (\w+)\.(\w+)\n\ttoColumn: (\w+)\.(\w+)\n", text)
    assert len(found) == text.count("relationship ")
    assert {one[0] for one in found} == {one for one in SHARED_STAR if one.startswith("fact_")}
    build(tmp_path, drawn(1, size=5).sources())
    with opened(tmp_path / "spill") as duck:
        star_views(duck, tmp_path)
        for fact, column, dimension, key in found:
            duck.execute(f"SELECT {column} FROM {fact} LIMIT 0")
            most = duck.execute(
                f"SELECT max(n) FROM (SELECT count(*) AS n FROM {dimension} GROUP BY {key})"
            )
            assert most.fetchone() == (1,)


def test_nothing_that_serves_loads_duckdb() -> None:
    named = [
        m.name for m in modules() if any(name.split(".")[0] == "duckdb" for name in imports(m))
    ]
    assert named == ["sync.reporting.duck"]
    code = "import function_app, sync.cli.main, sys; print('duckdb' in sys.modules)"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.strip() == "False"
