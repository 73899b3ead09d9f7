"""One record: where it stands, its story in both directions, the proof of its money, and what both
systems show of it."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from sync.console.pages.deciding import decisions_on
from sync.console.record_links import links_of
from sync.console.visit import Visit
from sync.engine.claim import Claim, State
from sync.engine.refused_keys import key_fault
from sync.engine.trail import Entry
from sync.operating.problem import Problem
from sync.operating.records import require_known
from sync.operating.related import related_to
from sync.operating.story import copies_of

AMOUNTS: Final = "amounts"
HIDDEN: Final = frozenset({"digest", "ms", "since_notification_ms", "documents", AMOUNTS, "by"})


async def show(visit: Visit) -> Response:
    """The page of a record."""
    return await _page(visit)


async def documents(visit: Visit) -> Response:
    """The same page with the copies of one try: they name people, so the trail says who looked."""
    claim, entry = await _claim(visit), visit.asked("entry")
    copies = await copies_of(visit.services, claim, entry) if entry else {}
    clock = visit.services.edition_parts.clock
    looked = Entry(clock.now(), "looked at", details={"by": visit.person.name, "entry": entry})
    await visit.services.ledger.write(claim, looked)
    await visit.note("look", connection=claim.connection, flow=claim.flow, subject=claim.key)
    return await _page(visit, entry=entry, copies=copies)


async def _page(
    visit: Visit, *, entry: str = "", copies: Mapping[str, Any] | None = None
) -> Response:
    claim = await _claim(visit)
    trail = await visit.services.ledger.trail(claim.connection, claim.flow, claim.key)
    if claim.state is State.NEW and not trail:
        remedy = f"Fetch it with: backfill --flow {claim.flow} --ids {claim.key}"
        raise Problem(f"nothing is known of {claim.flow} {claim.key}", remedy=remedy)
    return visit.page(
        "record.html", claim=claim, trail=[*reversed(trail)], amounts=_amounts(trail),
        related=await related_to(visit.services, claim, trail), details_of=details_of,
        entry=entry, copies=copies, decisions=decisions_on(claim), links=_links(visit, claim),
        written=written,
    )  # fmt: skip


async def _claim(visit: Visit) -> Claim:
    connection, flow, key = (visit.asked(name) for name in ("connection", "flow", "key"))
    if not (connection and flow) or key_fault(key):
        raise Problem("no record is named", remedy="Search for it by any of its numbers.")
    require_known(visit.services, connection, flow)
    return await visit.services.ledger.claim(connection, flow, key)


def _amounts(trail: list[Entry]) -> Mapping[str, str]:
    """What was proved when it was last delivered."""
    told = [found for entry in trail if (found := entry.details.get(AMOUNTS))]
    return told[-1] if told else {}


def details_of(entry: Entry) -> dict[str, str]:
    """What a line of the trail says beside its columns."""
    documents = entry.details.get("documents", {})
    shown = {name.replace("_", " "): _words(one) for name, one in documents.items()}
    rest = {n: v for n, v in entry.details.items() if n not in HIDDEN and v not in ("", {}, None)}
    return shown | {name.replace("_", " "): _words(value) for name, value in rest.items()}


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(str(one) for one in value.values() if one)
    return str(value)


def written(document: Any, margin: str = "") -> str:
    """A document as lines, as deep as it goes: for people, so nothing is quoted."""
    if not isinstance(document, dict | list):
        return f"{margin}{'' if document is None else document}"
    entries = document.items() if isinstance(document, dict) else enumerate(document, start=1)
    lines = []
    for name, value in entries:
        if isinstance(value, dict | list) and value:
            lines += [f"{margin}{name}:", written(value, f"{margin}  ")]
        else:
            lines.append(f"{margin}{name}: {'' if value in (None, [], {}) else value}")
    return "\n".join(lines)


def _links(visit: Visit, claim: Claim) -> dict[str, str]:
    settings = visit.services.connections.get(claim.connection)
    return dict(links_of(settings, claim)) if settings is not None else {}
