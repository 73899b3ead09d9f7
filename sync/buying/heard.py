"""What other parts hear of an account, and that gives reason to look at it within the hour."""

from datetime import datetime, timedelta

from sync.buying.kept import KeptAccounts
from sync.config.connections import Connection
from sync.core.ports import Tables
from sync.credit.decisions import Decision


async def decision_heard(
    tables: Tables, connection: str, settings: Connection, decision: Decision
) -> None:
    """What a checkout was told; nothing where no task follows from it."""
    follows = "tasks" in settings.flows and "refusal" in settings.tasks.rules
    kind, number = (
        ("company", decision.company) if decision.company else ("customer", decision.customer)
    )
    if follows and not decision.is_allowed and number:
        at = next_hour(datetime.fromisoformat(decision.at))
        await KeptAccounts(tables, connection).look_at(f"{kind}|{number}", at)


def next_hour(at: datetime) -> datetime:
    """One look an hour is enough, and one row."""
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
