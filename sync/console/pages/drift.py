"""Where the shop shows something else than F&O says now, of the SKUs that a person names: both
systems are asked."""

from starlette.responses import Response

from sync.console.visit import Visit, see
from sync.operating.problem import Problem
from sync.operating.publications import OF_CATALOGUE, differences, publication, repaired
from sync.operating.records import require_known

MOST: int = 50
"""SKUs that one form compares; a command compares all of them."""


async def show(visit: Visit) -> Response:
    """The form."""
    return visit.page("drift.html", flows=_flows(visit), rows=None, most=MOST, text="", place={})


async def compare(visit: Visit) -> Response:
    """What differs now."""
    place = _place(visit)
    skus = _skus(visit)
    systems = await visit.services.systems_pool.open(place["connection"])
    found = await differences(visit.services, systems, place["flow"], skus)
    return visit.page(
        "drift.html", flows=_flows(visit), rows=[one.as_json() for one in found], most=MOST,
        place=place, text="\n".join(skus),
    )  # fmt: skip


async def repair(visit: Visit) -> Response:
    """Have the next run send these rows again, as F&O says them then."""
    place, skus = _place(visit), _skus(visit)
    systems = await visit.services.systems_pool.open(place["connection"])
    found = await differences(visit.services, systems, place["flow"], skus)
    asking = await repaired(visit.services, systems, found)
    subject, details = ", ".join(skus)[:200], asking.as_json()
    id_ = await visit.note("repair", subject=subject, count=len(skus), details=details, **place)
    return see("/activity/one", id=id_)


def _place(visit: Visit) -> dict[str, str]:
    """Connection and flow. Raises `Problem` where the connection does not publish so."""
    connection, _, flow = visit.asked("place").partition("|")
    require_known(visit.services, connection, publication(flow).name)
    if flow not in visit.services.connections[connection].flows:
        raise Problem(f"{flow} is not on", remedy=f'Add "{flow}" to flows in connections.toml.')
    return {"connection": connection, "flow": flow}


def _skus(visit: Visit) -> list[str]:
    """One per line. Raises `Problem` where there are none, or too many."""
    skus = list(dict.fromkeys(line.strip() for line in visit.asked("skus").splitlines()))
    found = [sku for sku in skus if sku]
    if not 0 < len(found) <= MOST:
        raise Problem(
            f"{len(found)} SKUs are named; one form compares from 1 to {MOST}",
            remedy="Name fewer, or compare all with: python -m sync drift FLOW",
        )
    return found


def _flows(visit: Visit) -> list[tuple[str, str]]:
    """The (connection, flow) that publish rows."""
    every = visit.services.connections.items()
    return [(name, flow) for name, one in every for flow in one.flows if flow in OF_CATALOGUE]
