"""One box for every number that a person may know of a record."""

from starlette.responses import Response

from sync.console.pages.record import written
from sync.console.visit import Visit, see
from sync.operating.finding import Found, found_by, guest_key


async def by_form(visit: Visit) -> Response:
    """What was typed into the box. An address of e-mail goes into no URL: only its digest does."""
    text = visit.asked("q")
    if "@" in text and "." in text.partition("@")[2]:
        text = guest_key(visit.services, text)
    return see("/search", q=text)


async def show(visit: Visit) -> Response:
    """The records that are called so; the record itself where there is one."""
    text = visit.asked("q")
    found = await found_by(visit.services, text) if text else Found((), ())
    if len(found.records) == 1 and not (found.items or found.published):
        (claim,) = found.records
        return see("/record", connection=claim.connection, flow=claim.flow, key=claim.key)
    return visit.page("search.html", text=text, found=found, written=written)
