"""What checkouts were told on a day: by which figures, of which account. Who bought is for
operators."""

from datetime import date

from starlette.responses import Response

from sync.console.visit import Visit
from sync.operating.credit import FLOW
from sync.operating.credit_decisions import OUTCOMES, SUBJECTS, Wanted, decisions_page
from sync.operating.problem import Problem


async def show(visit: Visit) -> Response:
    """A page of a day's decisions, by account."""
    names = [name for name, one in visit.services.connections.items() if FLOW in one.flows]
    if not names:
        return visit.page("credit-decisions.html", names=names)
    wanted = _wanted(visit, names)
    rows, more = await decisions_page(visit.services, wanted)
    return visit.page(
        "credit-decisions.html", names=names, wanted=wanted, rows=rows, more=more,
        outcomes=OUTCOMES, subjects=SUBJECTS,
    )  # fmt: skip


def _wanted(visit: Visit, names: list[str]) -> Wanted:
    """As the form or the URL has it. Raises `Problem` for what no form of ours sends."""
    connection, day = visit.asked("connection") or names[0], visit.asked("day")
    outcome, about = visit.asked("outcome"), visit.asked("about")
    is_known = connection in names and outcome in ("", *OUTCOMES) and about in ("", *SUBJECTS)
    try:
        on = date.fromisoformat(day) if day else visit.services.edition_parts.clock.now().date()
    except ValueError:
        is_known = False
    if not is_known:
        raise Problem("there are no such decisions", remedy="Open them from Credit decisions.")
    return Wanted(connection, on, visit.asked("account"), outcome, about, visit.asked("start"))
