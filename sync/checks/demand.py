"""Whether demand can be written into F&O: its set may be read and written, and takes numbers of
ours."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.finding import READ_CURE, Finding, Probe, fault, ok, reading
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics.demand_forecasts import FIELDS, NUMBER, QUANTITY, SET
from sync.dynamics.on_hand import RELEASED, UNITS
from sync.dynamics.refusals import NotFound
from sync.dynamics.unit_conversions import FACTORS, GENERAL, OF_PRODUCTS, PAIR

FLOW: Final = "demand"
NOBODYS: Final = "CHECK"
"""A number that no entry has: without our prefix, so not even one of ours."""
MANUAL: Final = (
    "Set the number sequence of demand forecast entries in F&O to manual, or take the flow out."
)


def demand_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that writing demand reads and sends."""
    if FLOW not in settings.flows:
        return {}
    return {
        SET: FIELDS, RELEASED: ("dataAreaId", *UNITS),
        GENERAL: (*PAIR, *FACTORS), OF_PRODUCTS: ("ProductNumber", *PAIR, *FACTORS),
    }  # fmt: skip


async def demand_can_be_written(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read and change entries, and may choose the number of a new one. Whether the
    forecast model is there no set tells: the first entry shows."""
    if FLOW not in probe.settings.flows or probe.settings.legal_entity in probe.known.absent:
        return
    yield await reading(probe, SET, FIELDS)
    key = {"dataAreaId": probe.settings.legal_entity, NUMBER: NOBODYS}
    try:
        await probe.dynamics.update(SET, key, {QUANTITY: 0})
    except NotFound:
        yield ok(f"{SET} may be changed")
    except Never as refusal:
        yield fault(f"{SET} may not be changed: {refusal.reason}", READ_CURE)
    shapes = await probe.dynamics.metadata_fields(SET)
    entity = await probe.dynamics.public_entity(shapes[SET].type) if SET in shapes else None
    named = {row.get("Name"): row for row in (entity or {}).get("Properties") or []}
    if named.get(NUMBER, {}).get("AllowEditOnCreate") is False:
        yield fault(f"F&O lets nobody choose {NUMBER}", MANUAL)
    else:
        manual = "as long as its number sequence is manual (the first entry will show)"
        yield ok(f"{NUMBER} may be chosen by us, {manual}")
