"""DuckDB, loaded where a report is built or read and nowhere else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sync.core.errors import Never

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    Duck = DuckDBPyConnection
MEMORY: Final = "512MB"
"""What DuckDB may hold; more goes to files beside the data set."""
CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": MEMORY, "threads": "2", "preserve_insertion_order": "false",
    "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
}  # fmt: skip


@contextmanager
def opened(spill: Path) -> "Iterator[Duck]":
    """A database in memory that spills into this folder. Raises `Never` where DuckDB is not
    installed."""
    try:
        import duckdb  # noqa: PLC0415 - serving processes never load it
    except ImportError:
        raise Never(
            "reports need DuckDB, which is not installed here",
            remedy="Install it: python -m pip install -r requirements-reporting.txt",
        ) from None
    with duckdb.connect(config={**CONFIG, "temp_directory": str(spill)}) as duck:
        duck.execute("SET TimeZone = 'UTC'")
        yield duck


def quoted(text: object) -> str:
    """A text in SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def fetched(found: "Duck") -> Iterator[tuple[Any, ...]]:
    """The rows of what was asked, some at a time; nothing else may be asked meanwhile."""
    while rows := found.fetchmany(1000):
        yield from rows


def copied(duck: "Duck", sql: str, named: Mapping[str, Any], file: Path) -> int:
    """What is asked as Parquet; returns how many rows."""
    found = duck.execute(f"COPY ({sql}) TO {quoted(file)} (FORMAT parquet)", dict(named))
    return int((found.fetchone() or (0,))[0])
