"""How companies stand, as checkouts are answered; and one account, with its reasons and what
checkouts were told. Neither system is asked for the list."""

from starlette.responses import Response

from sync.console.visit import Visit
from sync.credit.prepared import Prepared
from sync.operating.credit import FLOW, account_of, decided, prepared_rows
from sync.operating.problem import Problem


async def show(visit: Visit) -> Response:
    """The prepared rows of every connection that publishes credit, or more of one."""
    names = [name for name, one in visit.services.connections.items() if FLOW in one.flows]
    asked = visit.asked("connection")
    rows, more = list[tuple[str, Prepared]](), dict[str, str]()
    for name in (one for one in names if asked in ("", one)):
        found, after = await prepared_rows(visit.services, name, visit.asked("start"))
        rows += [(name, row) for row in found]
        more |= {name: after} if after else {}
    return visit.page("credit.html", rows=rows, more=more, is_on=bool(names))


async def one(visit: Visit) -> Response:
    """An account as both systems say it now, and the last decisions about it."""
    connection, account = visit.asked("connection"), visit.asked("account")
    settings = visit.services.connections.get(connection)
    if settings is None or FLOW not in settings.flows or not account:
        raise Problem("there is no such account", remedy="Open one from the list.")
    systems = await visit.services.systems_pool.open(connection)
    found = await account_of(visit.services, systems, account)
    told = await decided(visit.services, connection, found["account"])
    return visit.page("credit-account.html", found=found, decisions=told, connection=connection)
