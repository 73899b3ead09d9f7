"""What accounts do in the shop, as it is kept; and one account as it would be looked at now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sync.app.services import Services
from sync.buying.kept import KeptAccounts, KeptTask, Listed
from sync.config.connections import Connection
from sync.engine.systems import Systems
from sync.flows.keys import whole_in
from sync.flows.tasks.account_reading import COMPANY, CUSTOMER, read_account
from sync.flows.tasks.tasks import look_at
from sync.flows.tasks.wanted import TASKS
from sync.operating.problem import Problem

MOST: Final = 200
LOOKED_AT: Final = 5_000
"""Rows of tasks that a page looks at: more than `MOST` accounts have, so that the next page of
accounts goes on with them."""
DAYS: Final = timedelta(days=400)


@dataclass(frozen=True)
class AccountShown:
    """An account with its open tasks. `months`: (month, amount) of thirteen months."""

    listed: Listed
    tasks: tuple[KeptTask, ...]

    @property
    def score(self) -> int:
        """The sum of its parts."""
        return sum(self.listed.score.values())

    @property
    def months(self) -> list[tuple[str, Decimal]]:
        """The oldest first."""
        return [(month, Decimal(amount)) for month, amount in self.listed.figures["months"]]


def connections_with_tasks(services: Services) -> list[str]:
    """Those that keep figures of accounts."""
    return [name for name, one in services.connections.items() if TASKS in one.flows]


async def accounts(
    services: Services, connection: str, start: str = ""
) -> tuple[list[AccountShown], str]:
    """The accounts from one on, and where the next page begins; empty at the end."""
    kept = KeptAccounts(services.edition_parts.tables, connection)
    found = [one async for one in kept.all(start, MOST + 1)]
    shown = [await _shown(kept, one) for one in found[:MOST]]
    return shown, found[MOST].account if len(found) > MOST else ""


async def open_tasks(services: Services, connection: str, start: str = "") -> list[KeptTask]:
    """The first open tasks from an account on: the list of those who have no Dataverse."""
    kept, found = KeptAccounts(services.edition_parts.tables, connection), list[KeptTask]()
    async for task in kept.open_tasks(start, LOOKED_AT):
        found.append(task)
        if len(found) == MOST:
            break
    return found


async def account(
    services: Services, connection: str, key: str
) -> tuple[AccountShown, list[Mapping[str, Any]]]:
    """An account with its days, the newest first. Raises `Problem` where it is not known."""
    kept = KeptAccounts(services.edition_parts.tables, connection)
    one = await kept.get(key)
    if one is None:
        raise Problem(f"nothing is kept of account {key}", remedy="Open one from the list.")
    days = await kept.days(key, (one.at - DAYS).date())
    return await _shown(kept, one), days[::-1]


async def _shown(kept: KeptAccounts, one: Listed) -> AccountShown:
    tasks = [task for task in await kept.tasks_of(one.account) if task.is_open]
    return AccountShown(one, tuple(tasks))


async def previewed(services: Services, systems: Systems, name: str) -> dict[str, Any]:
    """An account as the next look would have it, with the rules that hold and what is open. The
    shop is asked; nothing is kept. `name`: of F&O, or "customer|17", "company|5". Raises
    `Problem`."""
    require_tasks(systems.settings)
    kind, number = await _meant(systems, name)
    tables = services.edition_parts.tables
    kept = KeptAccounts(tables, systems.name)
    found = await read_account(kind, number, systems)
    if found.company is not None:
        found = await read_account(COMPANY, found.company, systems)
    looked = await look_at(found, kept, systems, tables)
    tasks = [one for one in await kept.tasks_of(found.key) if one.is_open]
    return {
        "account": found.key, "number": looked.number, "unfit": looked.unfit,
        "figures": looked.look.pattern.cells(), "score": looked.score,
        "reasons": [
            {"rule": one.rule, "title": one.title, "words": one.words}
            for one in looked.reasons.values()
        ],
        "open": [{"rule": one.rule, "title": one.title, "since": one.at} for one in tasks],
    }  # fmt: skip


def require_tasks(settings: Connection) -> None:
    """Raises `Problem` where the connection keeps no figures."""
    if TASKS not in settings.flows:
        raise Problem("tasks is not on", remedy='Add "tasks" to flows in connections.toml.')


async def _meant(systems: Systems, name: str) -> tuple[str, int]:
    kind, _, number = name.partition("|")
    if kind in (CUSTOMER, COMPANY) and (found := whole_in(number)) is not None:
        return kind, found
    async for one in systems.accounts.all():
        if one.account.casefold() == name.casefold() and one.kind in (CUSTOMER, COMPANY):
            return one.kind, int(one.source_key)
    raise Problem(
        f"no customer or company of the shop has account {name}",
        remedy='Name it as F&O shows it, or as "customer|17" or "company|5" by its id in Commerce.',
    )
