"""Housekeeping: what is forgotten once a day, and claims that are mended."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sync.alerts.alerting import ALERTS
from sync.alerts.alerting import KEEP as KEEP_ALERTS
from sync.app.console_sign_ins import KEEP as KEEP_SIGN_INS
from sync.app.console_sign_ins import SIGN_INS
from sync.buying.interest import INTEREST
from sync.buying.interest import KEEP as KEEP_LOOKS
from sync.buying.kept import DUE, SLOTS, TASKS
from sync.core.ports import Clock, Tables
from sync.engine.copies import DocumentCopies
from sync.engine.dead_letters import DEAD_LETTERS
from sync.engine.dead_letters import KEEP as KEEP_DEAD_LETTERS
from sync.engine.jobs import Housekeeping
from sync.engine.old_rows import forget_rows
from sync.engine.published_log import KEEP as KEEP_PUBLISHED
from sync.engine.published_log import PUBLISHED
from sync.engine.refused_keys import KEEP, REFUSED_KEYS
from sync.engine.repair import Repair
from sync.engine.troubles import KEEP as KEEP_TROUBLES
from sync.engine.troubles import TROUBLES
from sync.flows.customers.account_holds import ACCOUNT_HOLDS
from sync.intake_http.business_events import TABLE as BUSINESS_EVENTS
from sync.intake_http.events import EVENTS
from sync.reconcile.stored import DIFFERENCES, RECONCILIATIONS

EVERY, REPAIR_EVERY = timedelta(days=1), timedelta(minutes=5)
KEPT: Final[Mapping[str, tuple[str, timedelta]]] = {
    ALERTS: ("ended_at", KEEP_ALERTS),
    DEAD_LETTERS: ("at", KEEP_DEAD_LETTERS),
    REFUSED_KEYS: ("at", KEEP),
    TROUBLES: ("at", KEEP_TROUBLES),
    SIGN_INS: ("until", KEEP_SIGN_INS),
    ACCOUNT_HOLDS: ("until", timedelta(days=30)),
    EVENTS: ("at", timedelta(days=7)),
    PUBLISHED: ("at", KEEP_PUBLISHED),
    BUSINESS_EVENTS: ("taken_at", timedelta(days=30)),
    INTEREST: ("at", KEEP_LOOKS),
    DUE: ("at", timedelta(days=14)),
    SLOTS: ("at", timedelta(days=7)),
    TASKS: ("ended_at", timedelta(days=400)),
    RECONCILIATIONS: ("at", timedelta(days=400)),
    DIFFERENCES: ("at", timedelta(days=400)),
}
"""Tables whose rows are kept for so long from the time in this cell. Adobe sends an event again for
24 hours and keeps its journal for seven days; people read the list of business events."""


def tidying(documents: DocumentCopies, tables: Tables, clock: Clock) -> Housekeeping:
    """The job that forgets copies of documents older than the policy, and rows that are old, once a
    day."""

    async def tidy(_: datetime | None) -> timedelta:
        await documents.forget_old()
        for table, (cell, keep) in KEPT.items():
            await forget_rows(tables, table, cell, clock.now() - keep)
        return EVERY

    return Housekeeping("tidy", tidy)


def repairing(repair: Repair) -> Housekeeping:
    """The job that looks at a page of claims, and mends it."""

    async def mend(_: datetime | None) -> timedelta:
        await repair.run()
        return REPAIR_EVERY

    return Housekeeping("repair", mend)
