"""Returns and complaints, with where they stand in each system."""

from typing import Final

from starlette.responses import Response

from sync.console.record_links import links_of_return
from sync.console.visit import PAGE, Visit
from sync.operating.returns import FLOWS, returns_of

NO_LINKS: Final = {"commerce": "", "dynamics": "", "dataverse": ""}


async def show(visit: Visit) -> Response:
    """Those of every connection, or of one; those that wait for a person first."""
    named, text, only = visit.asked("connection"), visit.asked("text"), visit.asked("only")
    connections = visit.services.connections
    on = [name for name, one in connections.items() if {*FLOWS} & {*one.flows}]
    found = [await returns_of(visit.services, name) for name in on if named in ("", name)]
    rows = [
        (one, {**NO_LINKS, **dict(links_of_return(connections[one.connection], one))})
        for listed in found
        for one in listed.rows
        if one.has(text) and (only != "waiting" or one.waits)
    ]
    start = int(visit.asked("start")) if visit.asked("start").isdecimal() else 0
    silent = [reason for listed in found for reason in listed.silent]
    wanted = {"connection": named, "text": text, "only": only}
    return visit.page(
        "returns.html",
        rows=rows[start : start + PAGE],
        count=len(rows),
        start=start,
        size=PAGE,
        silent=silent,
        is_on=bool(on),
        wanted=wanted,
    )
