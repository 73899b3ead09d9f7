"""Signed links: with one, anybody may print one document until it ends, and nothing else."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sync.core.encoding import NotJson, from_json, to_json

LONGEST: Final = 1000
BYTES: Final = 32
"""Of a signature."""


@dataclass(frozen=True)
class Link:
    """The document that a link opens: its account, its name among the account's documents, and
    until when."""

    connection: str
    company: str
    account: str
    document: str
    until: datetime


def signed(link: Link, key: bytes) -> str:
    """The link's last part."""
    until = int(link.until.timestamp())
    fields = [link.connection, link.company, link.account, link.document, until]
    payload = to_json(fields)
    return urlsafe_b64encode(_signature(payload, key) + payload).decode().rstrip("=")


def opened(text: str, key: bytes, now: datetime) -> Link | None:
    """The link that was signed; None for any other text, and once it has ended."""
    if not text.isascii() or len(text) > LONGEST:
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        signature, payload = raw[:BYTES], raw[BYTES:]
        if not hmac.compare_digest(signature, _signature(payload, key)):
            return None
        connection, company, account, document, until = from_json(payload)
    except (ValueError, NotJson):
        return None
    ends = datetime.fromtimestamp(int(until), UTC)
    return Link(connection, company, account, document, ends) if ends > now else None


def _signature(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"portal link|" + payload, "sha256")
