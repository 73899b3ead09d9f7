"""Who did what, the newest first; and the outcomes of one request."""

from datetime import timedelta

from starlette.responses import Response

from sync.console.visit import PAGE, Visit
from sync.operating.asking import Asking, Outcomes, counted
from sync.operating.problem import Problem


async def show(visit: Visit) -> Response:
    """A page of the log."""
    acts = await visit.activity.newest(PAGE + 1, start=visit.asked("start"))
    more = acts[PAGE].id if len(acts) > PAGE else ""
    return visit.page("activity.html", acts=acts[:PAGE], more=more)


async def one(visit: Visit) -> Response:
    """One request, with the outcome of each record that it asked for."""
    act = await visit.activity.get(visit.asked("id"))
    if act is None:
        raise Problem("there is no such entry", remedy="Look at the list of all.")
    outcomes: Outcomes = {}
    if act.what in ("replay", "repair") and act.details:
        asking = Asking.of_json(visit.services, act.details)
        outcomes = await asking.outcomes(timedelta())
    return visit.page("act.html", act=act, outcomes=outcomes, counts=counted(outcomes))
