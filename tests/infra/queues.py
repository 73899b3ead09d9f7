"""The queues of Service Bus, from those of the code. `python -m tests.infra.queues` writes
`infra/queues.json`, which Bicep loads.

Lock and deliveries are the embedded edition's, so that a message fares the same on both.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sync.app.embedded import LOCK, MOST_DELIVERIES
from sync.engine.queues import BUSINESS_EVENTS, QUEUES

GOLDEN: Final = Path(__file__).parents[2] / "infra" / "queues.json"
DUPLICATES: Final = timedelta(minutes=10)
"""How long ids are remembered: longer than any sender of ours tries again."""
LIFE: Final = timedelta(days=14)
"""A message that nobody took for so long is set aside, where an alert tells of it; it is never
dropped."""
MOST_MEGABYTES: Final = 5120
"""As much as Standard has: some ten million notifications."""


def queues() -> list[dict[str, Any]]:
    """A queue per priority, one for polls, and one for F&O's business events."""
    return [_queue(name, is_ours=name != BUSINESS_EVENTS) for name in QUEUES]


def _queue(name: str, *, is_ours: bool) -> dict[str, Any]:
    """Ids of our own messages are chosen for duplicate detection. F&O's are not known to be, so
    none of its is dropped."""
    return {
        "name": name,
        "lockDuration": iso(LOCK),
        "maxDeliveryCount": MOST_DELIVERIES,
        "maxSizeInMegabytes": MOST_MEGABYTES,
        "requiresSession": False,
        "requiresDuplicateDetection": is_ours,
        "duplicateDetectionHistoryTimeWindow": iso(DUPLICATES),
        "deadLetteringOnMessageExpiration": True,
        "defaultMessageTimeToLive": iso(LIFE),
    }


def iso(length: timedelta) -> str:
    """Whole days or whole minutes as Azure writes them."""
    minutes = length // timedelta(minutes=1)
    assert length == timedelta(minutes=minutes), f"{length} is no whole number of minutes"
    return f"P{length.days}D" if length == timedelta(days=length.days) else f"PT{minutes}M"


def text() -> str:
    """The file."""
    return json.dumps(queues(), indent=2) + "\n"


if __name__ == "__main__":
    GOLDEN.write_text(text(), encoding="utf-8")
