"""An account that is forgotten is in no file, and no later build brings it back."""

from pathlib import Path

from sync.reporting.duck import opened
from sync.reporting.forgetting import FORGOTTEN, forget
from sync.reporting.state import State
from tests.reporting.years import build, drawn


def named(root: Path, company: str, account: str) -> list[str]:
    """Files that hold the account, spelled in whatever case."""
    found = []
    with opened(root / "spill") as duck:
        for file in root.rglob("*.parquet"):
            rows = f"(SELECT * FROM read_parquet('{file}', hive_partitioning = true))"
            names = {one[0] for one in duck.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
            for name in {"account", "order_account"} & names:
                where = f"lower({name}) = '{account.lower()}' AND company = '{company}'"
                if duck.execute(f"SELECT 1 FROM {rows} WHERE {where} LIMIT 1").fetchall():
                    found.append(file.name)
    return found


def test_a_forgotten_account_is_gone_and_stays_gone(tmp_path: Path) -> None:
    year = drawn(4, size=8)
    build(tmp_path, year.sources())
    company = next(one for one in ("usmf", "demf", "gbsi") if named(tmp_path, one, "C-1"))
    others = [one for one in ("usmf", "demf", "gbsi") if one != company]
    before = {one: len(named(tmp_path, one, "C-1")) for one in others}
    with opened(tmp_path / "spill") as duck:
        assert forget(duck, tmp_path, company.upper(), ["c-1"]) > 0
        assert forget(duck, tmp_path, company, ["C-1"]) == 0
    assert named(tmp_path, company, "C-1") == []
    assert named(tmp_path, company, FORGOTTEN)
    assert {one: len(named(tmp_path, one, "C-1")) for one in others} == before
    state = State.of(tmp_path)
    state.cursors.clear()
    state.shape = "another"
    state.save()
    build(tmp_path, year.sources())
    assert named(tmp_path, company, "C-1") == []
    assert "C-1" not in (tmp_path / "state.json").read_text()
