"""Keys from outside that no table can hold: kept aside and listed, so that one of them stops
nothing and is not lost unseen."""

import hashlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Clock, Row, Tables, Value
from sync.mapping_tables.records import is_plain

log = logging.getLogger("sync.engine.refused_keys")

REFUSED_KEYS: Final = "refusedkeys"
LONGEST_KEY: Final = 200
"""Characters of a key. Numbers of Commerce have 50 at most, those of F&O 20."""
LONGEST_STORED: Final = 350
"""The same as Azure counts them once escaped, so that a key fits beside connection and flow in a
partition of 512 (`adapters/table_storage/keys.py`)."""
HIGH: Final = "\ue000"
HIGH_COUNTS: Final = 7
KEEP: Final = timedelta(days=30)
REMEDY: Final = (
    "Correct the number at its source, in Commerce or D365. It is listed until 30 days after it was"
    " last told."
)


def key_fault(key: str) -> str:
    """Why no table can hold this key, in words that quote nothing; empty when one can."""
    if key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_STORED // 2 and key[0] > " ":
        return ""
    if not key.strip():
        return "it is empty"
    if not is_plain(key):
        return "it has a control character or half of a surrogate pair"
    stored = sum(HIGH_COUNTS if c >= HIGH else 1 if c.isalnum() else 2 for c in key)
    if len(key) > LONGEST_KEY or stored > LONGEST_STORED:
        return f"it has more than {LONGEST_KEY} characters, or too many rare ones"
    return ""


@dataclass(frozen=True)
class RefusedKey:
    """A key that was kept aside, as it can be shown; `origin`: who told it."""

    connection: str
    flow: str
    key: str
    origin: str
    reason: str
    at: datetime


class RefusedKeys:
    """The list of them."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    async def keep(self, connection: str, flow: str, key: str, origin: str) -> None:
        """Keep one aside. Safe to repeat: it is listed once."""
        reason, digest = key_fault(key), _row_key(key)
        cells: dict[str, Value] = {
            "key": ascii(key)[1:-1][:LONGEST_KEY], "origin": origin, "reason": reason,
            "at": self._clock.now(),
        }  # fmt: skip
        await self._tables.upsert(REFUSED_KEYS, Row(f"{connection}|{flow}", digest, cells))
        log.warning(
            "%s.key_refused connection=%s origin=%s reason=%s", flow, connection, origin, reason
        )

    async def erase(self, connection: str, flow: str, key: str) -> int:
        """Forget one, as a person may ask; how many there were."""
        partition = f"{connection}|{flow}"
        if await self._tables.get(REFUSED_KEYS, partition, _row_key(key)) is None:
            return 0
        await self._tables.delete(REFUSED_KEYS, partition, _row_key(key))
        return 1

    async def all(self) -> AsyncIterator[RefusedKey]:
        """Every key that is kept aside."""
        async for partition in self._tables.partitions(REFUSED_KEYS):
            connection, _, flow = partition.partition("|")
            async for row in self._tables.query(REFUSED_KEYS, partition):
                key, origin, reason = (str(row.values[n]) for n in ("key", "origin", "reason"))
                at = row.values["at"]
                assert isinstance(at, datetime)
                yield RefusedKey(connection, flow, key, origin, reason, at)


def _row_key(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
