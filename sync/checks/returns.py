"""Whether returns can go their way: what F&O shows of them may be read, and the shop's option ids
have codes."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok, reading, warn
from sync.commerce.address import path_of
from sync.commerce.returns import RETURNS
from sync.commerce.search import Search
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics import posted_invoices, return_files, return_states
from sync.dynamics.documents.requests import RETURN_HEADERS, RETURN_LINES
from sync.flows.returns.photos import REMEDY as PHOTO_REMEDY

METADATA: Final = "returnsAttributeMetadata"
BACK: Final = frozenset({"return_states", "refunds"})


def return_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that following returns reads."""
    if not BACK & set(settings.flows):
        return {}
    found: dict[str, tuple[str, ...]] = {
        **_files(settings),
        RETURN_HEADERS: return_states.HEADER_FIELDS, RETURN_LINES: return_states.LINE_FIELDS,
        return_states.CODES: return_states.CODE_FIELDS,
        posted_invoices.SALES: posted_invoices.SALES_FIELDS,
    }  # fmt: skip
    if "refunds" in settings.flows:
        found[return_states.CREDIT_LINES] = return_states.CREDIT_LINE_FIELDS
        found[posted_invoices.JOURNAL] = return_states.JOURNAL_FIELDS
    return {name: ("dataAreaId", *fields) for name, fields in found.items()}


def _files(settings: Connection) -> dict[str, tuple[str, ...]]:
    is_attached = settings.returns.photos or (settings.cases.note_type_id and settings.dataverse)
    return {return_files.FILES: (*return_files.FILE_FIELDS,)} if is_attached else {}


async def photos_are_answered(probe: Probe) -> AsyncIterator[Finding]:
    """Where files of returns come from: Commerce has none, so that a module of the shop must."""
    settings, returns = probe.settings.returns, probe.commerce.returns
    if "returns" not in probe.settings.flows:
        return
    if not settings.photos:
        yield ok("photos of returns stay in the shop: Commerce's REST has none (returns.photos)")
        return
    page = await probe.commerce.search(RETURNS, Search(page_size=1))
    rma_id = next((int(row["entity_id"]) for row in page.items), 0)
    try:
        rows = await returns.photos(settings.photos, rma_id) if rma_id else []
    except Never as refusal:
        yield fault(f"photos of returns: {refusal.reason}", PHOTO_REMEDY)
        return
    if isinstance(rows, list):
        yield ok(f"photos of returns are answered at {settings.photos}")
    else:
        yield fault(f"what is answered at {settings.photos} is no list of files", PHOTO_REMEDY)


async def credit_notes_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read returns and the lines of credit notes: what the metadata lists, a role may
    be refused."""
    for name, fields in return_fields(probe.settings).items():
        yield await reading(probe, name, fields)


async def return_options_are_mapped(probe: Probe) -> AsyncIterator[Finding]:
    """Reasons of the shop have return reason codes, and resolutions that are named are there."""
    settings = probe.settings.returns
    if "returns" not in probe.settings.flows:
        return
    reasons = await _options(probe, "reason")
    lacking = sorted(reasons.keys() - settings.reasons.keys())
    if lacking and "*" not in settings.reasons:
        named = ", ".join(f'"{one}" ({reasons[one]})' for one in lacking)
        cure = 'Write them, or "*" for all others, under returns.reasons in connections.toml.'
        yield fault(f"reasons {named} have no return reason code, so such returns park", cure)
    else:
        yield ok("reasons of returns have return reason codes")
    known = await _options(probe, "resolution")
    strange = sorted({*settings.exchanges, *settings.dispositions} - {"*"} - known.keys())
    if strange and known:
        there = ", ".join(f'"{one}" ({label})' for one, label in known.items())
        cure = f"Correct returns.exchanges and returns.dispositions; the shop has {there}."
        yield warn(f"the shop has no resolution {', '.join(strange)}", cure)


async def _options(probe: Probe, attribute: str) -> dict[str, str]:
    """The options of an attribute of returns: label by id."""
    found = await probe.commerce.get(path_of(METADATA, attribute))
    rows = found.get("options") if isinstance(found, dict) else None
    return {
        str(one["value"]): str(one.get("label") or "") for one in rows or () if one.get("value")
    }
