"""What would come of records if they were delivered now: read and planned, and nothing written."""

from collections.abc import Sequence
from typing import Any, Final

from sync.app.services import Services
from sync.core.errors import Later, Never
from sync.core.skipped import Skipped
from sync.engine.flow import DocumentFlow
from sync.operating.asking import Outcome
from sync.operating.replaying import Again
from sync.preview.planning import Planning
from sync.preview.previews import FLOW_OF, order_in

TRIED: Final = 5
"""Records of a replay that are tried before it: each asks both systems."""
TRIABLE: Final = frozenset(flow.name for flow in FLOW_OF.values())
WOULD_DELIVER, WOULD_SKIP, WOULD_PARK, UNTRIED = "deliver", "skip", "park", "untried"


async def tried(services: Services, records: Sequence[Again]) -> list[tuple[Again, Outcome]]:
    """Each with what would come of it: `deliver`, `skip`, `park`, or `untried` where a flow has no
    preview, or a system does not answer."""
    return [(one, await _tried(services, one)) for one in records if one.flow in TRIABLE]


async def _tried(services: Services, one: Again) -> Outcome:
    flow = services.flows.get(one.flow)
    if flow is None or one.connection not in services.connections:
        return Outcome(UNTRIED)
    try:
        return await _planned(services, flow, one)
    except Never as never:
        return Outcome(WOULD_PARK, reason=never.reason, remedy=never.remedy)
    except Later as later:
        return Outcome(UNTRIED, reason=later.reason)


async def _planned(services: Services, flow: DocumentFlow[Any], one: Again) -> Outcome:
    systems = await services.systems_pool.open(one.connection)
    record = await flow.source.read(one.key, systems)
    if record is None:
        return Outcome(WOULD_SKIP, reason="the record is not there (any more)")
    plan = await Planning(systems, order_in(record)).plan(flow, one.key, record, "replay")
    if isinstance(plan, Skipped):
        return Outcome(WOULD_SKIP, reason=str(plan))
    return Outcome(WOULD_DELIVER)
