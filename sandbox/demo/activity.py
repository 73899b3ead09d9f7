"""What accounts do in the demo: customers with a past are looked at, sellers get tasks of those
that give reason to, no more than their places of a day, and tasks end once their reason is gone."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sandbox.demo.environment import TASKS, Environment, Pair
from sandbox.demo.home import CAP, CARTS_SELLER, SELLER
from sandbox.demo.reconciliation import Finding
from sync.buying.kept import KeptAccounts, KeptTask
from sync.mapping_tables.tables import AccountMapping

RULES: Final = {
    "due": "repeat", "overdue": "overdue", "declines": "decline", "cart": "cart", "guest": "cart"
}  # fmt: skip
"""The rule that each life gives reason to; the others give none."""
API: Final = "/api/data/v9.2"
COMPLETED: Final = 1
Lives = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Active:
    """What became of them. `waiting`: for the next day of their seller."""

    accounts: int
    tasks: int
    completed: int
    leads: int
    waiting: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "accounts": self.accounts, "tasks": self.tasks, "completed": self.completed,
            "leads": self.leads, "waiting": self.waiting, "cap_per_day": CAP,
            "differences": len(self.findings),
        }  # fmt: skip


async def follow_accounts(environment: Environment, count: int, within: timedelta) -> Active:
    """Make so many accounts in each shop, look at all, let some buy, and look again. Raises
    `Stuck`."""
    lives = {name: await _begun(environment, pair, count)
             for name, pair in environment.pairs.items()}  # fmt: skip
    await _looked_at(environment, lives, within)
    made = {name: await _kept(environment, name, known) for name, known in lives.items()}
    buyers = {name: _some(tasks) for name, tasks in made.items()}
    for name, accounts in buyers.items():
        for account in accounts:
            path = f"/sandbox/buying/{account.partition('|')[2]}"
            await environment.pairs[name].shop.ask("POST", path)
    again = {name: [one for one in known if one["key"] in buyers[name]]
             for name, known in lives.items()}  # fmt: skip
    await _looked_at(environment, again, within)
    each = [await _compared(environment, pair, lives[name], buyers[name])
            for name, pair in environment.pairs.items()]  # fmt: skip

    def summed(what: str) -> int:
        return sum(getattr(one, what) for one in each)

    return Active(
        summed("accounts"), summed("tasks"), summed("completed"), summed("leads"),
        summed("waiting"),
        tuple(finding for one in each for finding in one.findings),
    )  # fmt: skip


async def _begun(environment: Environment, pair: Pair, count: int) -> Lives:
    """The sellers are users of Dataverse, and each customer an account of F&O there."""
    for seller in (SELLER, CARTS_SELLER):
        await _dataverse(pair, "POST", "systemusers", {"internalemailaddress": seller})
    lives: Lives = await pair.shop.ask("POST", "/sandbox/buying", {"accounts": count})
    mappings = (await environment.engine.systems_pool.open(pair.name)).accounts
    rows = list[dict[str, str]]()
    for one in lives:
        kind, _, number = one["key"].partition("|")
        if kind == "customer":
            account = f"PAST-{number}"
            await mappings.learn(AccountMapping("customer", number, account, "import"))
            rows.append({"name": account, "accountnumber": account})
    await asyncio.gather(*(_dataverse(pair, "POST", "accounts", row) for row in rows))
    return lives


async def _dataverse(pair: Pair, method: str, what: str, body: Any = None) -> Any:
    path, key = f"{API}/{what}", f"Bearer {pair.token}"
    return await pair.ledger.ask(method, path, body, authorization=key)


async def _looked_at(
    environment: Environment, lives: Mapping[str, Lives], within: timedelta
) -> None:
    for name, known in lives.items():
        keys = [one["key"] for one in known]
        await environment.engine.intake.accept(TASKS, name, keys, "backfill")
    await environment.until_idle(within=within)


async def _kept(environment: Environment, name: str, lives: Lives) -> list[KeptTask]:
    kept = KeptAccounts(environment.engine.ledger.tables, name)
    return [task for one in lives for task in await kept.tasks_of(one["key"])]


def _some(tasks: Sequence[KeptTask]) -> list[str]:
    """Every second customer of those with a task."""
    return sorted(one.account for one in tasks if one.account.startswith("customer|"))[::2]


async def _compared(
    environment: Environment, pair: Pair, lives: Lives, buyers: Sequence[str]
) -> Active:
    """Reasons without a task though its seller had a place, tasks without a reason, and rows of
    Dataverse that do not stand as their tasks do."""
    tasks = await _kept(environment, pair.name, lives)
    made = {(one.account, one.rule) for one in tasks}
    wanted = {(one["key"], RULES[one["life"]]) for one in lives if one["life"] in RULES}
    days = Counter((one.owner, one.at.date()) for one in tasks)
    waiting = wanted - made
    off = [f"{account}: {rule} has no reason" for account, rule in made - wanted]
    off += [f"{owner}: {got} tasks on {day}" for (owner, day), got in days.items() if got > CAP]
    full = max(got for (owner, _), got in days.items() if owner == SELLER)
    off += [f"{account}: {rule} is missing" for account, rule in waiting
            if full < CAP or rule == "cart"]  # fmt: skip
    off += [f"{claim.key}: {claim.reason}" async for claim in
            environment.engine.ledger.parked(pair.name, TASKS)]  # fmt: skip
    states, leads = await _rows(pair, "tasks", "activityid"), await _rows(pair, "leads", "leadid")
    rows = {**states, **leads}
    if sorted(rows) != sorted(one.row_id for one in tasks):
        off.append(f"{len(rows)} rows in Dataverse of {len(tasks)} tasks")
    for one in tasks:
        is_over = one.account in buyers
        if one.is_open is is_over or (rows.get(one.row_id) == COMPLETED) is not is_over:
            off.append(f"{one.account}: {one.rule} is {one.state}, {rows.get(one.row_id)}")
    findings = tuple(Finding(pair.name, "accounts", what) for what in sorted(off))
    completed = sum(state == COMPLETED for state in states.values())
    customers = sum(one["key"].startswith("customer|") for one in lives)
    return Active(customers, len(states), completed, len(leads), len(waiting), findings)


async def _rows(pair: Pair, table: str, key: str) -> dict[str, int]:
    """Their states by id."""
    found = await _dataverse(pair, "GET", f"{table}?$select={key},statecode")
    return {row[key]: row["statecode"] for row in found["value"]}
