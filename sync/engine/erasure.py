"""Erases what a person's record left here: the copies of its documents, and all free text.

Numbers, amounts, outcomes and times stay: they name nobody, and without them a record could be
posted twice. Reasons and remedies go, as earlier releases quoted the other system in them. Digests
that earlier releases stored plain are keyed.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.ports import Conflict, Row, Tables
from sync.engine.claim import CLAIMS, PARKED, TRAIL, Claim
from sync.engine.copies import DocumentCopies
from sync.engine.ledger import Ledger
from sync.engine.refused_keys import RefusedKeys

Record = tuple[str, str]
"""Flow and key."""

ERASED: Final = "(erased)"
WHY: Final = "the reason was erased on request"
SEE_WHY: Final = "Replay the record: if it still cannot be delivered, its trail says why."
WORDS: Final = ("reason", "remedy")
KEPT: Final = frozenset([
    "ms", "since_notification_ms", "amounts", "documents", "until", "reference", "sales_order",
    "account", "matched_by", "status", "compared", "voucher", "kind", "currency", "amount", "tax",
    "OnHoldStatus", "differs", "differs_no_more", "resolved", "accepted", "by", "was_held_by",
    "document", "was", "now", "forgotten",
])  # fmt: skip
"""Details of a trail row that stay: identifiers, amounts, outcomes and durations."""


@dataclass(frozen=True)
class Erasure:
    """Erases records, one at a time. Nothing here waits for a record to be at rest: who is at work
    on it writes no free text about it that is older than the erasure."""

    tables: Tables
    ledger: Ledger
    documents: DocumentCopies
    refused_keys: RefusedKeys

    async def erase(
        self, connection: str, records: Iterable[Record]
    ) -> AsyncIterator[tuple[Record, int]]:
        """Erase records; of each, how many rows went or were cleaned. Safe to repeat: nothing is
        left to do then."""
        months = await self.documents.months()
        for flow, key in records:
            yield (flow, key), await self._erase(connection, flow, key, months)

    async def _erase(self, connection: str, flow: str, key: str, months: Sequence[str]) -> int:
        count = await self.documents.erase(f"{connection}|{flow}|{key}", months)
        count += await self._clean_trail(f"{connection}|{flow}|{key}")
        count += await self._clean_claim(connection, flow, key)
        return count + await self.refused_keys.erase(connection, flow, key)

    async def _clean_trail(self, record: str) -> int:
        count = 0
        async for row in self.tables.query(TRAIL, record):
            cells = {**row.values, **_without_words(row.values), "details": _without_text(row)}
            if cells != row.values:
                await self.tables.upsert(TRAIL, Row(row.partition, row.key, cells))
                count += 1
        return count

    async def _clean_claim(self, connection: str, flow: str, key: str) -> int:
        while True:
            claim = await self.ledger.claim(connection, flow, key)
            clean = _clean(claim).keyed(self.ledger.digests)
            if not claim.etag or clean == claim:
                break
            try:
                await self.tables.replace(CLAIMS, clean.row())
            except Conflict:
                continue
            break
        listed = await self.tables.get(PARKED, f"{connection}|{flow}", key)
        if listed is not None and listed.values.get("reason") != WHY:
            await self.tables.upsert(PARKED, listed.having(reason=WHY, remedy=SEE_WHY))
            return 2
        return int(bool(claim.etag) and clean != claim)


def _clean(claim: Claim) -> Claim:
    if claim.waits_for_a_person:
        return replace(claim, reason=WHY, remedy=SEE_WHY)
    return replace(claim, reason=claim.reason and WHY, remedy="")


def _without_words(cells: Mapping[str, Any]) -> dict[str, str]:
    return {name: ERASED if cells.get(name) else "" for name in WORDS if name in cells}


def _without_text(row: Row) -> str:
    details: dict[str, Any] = from_json(str(row.values.get("details") or "{}"))
    return to_json({name: value for name, value in details.items() if name in KEPT}).decode()
