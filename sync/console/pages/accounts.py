"""What accounts do in the shop: the list with its open tasks, and one account with its pattern."""

from starlette.responses import Response

from sync.console.visit import Visit
from sync.operating.buying import account, accounts, connections_with_tasks, open_tasks
from sync.operating.problem import Problem


async def show(visit: Visit) -> Response:
    """The accounts of each connection, or one of them. Neither system is asked."""
    if key := visit.asked("account"):
        return await _one(visit, key)
    names = connections_with_tasks(visit.services)
    asked, start = visit.asked("connection"), visit.asked("start")
    rows, more, tasks = [], dict[str, str](), []
    for name in (one for one in names if asked in ("", one)):
        found, after = await accounts(visit.services, name, start)
        rows += [(name, row) for row in found]
        more |= {name: after} if after else {}
        tasks += [(name, task) for task in await open_tasks(visit.services, name, start)]
    return visit.page("accounts.html", rows=rows, tasks=tasks, more=more, is_on=bool(names))


async def _one(visit: Visit, key: str) -> Response:
    """By its key; a link of a task names no connection."""
    asked = visit.asked("connection")
    for name in connections_with_tasks(visit.services):
        if asked in ("", name):
            try:
                shown, days = await account(visit.services, name, key)
            except Problem:
                continue
            return visit.page("account.html", connection=name, shown=shown, days=days)
    raise Problem(f"nothing is kept of account {key}", remedy="Open one from the list.")
