"""What each connection joins, which of its secrets are there, what its last check said, and what of
it stands still."""

from starlette.responses import Response

from sync.checks.connection import CHECKS
from sync.checks.finding import Level
from sync.checks.schema_watch import last_seen
from sync.console.visit import Visit, see
from sync.operating.checking import checked_now, last_check, secrets_of
from sync.operating.problem import Problem
from sync.operating.records import require_known


async def show(visit: Visit) -> Response:
    """All connections."""
    services = visit.services
    ends = await services.watch.expiries.known()
    rows = [
        (
            name, settings, await secrets_of(services, settings),
            await last_check(services.edition_parts.tables, name),
            await last_seen(services.edition_parts.tables, name),
            [one for one in ends if one.connection == name],
        )
        for name, settings in services.connections.items()
    ]  # fmt: skip
    pauses = await services.flow_pauses.standing()
    flows = [*services.flows, *services.sub_flows]
    return visit.page(
        "connections.html", rows=rows, pauses=pauses, flows=flows, checks=len(CHECKS),
        stopped=await services.systems_pool.paces.stopped(),
    )  # fmt: skip


async def check(visit: Visit) -> Response:
    """Ask both systems now. Nothing is written to either; what was found is kept."""
    name = visit.asked("connection")
    require_known(visit.services, name, "")
    found = await checked_now(visit.services, name, by=visit.person.name)
    faults = sum(one["level"] == Level.FAULT for one in found)
    await visit.note("check", connection=name, count=faults)
    return see("/connections")


async def pause(visit: Visit) -> Response:
    """Let a flow, a connection or everything stand still."""
    connection, flow, why = (visit.asked(name) for name in ("connection", "flow", "why"))
    require_known(visit.services, connection, flow)
    if not why:
        raise Problem("the reason is empty", remedy="Write why; everybody who asks is shown it.")
    by = visit.person.name
    standing, is_new = await visit.services.flow_pauses.pause(connection, flow, by=by, why=why)
    if not is_new:
        what = f"it is paused already, by {standing.by}: {standing.why}"
        raise Problem(what, remedy="Nothing was changed.")
    await visit.note("pause", connection=connection, flow=flow, why=why)
    return see("/connections")


async def resume(visit: Visit) -> Response:
    """Let it go on."""
    connection, flow = visit.asked("connection"), visit.asked("flow")
    ended = await visit.services.flow_pauses.resume(connection, flow, by=visit.person.name)
    if ended is None:
        raise Problem("no such pause stands any more", remedy="Look at the list again.")
    await visit.note("resume", connection=connection, flow=flow)
    return see("/connections")
