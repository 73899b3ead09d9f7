"""What a message may be, on every queue: the limits of Service Bus Standard (vendor reference, read
2026-11)."""

import re
from typing import Final

from sync.core.message_queue import Outgoing

MOST_BODY: Final = 192 * 1024
"""Service Bus Standard takes 256 KB with properties, which may be 64 KB."""
MOST_ID: Final = 128
MOST_WHY: Final = 4096
"""Characters of a dead letter's reason, and of its description."""
QUEUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,259}")


def check(message: Outgoing) -> None:
    """Raise `ValueError` for what Service Bus would refuse."""
    if not QUEUE.fullmatch(message.queue):
        expected = "expected up to 260 letters, digits, periods, hyphens and underscores"
        raise ValueError(f"queue {message.queue!r}: {expected}")
    if not 1 <= len(message.id) <= MOST_ID:
        what = f"a message id of {len(message.id)} characters, expected 1 to {MOST_ID}"
        raise ValueError(f"queue {message.queue}: {what}")
    if len(message.body) > MOST_BODY:
        what = f"a body of {len(message.body)} bytes, at most {MOST_BODY} are sent"
        raise ValueError(f"queue {message.queue}: {what}")
