"""What Dataverse must hold of one reason: a task of the account's seller, or a lead.

One is open per account and rule, by a row that only one delivery can take; a seller has so many
places a day, and each new task takes one of them before it is made.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from sync.buying.kept import CLOSED, OPEN, KeptAccounts, KeptTask
from sync.buying.reasons import Look, Reason
from sync.core.encoding import digest
from sync.core.errors import Later, Never
from sync.core.ports import Conflict
from sync.core.skipped import Skipped, Waiting
from sync.engine.delivery import Delivery
from sync.engine.plan import Notification, Plan
from sync.engine.systems import Systems
from sync.flows.tasks.task_targets import end_of, write_of
from sync.flows.tasks.task_writes import TaskWrite
from sync.flows.tasks.wanted import TASKS, Wanted

SOON: Final = timedelta(seconds=5)
MORNING: Final = time(5)


async def task_plan(wanted: Wanted, delivery: Delivery) -> Plan | Skipped:
    """Make it, leave it, or end it."""
    reason = wanted.reason
    if wanted.looked.is_erased:
        return await _ended(wanted, delivery)
    if reason is None:
        return await _ended(wanted, delivery) if wanted.is_open else Skipped("its reason is gone")
    if wanted.is_taken and not wanted.is_open:
        return Skipped("it was made for this reason before, and is over")
    if not wanted.is_open and (why := _not_yet(wanted)):
        return Waiting(why)
    return await _made(wanted, reason, delivery)


def cools_until(kept: KeptTask | None, look: Look) -> datetime | None:
    """Until when no other task of the rule may be made; None where one may."""
    rules = {str(name): rule for name, rule in look.settings.rules.items()}
    if kept is None or kept.ended is None or kept.rule not in rules:
        return None
    until = kept.ended + timedelta(days=rules[kept.rule].cool_down_days)
    return until if until > look.now else None


def _not_yet(wanted: Wanted) -> str:
    if wanted.kept is not None and wanted.kept.is_open:
        return "a task of this account and rule is open"
    until = cools_until(wanted.kept, wanted.look)
    return f"the last one ended lately: none is made before {until:%Y-%m-%d}" if until else ""


async def _made(wanted: Wanted, reason: Reason, delivery: Delivery) -> Plan:
    systems = delivery.systems
    owner = _owner(wanted, systems)
    at = wanted.kept.at if wanted.is_taken and wanted.kept is not None else wanted.look.now
    write = await write_of(wanted, reason, owner, at, systems)
    row = KeptTask(
        wanted.looked.account.key, wanted.rule, wanted.episode, OPEN, at, None, owner,
        reason.title, reason.words, write.task.row_id if write is not None else "",
    )  # fmt: skip
    needs_place = not wanted.is_taken if write is None else delivery.held(TaskWrite.kind) is None

    async def before() -> None:
        kept = _kept(delivery)
        if needs_place:
            await _take_place(wanted, owner, kept)
        if not wanted.is_taken:
            await _put(kept, row, wanted.etag)

    return Plan(
        () if write is None else (write,), digest="" if write else digest([wanted.key]),
        keys=_keys(wanted), before=before,
    )  # fmt: skip


async def _ended(wanted: Wanted, delivery: Delivery) -> Plan:
    """Complete it in Dataverse, where it was made there, and let others be made."""
    kept, write = wanted.kept, await end_of(wanted, delivery)
    is_erased = wanted.looked.is_erased

    async def then(_: Any) -> None:
        if kept is not None and wanted.is_taken:
            ended = kept.ended or wanted.look.now
            over = replace(kept, state=CLOSED, ended=ended)
            over = replace(over, title="", words="") if is_erased else over
            await _put(_kept(delivery), over, wanted.etag)

    again = () if is_erased else (Notification(TASKS, wanted.looked.account.key),)
    return Plan(
        () if write is None else (write,), then=then, follow_ups=again, keys=_keys(wanted),
        digest="" if write else digest([wanted.key, "over"]),
    )  # fmt: skip


def _keys(wanted: Wanted) -> dict[str, str]:
    return {"account": wanted.looked.name, "rule": wanted.rule}


async def _take_place(wanted: Wanted, owner: str, kept: KeptAccounts) -> None:
    """Raises `Later`, until tomorrow, where the seller has had all of today's."""
    most, day = wanted.look.settings.cap_per_day, wanted.today
    if await kept.take_slot(owner, day, most, wanted.key):
        return
    morning = datetime.combine(day + timedelta(days=1), MORNING, wanted.look.zone)
    reason = f"its seller has got {most} new tasks today (tasks.cap_per_day)"
    raise Later(reason, after=max(SOON, morning - wanted.look.now), counts=False)


async def _put(kept: KeptAccounts, row: KeptTask, etag: str) -> None:
    """Somebody else may have written the very same before a crash."""
    try:
        await kept.put(row, etag)
    except Conflict:
        found, _ = await kept.task(row.account, row.rule)
        if found is None or (found.episode, found.state) != (row.episode, row.state):
            raise Later("another task of the account is made at this moment", after=SOON) from None


def _kept(delivery: Delivery) -> KeptAccounts:
    return KeptAccounts(delivery.ledger.tables, delivery.systems.name)


def _owner(wanted: Wanted, systems: Systems) -> str:
    owners, whom = systems.settings.tasks.owners, wanted.looked.name
    named = wanted.look.settings.rules[wanted.rule].owner
    owner = named or owners.get(whom) or owners.get("*")
    if owner:
        return owner
    raise Never(
        f"no seller is named for account {whom}",
        remedy=f'Write tasks.owners = {{ "{whom}" = "<e-mail>" }} in connections.toml ("*" for all'
        " others), or an owner of the rule; then replay.",
    )
