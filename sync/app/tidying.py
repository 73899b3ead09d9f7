"""What is forgotten once a day, and how long it is kept."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sync.core.ports import Clock, Tables
from sync.engine.copies import DocumentCopies
from sync.engine.dead_letters import DEAD_LETTERS
from sync.engine.dead_letters import KEEP as KEEP_DEAD_LETTERS
from sync.engine.old_rows import forget_rows
from sync.engine.refused_keys import KEEP, REFUSED_KEYS
from sync.intake_http.business_events import TABLE as BUSINESS_EVENTS
from sync.intake_http.events import EVENTS

KEPT: Final[Mapping[str, tuple[str, timedelta]]] = {
    DEAD_LETTERS: ("at", KEEP_DEAD_LETTERS),
    REFUSED_KEYS: ("at", KEEP),
    EVENTS: ("at", timedelta(days=7)),
    BUSINESS_EVENTS: ("taken_at", timedelta(days=30)),
}
"""Tables whose rows are kept for so long from the time in this cell. Adobe sends an event again for
24 hours and keeps its journal for seven days; people read the list of business events."""


async def tidy(documents: DocumentCopies, tables: Tables, clock: Clock) -> None:
    """Forget copies of documents that are older than the policy, and rows that are old. Safe to
    repeat."""
    await documents.forget_old()
    for table, (cell, keep) in KEPT.items():
        await forget_rows(tables, table, cell, clock.now() - keep)
