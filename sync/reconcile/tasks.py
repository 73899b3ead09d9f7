"""Tasks: the reasons that accounts give now, against the tasks that are open for them.

Counted in pieces: one reason, one task. Every account that is kept is looked at as it is now, so
this is compared where it is named. What people do with a task in Dataverse is theirs. Where an
account is to be looked at again within the day, that is not yet due.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sync.buying.kept import KeptAccounts
from sync.config.connections import Connection
from sync.engine.claim import Claim
from sync.flows.tasks.account_reading import read_account
from sync.flows.tasks.task_plans import cools_until
from sync.flows.tasks.tasks import AT_LEAST, look_at
from sync.flows.tasks.wanted import TASKS, Looked, Wanted
from sync.reconcile.causes import Told, is_under_way, is_young, parked
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict

ONE: Final = Decimal(1)


@dataclass(frozen=True)
class TasksOpen:
    """The comparison."""

    name: str = TASKS
    flow: str = TASKS
    is_of_now: bool = True

    def is_wanted(self, settings: Connection) -> bool:
        """Whether sellers get tasks."""
        return TASKS in settings.flows

    def is_usual(self, _: Connection) -> bool:
        """It reads each account's orders and carts."""
        return False

    async def verdicts(self, connected: Connected, _: Window) -> AsyncIterator[Verdict]:
        """One per reason that holds, and per task that should be over."""
        kept = KeptAccounts(connected.ledger.tables, connected.systems.name)
        async for listed in kept.all():
            looked = await _looked_at(listed.account, kept, connected)
            tasks = {one.rule: one for one in await kept.tasks_of(listed.account)}
            for reason in looked.reasons.values():
                wanted = Wanted(looked, reason.rule, reason.episode, tasks.get(reason.rule), "")
                yield await _of_reason(wanted, connected, listed.at)
            for task in tasks.values():
                wanted = Wanted(looked, task.rule, task.episode, task, "")  # type: ignore[arg-type]
                if task.is_open and wanted.reason is None:
                    yield await _of_task(wanted, connected, listed.at)


async def _looked_at(key: str, kept: KeptAccounts, connected: Connected) -> Looked:
    kind, _, number = key.partition("|")
    account = await read_account(kind, int(number), connected.systems)
    return await look_at(account, kept, connected.systems, connected.ledger.tables)


async def _of_reason(wanted: Wanted, connected: Connected, at: datetime) -> Verdict:
    """Its task was made, whatever became of it; or why it was not."""
    if wanted.is_taken:
        return _verdict(wanted, connected, ONE, ONE)
    told = await _not_made(wanted, await _claim(wanted.key, connected), connected, at)
    return _verdict(wanted, connected, ONE, None, told)


async def _not_made(wanted: Wanted, claim: Claim, connected: Connected, at: datetime) -> Told:
    commands = Commands(claim.connection, TASKS, claim.key)
    if claim.waits_for_a_person:
        return await parked(connected, claim)
    is_late = wanted.kept is not None and wanted.kept.is_open
    cools = cools_until(wanted.kept, wanted.look) is not None
    if is_late or cools or is_under_way(connected, claim):
        return Cause.WAITING, "", commands.trail()
    cause = Cause.NOT_DUE if _is_soon(connected, at) else Cause.MISSING
    return cause, at.isoformat(), _again(wanted, connected)


async def _of_task(wanted: Wanted, connected: Connected, at: datetime) -> Verdict:
    """One that is open, and whose reason is gone."""
    claim = await _claim(wanted.key, connected)
    if claim.waits_for_a_person:
        told = await parked(connected, claim)
    else:
        cause = Cause.NOT_DUE if _is_soon(connected, at) else Cause.AMOUNT
        told = cause, at.isoformat(), _again(wanted, connected)
    return _verdict(wanted, connected, None, ONE, told)


def _is_soon(connected: Connected, at: datetime) -> bool:
    """Whether an account that was looked at then is looked at again by itself."""
    return is_young(connected, TASKS, at + AT_LEAST)


async def _claim(key: str, connected: Connected) -> Claim:
    return await connected.ledger.claim(connected.systems.name, TASKS, key)


def _again(wanted: Wanted, connected: Connected) -> str:
    """Looks at the account; its tasks follow."""
    return Commands(connected.systems.name, TASKS, wanted.looked.account.key).replay()


def _verdict(
    wanted: Wanted, connected: Connected, reason: Decimal | None, made: Decimal | None,
    told: Told | None = None,
) -> Verdict:  # fmt: skip
    day = connected.day(wanted.look.now, None)
    place, difference = (TASKS, day, "", PIECES), None
    if told is not None:
        difference = Difference(TASKS, wanted.key, "", day, PIECES, reason, made, *told)
    return Verdict(place, [reason] if reason else [], [made] if made else [], difference)


tasks: Final = TasksOpen()
