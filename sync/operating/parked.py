"""What waits for a person, as lists and programs show it."""

from typing import Any

from sync.core.message_queue import DeadLetter
from sync.engine.claim import Claim
from sync.engine.message import Message
from sync.engine.refused_keys import REMEDY, RefusedKey


def key_row(key: RefusedKey) -> dict[str, Any]:
    """A key that was refused, as JSON."""
    return {
        "kind": "refused_key", "connection": key.connection, "flow": key.flow, "key": key.key,
        "origin": key.origin, "reason": key.reason, "remedy": REMEDY, "at": key.at,
    }  # fmt: skip


def as_row(claim: Claim) -> dict[str, Any]:
    """A record that waits for a person as JSON; `differs`: it is delivered, and these sums
    differ."""
    return {
        "kind": "differs" if claim.is_different else "parked",
        "connection": claim.connection, "flow": claim.flow, "key": claim.key,
        "number": claim.number,
        "reason": claim.reason, "remedy": claim.remedy, "read_at": claim.read_at,
        "differs": claim.differs,
    }  # fmt: skip


def letter_row(letter: DeadLetter, message: Message | None) -> dict[str, Any]:
    """A message that was set aside, as JSON; without a key where it is no message of this
    product."""
    return {
        "kind": "dead_letter", "connection": message.connection if message else "",
        "flow": message.flow if message else "", "queue": letter.queue,
        "key": message.key if message else "", "deliveries": letter.deliveries,
        "reason": f"{letter.reason} {letter.description}".strip(),
        "enqueued_at": letter.enqueued_at,
        "remedy": "See the log for why it was given back so often, then replay it." if message
        else "It is no message of this product; find out who sends into this queue.",
    }  # fmt: skip
