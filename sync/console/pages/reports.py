"""What the last report says: revenue, promotions, the way to the money, and what is owed."""

from starlette.responses import Response

from sync.console.visit import Visit
from sync.operating.reports import stored


async def show(visit: Visit) -> Response:
    """Each figure as a chart for each currency, with its table."""
    figures = await stored(visit.services.edition_parts.tables)
    return visit.page("reports.html", figures=figures)
