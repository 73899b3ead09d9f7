"""The data set on disk: Parquet by table, company and month, which anything reads as it is.

Rows come in as batches and wait in `incoming`; `restate` puts each document's newest version where
its month lies, in place of what was there. A file is written beside its place and then renamed, and
whatever is done twice ends the same: so a build that was killed goes on by being begun again.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sync.adapters.file_lock import exclusive
from sync.core.errors import Never
from sync.reporting.duck import quoted
from sync.reporting.schema import PARTS, Table, tables

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

Row = Mapping[str, Any]
SHARED, CONFIDENTIAL = "shared", "confidential"
INCOMING: Final = "incoming"
PLACE: Final = "place"
FOLDER: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
"""What a company or month may be to name a folder."""
NOT_IN_PARQUET: Final = re.compile(r"\\u(?:0000|d[89a-f])")
"""NUL and half characters, as JSON tells of them."""


class Lake:
    """The data set in a folder. Everything is safe to repeat."""

    def __init__(self, root: Path, duck: "Duck") -> None:
        self.root, self.duck = root, duck

    def folder(self, table: Table) -> Path:
        """Where a table lies; what is confidential apart, for a role of its own."""
        return self.root / (CONFIDENTIAL if table.is_confidential else SHARED) / table.name

    def land(self, name: str, rows: Iterable[Row]) -> int:
        """Take rows in; they show once `restate` has put them in place. Returns how many. Of two
        documents with one version that with the higher `place` counts, or that which came later."""
        table, folder = tables()[name], self._incoming(name)
        folder.mkdir(parents=True, exist_ok=True)
        number = max((int(one.stem) for one in folder.glob("*.parquet")), default=0) + 1
        spool, place = folder / "rows.json", folder / f"{number:012d}.parquet"
        count = _spooled(spool, table, rows)
        if count:
            self._copy(f"SELECT *, {number} AS landed FROM {_json(spool, table)}", place)
        spool.unlink()
        return count

    def restate(self, tell: Callable[[str], None] = lambda _: None) -> int:
        """Put what came in into place; returns how many months of tables were written."""
        return sum(self._restated(table, tell) for table in tables().values())

    def rows_of(self, name: str) -> str:
        """The table as SQL that can stand behind FROM; empty where nothing was landed."""
        table = tables()[name]
        if not any(self.folder(table).glob("*/*/*.parquet")):
            typed = (f"NULL::{kind} AS {one}" for one, kind in table.all_columns.items())
            return f"(SELECT {', '.join(typed)} WHERE false)"
        kinds = "{" + ", ".join(f"{one}: VARCHAR" for one in PARTS) + "}"
        files = quoted(self.folder(table) / "*" / "*" / "*.parquet")
        return f"read_parquet({files}, hive_partitioning = true, hive_types = {kinds})"

    def months(self, name: str) -> list[tuple[str, str]]:
        """Company and month of each file there is."""
        found = sorted(self.folder(tables()[name]).glob("company=*/month=*/data.parquet"))
        parts = ((one.parent.parent.name, one.parent.name) for one in found)
        return [(first.partition("=")[2], second.partition("=")[2]) for first, second in parts]

    def place(self, table: Table, part: Sequence[str]) -> Path:
        """The file of a company's month."""
        company, month = part
        return self.folder(table) / f"company={company}" / f"month={month}" / "data.parquet"

    def write(self, select: str, place: Path) -> None:
        """A query's rows as one Parquet file."""
        self._copy(select, place)

    def _incoming(self, name: str) -> Path:
        table = tables()[name]
        return self.root / (CONFIDENTIAL if table.is_confidential else SHARED) / INCOMING / name

    def _restated(self, table: Table, tell: Callable[[str], None]) -> int:
        files = sorted(self._incoming(table.name).glob("*.parquet"))
        if not files:
            return 0
        tell(table.name)
        came = f"read_parquet([{', '.join(map(quoted, files))}])"
        parts = self.duck.execute(f"SELECT DISTINCT {', '.join(PARTS)} FROM {came}").fetchall()
        for part in parts:
            self._put(table, part, came)
        for one in files:
            one.unlink()
        return len(parts)

    def _put(self, table: Table, part: tuple[str, str], came: str) -> None:
        place, names = self.place(table, part), ", ".join(table.columns)
        here = " AND ".join(
            f"{one} = {quoted(value)}" for one, value in zip(PARTS, part, strict=True)
        )
        rows = f"SELECT {names}, landed, place FROM {came} WHERE {here}"
        if place.exists():
            there = f"read_parquet({quoted(place)}, hive_partitioning = false)"
            rows += f" UNION ALL SELECT {names}, 0, 0 FROM {there}"
        inner = [one for one in table.document if one not in PARTS]
        keys = [one for one in table.key if one not in PARTS]
        newest = f"ORDER BY {table.version} DESC, landed DESC, place DESC"
        self._copy(
            f"SELECT {names} FROM ({rows})"
            f" QUALIFY rank() OVER (PARTITION BY {', '.join(inner)} {newest}) = 1"
            f" AND row_number() OVER (PARTITION BY {', '.join(keys)} {newest}) = 1"
            f" ORDER BY {', '.join(keys)}",
            place,
        )

    def _copy(self, select: str, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_suffix(".part")
        self.duck.execute(f"COPY ({select}) TO {quoted(beside)} (FORMAT parquet, COMPRESSION zstd)")
        beside.replace(place)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Write in a data set, after who writes there now: two builds would take each other's files."""
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / "build.lock"):
        yield


def _json(spool: Path, table: Table) -> str:
    columns = {**table.all_columns, PLACE: "BIGINT"}
    kinds = ", ".join(f"{one}: {quoted(kind)}" for one, kind in columns.items())
    return f"read_json({quoted(spool)}, format = 'newline_delimited', columns = {{{kinds}}})"


def _spooled(spool: Path, table: Table, rows: Iterable[Row]) -> int:
    count, names, known = 0, [*table.all_columns], set[tuple[str, ...]]()
    encode = json.JSONEncoder(ensure_ascii=True, check_circular=False, default=_cell).encode
    with spool.open("w", encoding="ascii") as file:
        for row in rows:
            part = tuple(row[one] for one in PARTS)
            if part not in known:
                _must_name_a_folder(table, part)
                known.add(part)
            cells = {name: row[name] for name in names}
            cells[PLACE] = row.get(PLACE, 0)
            told = encode(cells)
            if NOT_IN_PARQUET.search(told):
                told = encode({name: _text(cell) for name, cell in cells.items()})
            file.write(told + "\n")
            count += 1
    return count


def _must_name_a_folder(table: Table, part: tuple[str, ...]) -> None:
    for name, value in zip(PARTS, part, strict=True):
        if not FOLDER.fullmatch(value):
            raise Never(
                f"{table.name}: a row's {name} is {value[:60]!r}, which can name no folder",
                remedy="Look at the legal entity's id and the record's date where it is from.",
            )


def _text(value: Any) -> Any:
    """A text without half characters and NUL; anything else as it is."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _cell(value: Any) -> str:
    """What JSON has no form of: an amount, a day, a moment."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value.isoformat())
