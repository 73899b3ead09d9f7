"""What lies under the embedded queue and tables: durable commits, shared files, honest errors."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sync.adapters.sqlite.store import MOST_PER_COMMIT, SqliteStore
from sync.adapters.sqlite.tables import SqliteTables
from sync.core.errors import Later, Never
from sync.core.ports import Conflict, Row

SCHEMA = ("CREATE TABLE IF NOT EXISTS notes (text TEXT UNIQUE NOT NULL)",)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, SCHEMA)) as store:
        yield store


def note(text: str) -> Callable[[sqlite3.Connection], None]:
    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO notes VALUES (?)", (text,))

    return work


def notes(store: SqliteStore) -> list[str]:
    return [text for (text,) in store.read("SELECT text FROM notes ORDER BY rowid")]


def test_a_file_waits_for_the_disk_and_lets_others_read(store: SqliteStore) -> None:
    assert store.read("PRAGMA synchronous") == [(2,)]
    assert store.read("PRAGMA journal_mode") == [("wal",)]


def test_a_file_may_be_told_not_to_wait_for_the_disk(path: Path) -> None:
    with closing(SqliteStore(path, SCHEMA, synchronous="NORMAL")) as store:
        assert store.read("PRAGMA synchronous") == [(1,)]


def test_a_new_file_is_its_owners_alone(store: SqliteStore, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


async def test_concurrent_writes_share_a_commit(store: SqliteStore) -> None:
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    await asyncio.gather(*(store.write(note(str(number))) for number in range(50)))
    assert statements.count("COMMIT") == 1
    assert len(notes(store)) == 50


async def test_a_great_many_writes_take_several_commits_in_order(store: SqliteStore) -> None:
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    await asyncio.gather(
        *(store.write(note(str(number))) for number in range(2 * MOST_PER_COMMIT + 1))
    )
    assert statements.count("COMMIT") == 3
    assert notes(store) == [str(number) for number in range(2 * MOST_PER_COMMIT + 1)]


async def test_a_write_is_told_of_only_when_it_is_durable(store: SqliteStore, path: Path) -> None:
    await store.write(note("told"))
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT text FROM notes").fetchall() == [("told",)]


async def test_a_write_that_fails_undoes_itself_alone(store: SqliteStore) -> None:
    def failing(db: sqlite3.Connection) -> None:
        note("undone")(db)
        raise Conflict("somebody was first")

    outcomes = await asyncio.gather(
        store.write(note("before")),
        store.write(failing),
        store.write(note("after")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict, type(None)]
    assert notes(store) == ["before", "after"]


async def test_a_row_that_cannot_be_is_its_writers_affair(store: SqliteStore) -> None:
    outcomes = await asyncio.gather(
        *(store.write(note(text)) for text in "aab"), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        sqlite3.IntegrityError,
        type(None),
    ]
    assert notes(store) == ["a", "b"]


async def test_a_wrong_statement_undoes_the_transaction_and_leaves_the_store_usable(
    store: SqliteStore,
) -> None:
    wrong = store.write(lambda db: db.execute("INSERT INTO nowhere VALUES (1)"))
    outcomes = await asyncio.gather(store.write(note("beside")), wrong, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [sqlite3.OperationalError] * 2
    await store.write(note("after"))
    assert notes(store) == ["after"]


async def test_a_write_that_is_cancelled_in_time_is_not_done(store: SqliteStore) -> None:
    store.write(note("alone")).cancel()
    await asyncio.sleep(0)
    first, second = store.write(note("cancelled")), store.write(note("done"))
    first.cancel()
    await second
    assert notes(store) == ["done"]


async def test_closing_commits_what_is_pending(path: Path) -> None:
    store = SqliteStore(path, SCHEMA)
    writing = store.write(note("last"))
    store.close()
    await writing
    with closing(SqliteStore(path, SCHEMA)) as again:
        assert notes(again) == ["last"]


def abandoned_with_a_pending_write(store: SqliteStore) -> None:
    loop = asyncio.new_event_loop()
    loop.call_soon(lambda: (store.write(note("forgotten")), loop.stop()))
    loop.run_forever()
    loop.close()


def test_a_store_serves_one_loop_after_another(store: SqliteStore) -> None:
    async def remembers() -> None:
        await store.write(note("remembered"))

    abandoned_with_a_pending_write(store)
    asyncio.run(remembers())
    assert notes(store) == ["remembered"]


def test_a_store_closes_after_its_loop(path: Path) -> None:
    store = SqliteStore(path, SCHEMA)
    abandoned_with_a_pending_write(store)
    store.close()
    with closing(sqlite3.connect(path, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")  # nobody holds the file any more


async def test_a_file_that_another_holds_is_tried_again(path: Path) -> None:
    with (
        closing(SqliteStore(path, SCHEMA, busy=timedelta(0))) as store,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Later, match="another process") as caught:
            await store.write(note("1"))
        assert (caught.value.after, caught.value.counts) == (timedelta(seconds=1), False)
        other.execute("ROLLBACK")
        await store.write(note("1"))


def test_a_new_file_that_another_is_making_is_waited_for_and_then_told(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Later, match="another process"):
            SqliteStore(path, SCHEMA, busy=timedelta(milliseconds=60))
        other.execute("ROLLBACK")
    SqliteStore(path, SCHEMA).close()


async def test_a_full_disk_is_told_and_nothing_is_half_written(store: SqliteStore) -> None:
    await store.write(note("before"))
    store._db.execute("PRAGMA max_page_count=10")
    outcomes = await asyncio.gather(
        *(store.write(note(f"{number}" + "x" * 9000)) for number in range(9)),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {Later}
    assert "full" in str(outcomes[0])
    assert notes(store) == ["before"]
    store._db.execute("PRAGMA max_page_count=10000")
    await store.write(note("after"))


def test_a_file_that_is_no_database_needs_a_person(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Never, match=r"store\.db") as caught:
        SqliteStore(path, SCHEMA)
    assert "backup" in caught.value.remedy


def test_a_path_that_cannot_be_written_needs_a_person(tmp_path: Path) -> None:
    with pytest.raises(Never, match="unable to open") as caught:
        SqliteStore(tmp_path / "missing" / "store.db", SCHEMA)
    assert "right to write" in caught.value.remedy


def test_reading_a_damaged_file_needs_a_person(path: Path) -> None:
    with closing(SqliteStore(path, SCHEMA)) as store:
        store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    with closing(SqliteStore(path, SCHEMA)) as store:
        path.write_bytes(raw)
        store._db.execute("PRAGMA cache_size=0")
        with pytest.raises(Never, match="damaged"):
            store.read("SELECT * FROM notes")


def test_a_statement_that_is_wrong_is_a_bug(store: SqliteStore) -> None:
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.read("SELECT 1")


async def test_several_openers_of_one_file_see_each_others_rows(path: Path) -> None:
    with closing(SqliteTables(path)) as host, closing(SqliteTables(path)) as command_line:
        seen = await host.insert("claims", Row("p", "k", {"n": 1}))
        assert await command_line.get("claims", "p", "k") == seen
        await command_line.replace("claims", seen.having(n=2))
        with pytest.raises(Conflict):
            await host.replace("claims", seen.having(n=3))


async def test_a_table_is_one_whatever_the_case_of_its_name(path: Path) -> None:
    with closing(SqliteTables(path)) as tables:
        await tables.insert("Claims", Row("p", "k"))
        assert await tables.get("claims", "p", "k") is not None


@pytest.mark.parametrize("way", ["delete", "drop"])
async def test_what_was_deleted_is_in_no_file_any_more(tmp_path: Path, way: str) -> None:
    tables = SqliteTables(tmp_path / "tables.sqlite")
    planted = "Zebulonia Quagmirez"
    for number in range(20):
        await tables.insert("copies", Row("p", f"k{number}", {"text": planted * 50}))
    await tables.insert("claims", Row("p", "k", {"text": "stays"}))
    assert planted.encode() in in_all_files(tmp_path)
    if way == "drop":
        await tables.drop("copies")
    else:
        for number in range(20):
            await tables.delete("copies", "p", f"k{number}")
        tables.close()
    found = in_all_files(tmp_path)
    assert planted.encode() not in found
    assert b"stays" in found


def in_all_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_compacting_removes_what_an_earlier_release_deleted_without_overwriting_it(
    path: Path,
) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA secure_delete=OFF")
        old.execute(SCHEMA[0])
        old.execute("INSERT INTO notes VALUES ('Zebulonia')")
        old.commit()
        old.execute("DELETE FROM notes")
        old.commit()
    assert b"Zebulonia" in in_all_files(path.parent)
    with closing(SqliteStore(path, SCHEMA)) as store:
        await store.write(note("stays"))
        store.compact()
        assert b"Zebulonia" not in in_all_files(path.parent)
        assert notes(store) == ["stays"]


async def test_a_log_that_another_process_still_reads_is_told_and_compacted_later(
    path: Path,
) -> None:
    with closing(SqliteStore(path, SCHEMA, busy=timedelta(0))) as store:
        await store.write(note("Zebulonia"))
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM notes").fetchall()
            await store.write(lambda db: db.execute("DELETE FROM notes"))
            with pytest.raises(Later, match="another process reads"):
                store.compact()
        store.compact()
        assert b"Zebulonia" not in in_all_files(path.parent)
