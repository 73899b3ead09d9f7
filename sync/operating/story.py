"""All that is kept of a record: its state, its trail, and the copies of what was read and sent."""

from dataclasses import asdict
from typing import Any

from sync.app.services import Services
from sync.engine.claim import Claim
from sync.engine.reading import delivered_with
from sync.engine.trail import Entry
from sync.flows import PUBLICATIONS

KINDS = ("read", "wanted", "sent", "answered", "refused")


async def story_of(services: Services, claim: Claim, *, documents: bool) -> dict[str, Any]:
    """All that is kept of a record; with `documents` its copies, decrypted."""
    entries = await services.ledger.trail(claim.connection, claim.flow, claim.key)
    reported = [await _reported(services, claim, entry, documents=documents) for entry in entries]
    return {
        "connection": claim.connection, "flow": claim.flow, "key": claim.key,
        "state": str(claim.state),
        "documents": {kind: one.number for kind, one in claim.delivered.items()},
        "number": claim.number, "reason": claim.reason, "remedy": claim.remedy,
        "differs": claim.differs, "resolved": claim.resolved,
        "digest": claim.digest, "read_at": claim.read_at, "lease_until": claim.lease_until,
        "delivered_with": with_another(services, claim),
        "settled_by": claim.intent_settled_by, "trail": reported,
    }  # fmt: skip


def with_another(services: Services, claim: Claim) -> str:
    """Flow and key of the other record whose delivery delivers this one; empty where it comes by
    itself, or where none is known."""
    by, key = delivered_with(services.flows.get(claim.flow), claim)
    return f"{by} {key}" if key and (by, key) != (claim.flow, claim.key) else ""


async def _reported(
    services: Services, claim: Claim, entry: Entry, *, documents: bool
) -> dict[str, Any]:
    reported = {**asdict(entry), "details": dict(entry.details)}
    if documents:
        reported["documents"] = await copies_of(services, claim, entry.id)
    return reported


async def copies_of(services: Services, claim: Claim, trail_id: str) -> dict[str, Any]:
    """The copies that one try left, decrypted: they may name people."""
    record = f"{claim.partition}|{claim.key}"
    copies = {kind: await services.documents.load(record, trail_id, kind) for kind in KINDS}
    return {kind: copy for kind, copy in copies.items() if copy is not None}


async def published_stories(
    services: Services, connection: str, flow: str, key: str
) -> list[dict[str, Any]]:
    """What publications have shown of a key lately, by connection and flow."""
    found = list[dict[str, Any]]()
    for name, settings in services.connections.items():
        for one in PUBLICATIONS:
            is_meant = connection in ("", name) and flow in ("", one.name)
            if one.name in settings.flows and is_meant:
                shown = await services.ledger.published.of(f"{name}|{one.name}", key)
                rows = [asdict(each) for each in shown]
                story = {"connection": name, "flow": one.name, "key": key, "published": rows}
                found += [story] if rows else []
    return found
