"""Signed links to a buyer's documents: with one, anybody may print one document until it ends, and
nothing else; and the names of documents, which tell nothing of F&O's keys."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sync.core.encoding import NotJson, from_json, to_json

LONGEST: Final = 1000
BYTES: Final = 32
"""Of a signature."""
PURPOSE: Final = b"portal"


def link_key(key: bytes) -> bytes:
    """What names and links are signed with. `key`: the edition's own."""
    return hmac.digest(key, PURPOSE, "sha256")


def document_key(company: str, number: str, day: date, voucher: str) -> str:
    """What tells a document from all others, also of other legal entities: numbers repeat there."""
    return f"{company}|{number}|{day.isoformat()}|{voucher}"


def name_of(connection: str, document: str, key: bytes) -> str:
    """The name of a document (`document_key`) for its buyer."""
    text = f"document|{connection}|{document}"
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")[:18]).decode()


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
