"""Copies of documents: whole, encrypted, apart per record, and forgotten when a person asks."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from cryptography.fernet import Fernet

from sync.adapters.cipher import Cipher
from sync.adapters.sqlite.tables import SqliteTables
from sync.core.errors import Never
from sync.engine.copies import CELLS, CHUNK, ROWS, DocumentCopies
from tests.benchmarks.counted import CountedTables
from tests.contracts.hand_clock import HandClock

RECORD = "bikes|orders|000000042@1"
KEY = Fernet.generate_key().decode()
T1, T2 = "20260301T120000000001-a", "20260301T120000000002-b"
"""Ids of trail rows."""
TABLE = "documents202603"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def documents(tables: SqliteTables, clock: HandClock) -> DocumentCopies:
    return DocumentCopies(tables, Cipher([KEY]), clock)


class Scrambled:
    """A sealer whose text does not get smaller, so that large copies stay large."""

    def seal(self, plain: bytes) -> bytes:
        return bytes(byte ^ 0x5A for byte in plain)

    def open(self, sealed: bytes) -> bytes:
        return self.seal(sealed)


async def test_a_copy_comes_back_with_every_digit(documents: DocumentCopies) -> None:
    order = {"grand_total": Decimal("40.9353"), "name": "Jané \ud83d", "items": [1, None, True, {}]}
    await documents.store(RECORD, T1, {"read": order, "sent": {}})
    assert await documents.load(RECORD, T1, "read") == order
    assert await documents.load(RECORD, T1, "sent") == {}


async def test_what_was_never_kept_is_nothing(documents: DocumentCopies) -> None:
    await documents.store(RECORD, T1, {"sent": {"a": 1}})
    for record, trail, kind in (
        (RECORD, T1, "read"),
        (RECORD, T2, "sent"),
        ("bikes|orders|000000042@2", T1, "sent"),
    ):
        assert await documents.load(record, trail, kind) is None
    assert await documents.last(RECORD, "read") is None


async def test_nothing_of_a_copy_can_be_read_where_it_lies(
    documents: DocumentCopies, tables: SqliteTables
) -> None:
    await documents.store(RECORD, T1, {"read": {"email": "jane@example.com"}})
    rows = [row async for row in tables.query(TABLE, RECORD)]
    assert rows
    assert not any(
        b"jane" in value
        for row in rows
        for value in row.values.values()
        if isinstance(value, bytes)
    )


@pytest.mark.parametrize("size", [0, 1, CHUNK - 20, CHUNK, CHUNK * CELLS, CHUNK * CELLS * 2 + 7])
async def test_a_large_copy_spans_cells_and_rows(tables: SqliteTables, size: int) -> None:
    documents = DocumentCopies(tables, Scrambled(), HandClock())
    text = "".join(chr(48 + n % 70) for n in range(size))
    await documents.store(RECORD, T1, {"read": text})
    assert await documents.load(RECORD, T1, "read") == text


async def test_the_copies_of_one_outcome_are_one_transaction_where_they_fit(
    tables: SqliteTables,
) -> None:
    counts: Counter[str] = Counter()
    counted: Any = CountedTables(tables, counts)
    documents = DocumentCopies(counted, Scrambled(), HandClock())
    await documents.store(RECORD, T1, {"read": {"a": 1}, "sent": {"b": 2}, "answered": {"c": 3}})
    assert counts == {"tables transactions": 1}
    await documents.store(RECORD, T2, {"read": "x" * (CHUNK * CELLS * ROWS), "sent": {"b": 2}})
    assert counts == {"tables transactions": 3}
    assert await documents.load(RECORD, T2, "sent") == {"b": 2}


async def test_the_newest_copy_is_the_last_by_trail(documents: DocumentCopies) -> None:
    for trail in ("20260301T120000000002-b", "20260301T120000000001-c", "20260228T120000000009-z"):
        await documents.store(RECORD, trail, {"sent": {"trail": trail}})
    assert await documents.last(RECORD, "sent") == {"trail": "20260301T120000000002-b"}


async def test_storing_again_changes_nothing(
    documents: DocumentCopies, tables: SqliteTables
) -> None:
    for _ in range(2):
        await documents.store(RECORD, T1, {"sent": {"a": 1}})
    assert len([row async for row in tables.query(TABLE, RECORD)]) == 1


async def test_a_copy_under_a_lost_key_counts_as_none_and_says_so_when_asked_for(
    documents: DocumentCopies, tables: SqliteTables
) -> None:
    await documents.store(RECORD, T1, {"sent": {"a": 1}})
    stranger = DocumentCopies(tables, Cipher([Fernet.generate_key().decode()]), HandClock())
    assert await stranger.last(RECORD, "sent") is None
    with pytest.raises(Never):
        await stranger.load(RECORD, T1, "sent")


async def test_a_persons_copies_are_forgotten_and_nobody_elses(documents: DocumentCopies) -> None:
    other = "bikes|orders|000000043@1"
    for record in (RECORD, other):
        await documents.store(record, T1, {"read": {"a": 1}, "sent": {"b": 2}})
    assert await documents.erase(RECORD, await documents.months()) == 2
    assert await documents.erase(RECORD, await documents.months()) == 0
    assert await documents.last(RECORD, "read") is None
    assert await documents.last(other, "read") == {"a": 1}


async def test_copies_are_kept_for_whole_months_and_then_forgotten(
    tables: SqliteTables, clock: HandClock
) -> None:
    documents = DocumentCopies(tables, Cipher([KEY]), clock, keep_months=3)
    await documents.store(RECORD, T1, {"sent": {"a": 1}})
    clock.at = datetime(2026, 6, 30, 23, 59, tzinfo=UTC)
    await documents.forget_old()
    assert await documents.last(RECORD, "sent") == {"a": 1}
    clock.at = datetime(2026, 7, 1, tzinfo=UTC)
    await documents.forget_old()
    await documents.forget_old()
    assert await documents.last(RECORD, "sent") is None
    assert await documents.load(RECORD, T1, "sent") is None
    assert [row async for row in tables.query(TABLE, RECORD)] == []


async def test_the_newest_copy_and_an_erasure_look_into_every_month_that_is_kept(
    documents: DocumentCopies, clock: HandClock
) -> None:
    await documents.store(RECORD, "20251231T235959000000-a", {"sent": {"year": 2025}, "read": {}})
    await documents.store(RECORD, T1, {"sent": {"year": 2026}})
    assert await documents.last(RECORD, "sent") == {"year": 2026}
    assert await documents.last(RECORD, "read") == {}
    clock.at = datetime(2026, 12, 31, tzinfo=UTC)
    assert await documents.erase(RECORD, await documents.months()) == 3
    assert await documents.last(RECORD, "sent") is None


async def test_a_shorter_policy_and_an_erasure_reach_what_a_longer_one_had_kept(
    tables: SqliteTables, clock: HandClock
) -> None:
    longer = DocumentCopies(tables, Cipher([KEY]), clock, keep_months=24)
    for record in (RECORD, "bikes|orders|000000043@1"):
        await longer.store(record, "20240901T120000000000-a", {"sent": {"a": 1}})
    shorter = DocumentCopies(tables, Cipher([KEY]), clock, keep_months=12)
    assert await shorter.erase(RECORD, await shorter.months()) == 1
    await shorter.forget_old()
    assert await longer.last("bikes|orders|000000043@1", "sent") is None
