"""Whether the environment lets us in, has the legal entities, and has the entity sets and fields
that we use."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.checks.sent_fields import DIMENSIONS, entered_fields, needed_fields
from sync.dynamics.documents.lengths import length_of
from sync.dynamics.metadata import Shape

ORDER_SETS = (
    "SalesOrderHeadersV4", "SalesOrderHeadersV3", "SalesOrderHeadersV2", "SalesOrderLinesV3",
    "SalesOrderLines",
)  # fmt: skip
COMPANIES, COMPANY_ID = "LegalEntities", "LegalEntityId"

CORRECT_COMPANY: Final = (
    "Correct company in connections.toml, or give the app's user a role in that legal entity."
)
PRIORITY: Final = (
    "how F&O ranks our requests when it is busy cannot be looked up: see in F&O (System"
    " administration > Setup > Throttling priority mapping) that client id {} stands there as High"
)
"""No entity set shows this table, and no answer names the rank: 429 comes to those of a low rank
first, and says the same to all (Microsoft's articles on throttling, 2026-01)."""
REFRESH_ENTITIES: Final = (
    "Refresh the entity list in F&O (Data management > Framework parameters); if they stay away,"
    " choose another pair of order_headers and order_lines."
)

OPEN_THEM: Final = (
    "See which extension or configuration key closes them (System administration > Setup > License"
    " configuration), or choose another pair of order_headers and order_lines."
)
CHANGED_BY_HAND: Final = (
    "Post one order, refund a piece of it in Commerce, and see whether its sales order follows;"
    " otherwise change such orders in F&O by hand."
)


async def dynamics_answers(probe: Probe) -> AsyncIterator[Finding]:
    """URL and token are right, and the app has a user in F&O."""
    async for _ in probe.dynamics.query(COMPANIES, select=(COMPANY_ID,), top=1):
        pass
    yield ok(f"Dynamics at {probe.settings.dynamics.url.partition('://')[2]} takes our token")
    yield ok(PRIORITY.format(probe.settings.dynamics.client_id or "of the app"))


async def companies_exist(probe: Probe) -> AsyncIterator[Finding]:
    """Every legal entity that the connection names is there for our user."""
    find = probe.dynamics.find_by
    companies = probe.companies
    rows = await find(COMPANIES, COMPANY_ID, *companies, select=(COMPANY_ID,))
    found = {str(row[COMPANY_ID]).lower() for row in rows}
    for company in companies:
        if company in found:
            yield ok(f"legal entity {company} is there")
        else:
            probe.known.absent.add(company)
            where = "in this environment, or our user may not see it"
            yield fault(f"there is no legal entity {company} {where}", CORRECT_COMPANY)


async def fields_exist(probe: Probe) -> AsyncIterator[Finding]:
    """Every entity set and field that we send or read is in `$metadata`."""
    needed = needed_fields(probe.settings)
    shapes = await probe.dynamics.metadata_fields(*needed, *ORDER_SETS)
    fields = {name: frozenset(shape.fields) for name, shape in shapes.items()}
    for entity_set, names in needed.items():
        yield field_finding(entity_set, names, fields)
    for finding in length_findings(needed, shapes, probe.settings.dynamics.lengths):
        yield finding
    lines = probe.settings.dynamics.order_lines
    absent = [name for name in DIMENSIONS if lines in fields and name not in fields[lines]]
    if absent:
        yield warn(
            f"{lines} has no {', '.join(absent)}", "Map no item to these product dimensions."
        )
    async for finding in _closed_fields(probe, shapes):
        yield finding


async def _closed_fields(probe: Probe, shapes: Mapping[str, Shape]) -> AsyncIterator[Finding]:
    """Fields of sales orders that nobody may enter, or change later: F&O refuses what we send, or
    leaves it as it is."""
    for entity_set, (entered, changed) in entered_fields(probe.settings).items():
        if entity_set not in shapes:
            continue
        entity = await probe.dynamics.public_entity(shapes[entity_set].type)
        rows = {row.get("Name"): row for row in (entity or {}).get("Properties") or ()}
        closed = [one for one in entered if rows.get(one, {}).get("AllowEditOnCreate") is False]
        fixed = [one for one in changed if rows.get(one, {}).get("AllowEdit") is False]
        if closed:
            what = f"{entity_set}: nobody may enter {', '.join(closed)}: orders would be parked"
            yield fault(what, OPEN_THEM)
        if fixed:
            what = f"{entity_set}: nobody may change {', '.join(fixed)} of an order that is posted"
            yield warn(what, CHANGED_BY_HAND)


def length_findings(
    needed: Mapping[str, Sequence[str]], shapes: Mapping[str, Shape], lengths: Mapping[str, int]
) -> Iterator[Finding]:
    """Fields of which the environment says that they hold more or less than we go by."""
    for entity_set, names in needed.items():
        for name, length in shapes[entity_set].lengths.items() if entity_set in shapes else ():
            known = length_of(entity_set, name, lengths) if name in names else None
            if known not in (None, length):
                what = f"{entity_set}: {name} holds {length} characters here; we go by {known}"
                cure = f'Write "{entity_set}.{name}" = {length} under'
                yield warn(what, f"{cure} [connections.<name>.dynamics.lengths].")


def field_finding(
    entity_set: str, names: Sequence[str], fields: Mapping[str, Collection[str]]
) -> Finding:
    """Whether an entity set is among those that the environment has, with the fields that we
    use."""
    if entity_set not in fields:
        known = ", ".join(name for name in ORDER_SETS if name in fields)
        there = f"to those it has ({known or 'none of those known here'})"
        cure = f"Set order_headers and order_lines {there}, or update the environment."
        return fault(f"the environment has no entity set {entity_set}", cure)
    missing = [name for name in names if name not in fields[entity_set]]
    if missing:
        return fault(f"{entity_set} has no field {', '.join(missing)}", REFRESH_ENTITIES)
    return ok(f"{entity_set} has all {len(names)} fields we use")
