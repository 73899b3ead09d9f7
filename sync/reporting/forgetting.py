"""Takes an account out of the data set, as a person may ask: its rows stay, and name nobody.

The state keeps what is forgotten as digests, so that what F&O still says brings nothing back.
"""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sync.reporting.duck import quoted
from sync.reporting.lake import Lake
from sync.reporting.state import State

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

FORGOTTEN: Final = "(erased)"
NAMES: Final = ("account", "order_account")


def digest_of(company: str, account: str) -> str:
    """By which a forgotten account is known."""
    return hashlib.sha256(f"{company.casefold()}|{account.casefold()}".encode()).hexdigest()


def without(row: Mapping[str, Any], forgotten: Collection[str]) -> Mapping[str, Any]:
    """A row without accounts that are forgotten."""
    found = {
        name: FORGOTTEN
        for name in NAMES
        if row.get(name) and digest_of(row["company"], row[name]) in forgotten
    }
    return {**row, **found} if found else row


def forget(duck: "Duck", root: Path, company: str, accounts: Collection[str]) -> int:
    """Forget accounts of a company; how many files were written again. Safe to repeat."""
    state = State.of(root)
    state.forgotten = sorted({*state.forgotten, *(digest_of(company, one) for one in accounts)})
    state.save()
    lake, wanted = Lake(root, duck), [one.casefold() for one in accounts]
    files = [one for one in sorted(root.rglob("*.parquet")) if "spill" not in one.parts]
    return sum(_forgot(lake, one, company.casefold(), wanted) for one in files)


def _forgot(lake: Lake, file: Path, company: str, accounts: Collection[str]) -> bool:
    """A file of a month has its company in its path; others have a column."""
    rows = f"read_parquet({quoted(file)}, hive_partitioning = false)"
    columns = {one[0] for one in lake.duck.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
    names = [name for name in NAMES if name in columns]
    is_own = "company" in columns or f"company={company}" in file.parts
    if not (names and is_own):
        return False
    of = f"company = {quoted(company)}" if "company" in columns else "true"
    listed = ", ".join(map(quoted, accounts))
    hits = {name: f"{of} AND lower({name}) IN ({listed})" for name in names}
    any_ = " OR ".join(f"({one})" for one in hits.values())
    if not lake.duck.execute(f"SELECT 1 FROM {rows} WHERE {any_} LIMIT 1").fetchall():
        return False
    cells = (f"CASE WHEN {hit} THEN '{FORGOTTEN}' ELSE {n} END AS {n}" for n, hit in hits.items())
    lake.write(f"SELECT * REPLACE ({', '.join(cells)}) FROM {rows}", file)
    return True
