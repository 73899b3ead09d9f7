"""What the product itself stands on: its queues and tables."""

from collections.abc import AsyncIterator

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.core.errors import Later, Never
from sync.engine.claim import CLAIMS
from sync.engine.queues import QUEUES


async def stores_answer(probe: Probe) -> AsyncIterator[Finding]:
    """Every queue and the tables answer, and no queue holds dead letters."""
    if probe.own is None:
        return
    dead = 0
    for name in QUEUES:
        try:
            dead += (await probe.own.queue.depth(name)).dead
        except (Later, Never) as trouble:
            yield _away(f"queue {name}", trouble)
            return
    try:
        await probe.own.tables.get(CLAIMS, probe.name, "check")
    except (Later, Never) as trouble:
        yield _away("the tables", trouble)
        return
    yield ok(f"{len(QUEUES)} queues and the tables answer")
    if dead:
        cure = "See why: python -m sync parked. After the cause is mended: replay --parked."
        yield warn(f"{dead} messages were set aside by the queues", cure)


def _away(what: str, trouble: Later | Never) -> Finding:
    cure = trouble.remedy or "Wait for it to answer, or see the settings of the environment."
    return fault(f"{what} cannot be used: {trouble.reason}", cure)
