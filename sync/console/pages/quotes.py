"""Quotes of every connection: their quotations, versions and answers, those first that wait."""

from starlette.responses import Response

from sync.console.visit import Visit
from sync.operating.quotes import FLOW, standing


async def show(visit: Visit) -> Response:
    """As the claims have them; neither system is asked."""
    names = [name for name, one in visit.services.connections.items() if FLOW in one.flows]
    rows = [(name, row) for name in names for row in await standing(visit.services, name)]
    return visit.page("quotes.html", rows=rows, is_on=bool(names))
