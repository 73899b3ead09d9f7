"""What accounts do in the shop -> tasks of their sellers in Dataverse, and figures by the day.

In:      an account (a customer, a company, a guest's cart) with its orders, carts and returns.
Out:     the figures of the day, kept here. For each rule that holds one task, or one lead; it is
         completed once its reason is gone.
Key:     "customer|17", "company|5", "guest|<cart>"; of a task "customer|17|<rule>|<episode>".
Waits:   while one of the same rule is open or has just ended, and for a place of the seller's day.
Parks:   an account that Dataverse does not have, and a seller who is no active user.
Repeats: one episode of a rule is one record, with an id of ours; the environment refuses a second.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from sync.buying.interest import InterestRows
from sync.buying.kept import KeptAccounts, KeptTask, Listed
from sync.buying.pattern import pattern_of
from sync.buying.reasons import GOES_ON, LOOKS_BACK, RECENT, Look, Reason, next_look, reasons_of
from sync.buying.signals import Signals
from sync.commerce.polling import SETTLING
from sync.config.connections.tasks import RuleName, Tasks
from sync.core.encoding import digest
from sync.core.ports import Tables
from sync.core.skipped import Skipped
from sync.credit.decisions import Decisions
from sync.credit.prepared import PreparedCredit
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import Notification, PassedOn, Plan
from sync.engine.systems import Systems
from sync.flows.keys import whole_in
from sync.flows.polls import shop_clock
from sync.flows.tasks.account_changes import changed
from sync.flows.tasks.account_columns import columns_of
from sync.flows.tasks.account_reading import (
    COMPANY,
    CUSTOMER,
    GUEST,
    Account,
    read_account,
    with_former,
)
from sync.flows.tasks.task_plans import cools_until, task_plan
from sync.flows.tasks.wanted import TASKS, Looked, Wanted
from sync.pacing.priority import Priority

RULES: Final = frozenset(get_args(RuleName))
KINDS: Final = frozenset({CUSTOMER, COMPANY, GUEST})
AT_LEAST: Final = timedelta(days=1)
"""So often an account with an open task, or with a reason for one, is looked at."""


@dataclass(frozen=True)
class Found:
    """An account, or the task of one of its rules and episodes."""

    account: Account
    rule: RuleName | None = None
    episode: str = ""


async def read(key: str, systems: Systems) -> Found | None:
    """The account as it is now; None for a key of something else."""
    kind, number, rule, episode = (*key.split("|", 3), "", "", "")[:4]
    if kind not in KINDS or (entity := whole_in(number)) is None or (rule and rule not in RULES):
        return None
    account = await read_account(kind, entity, systems)
    return Found(account, rule or None, episode)  # type: ignore[arg-type]


async def plan(found: Found, delivery: Delivery) -> Plan | Skipped:
    """The figures and what follows from them; or one task."""
    account, systems = found.account, delivery.systems
    if account.company is not None:
        company = (Notification(TASKS, f"{COMPANY}|{account.company}"),)
        return PassedOn(f"buys for company {account.company}", follow_ups=company)
    kept = KeptAccounts(delivery.ledger.tables, systems.name)
    looked = await look_at(account, kept, systems, delivery.ledger.tables)
    if found.rule is None:
        return await _figures(looked, kept, delivery)
    task, etag = await kept.task(account.key, found.rule)
    return await task_plan(Wanted(looked, found.rule, found.episode, task, etag), delivery)


async def look_at(account: Account, kept: KeptAccounts, systems: Systems, tables: Tables) -> Looked:
    """The account with its figures, and the rules that hold."""
    account = await with_former(account, await kept.buyers_of(account.key), systems)
    is_erased = await kept.is_erased(account.key)
    unfit = "it is erased" if is_erased else _unfit(account, systems.settings.tasks)
    number = await _number(account, systems)
    look = await _look(account, number, systems, tables)
    reasons = {} if unfit else reasons_of(look, account.kind)
    for rule in GOES_ON & reasons.keys():
        task, _ = await kept.task(account.key, rule)
        if task is not None and task.is_open:
            reasons[rule] = replace(reasons[rule], episode=task.episode)
    return Looked(account, number, look, is_erased, unfit, reasons)


def _unfit(account: Account, tasks: Tasks) -> str:
    """Why neither figures nor tasks are made of the account; empty where they are."""
    if account.is_gone:
        return "Commerce does not show it (any more)"
    domain = account.email.rpartition("@")[2].casefold()
    domains = {one.casefold().lstrip("@") for one in tasks.staff_domains}
    if account.group in tasks.staff_groups or domain in domains:
        return "it is of staff"
    if not account.consents:
        return "it has not said yes"
    return "it has no address" if account.kind == GUEST and not account.email else ""


async def _number(account: Account, systems: Systems) -> str:
    """Its account in F&O, in the first legal entity that has one; empty where it has none."""
    if account.kind == GUEST:
        return ""
    kind: Any = account.kind
    for company in systems.settings.legal_entities:
        known = await systems.accounts.get(kind, str(account.number), company)
        if known is not None:
            return known.account
    return ""


async def _look(account: Account, number: str, systems: Systems, tables: Tables) -> Look:
    """The account with what we know of it ourselves."""
    now = systems.clock.now()
    zone = systems.settings.time_zone(systems.settings.legal_entity)
    day, settings = now.astimezone(zone).date(), systems.settings.tasks
    signals = await _with_ours(account, number, systems, tables)
    return Look(signals, pattern_of(signals, day, zone), settings, now, zone)


async def _with_ours(account: Account, number: str, systems: Systems, tables: Tables) -> Signals:
    tasks, signals = systems.settings.tasks, account.signals
    if "refusal" in tasks.rules and number and account.kind == COMPANY:
        days = await _refused(account, number, systems, tables)
        refusals = (datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in days)
        signals = replace(signals, refusals=tuple(sorted(refusals)))
    if tasks.interest is not None and account.buyers:
        since = (systems.clock.now() - LOOKS_BACK).date()
        looks = await InterestRows(tables, systems.name).of(account.buyers, since)
        signals = replace(signals, looks=looks)
    return signals


async def _refused(account: Account, number: str, systems: Systems, tables: Tables) -> set[str]:
    """The days on which the checkout refused a company credit. They are kept under the account that
    pays, which others may share."""
    today, decisions = systems.clock.now().date(), Decisions(tables, systems.name)
    known = await PreparedCredit(tables, systems.name).of(account.number)
    return {
        one.at[:10]
        for payer in {number, known.account if known else number}
        async for one in decisions.of(payer, today, RECENT.days)
        if not one.is_allowed and one.company == str(account.number)
    }


async def _figures(looked: Looked, kept: KeptAccounts, delivery: Delivery) -> Plan | Skipped:
    account, look, systems = looked.account, looked.look, delivery.systems
    tasks = {one.rule: one for one in await kept.tasks_of(account.key)}
    keys = [
        f"{account.key}|{rule}|{episode}"
        for rule, episode in _to_be_looked_at(tasks, looked.reasons)
    ]
    keys += await _parked_in_vain(looked, delivery)
    follow = tuple(Notification(TASKS, key) for key in dict.fromkeys(keys))
    if looked.unfit or account.kind == GUEST:
        return PassedOn(looked.unfit or "a guest has no figures", follow_ups=follow)
    figures, score = look.pattern.cells(), looked.score
    buyers = (*account.buyers, *account.former) if account.kind == COMPANY else ()
    listed = Listed(account.key, look.now, looked.number, figures, score, buyers)
    due = _due(look, looked.reasons, tasks)

    async def before() -> None:
        await kept.keep(listed, due, look.settings.keep_days)

    return Plan(
        await columns_of(looked, systems), digest=digest([figures, score]),
        keys={"account": looked.name}, before=before, follow_ups=follow,
    )  # fmt: skip


async def _parked_in_vain(looked: Looked, delivery: Delivery) -> list[str]:
    """Tasks of it that wait for a person, and whose reason is gone: they leave the list."""
    prefix = f"{looked.account.key}|"
    held = {f"{prefix}{one.rule}|{one.episode}" for one in looked.reasons.values()}
    parked = delivery.ledger.parked(delivery.systems.name, TASKS, prefix=prefix)
    return [claim.key async for claim in parked if claim.key not in held]


def _to_be_looked_at(
    tasks: dict[str, KeptTask], reasons: dict[RuleName, Reason]
) -> list[tuple[str, str]]:
    """(rule, episode) of what may be made, and of what may be over."""
    news = [
        (rule, one.episode) for rule, one in reasons.items()
        if rule not in tasks or tasks[rule].episode != one.episode
    ]  # fmt: skip
    held = {(rule, one.episode) for rule, one in reasons.items()}
    over = [
        (rule, one.episode) for rule, one in tasks.items()
        if one.is_open and (rule, one.episode) not in held
    ]  # fmt: skip
    return [*over, *news]


def _due(
    look: Look, reasons: dict[RuleName, Reason], tasks: dict[str, KeptTask]
) -> datetime | None:
    """When the account is looked at next, though nothing is heard of it."""
    times = [next_look(look)]
    times += [cools_until(tasks.get(rule), look) for rule in reasons]
    is_followed = bool(reasons) or any(one.is_open for one in tasks.values())
    times += [look.now + AT_LEAST] if is_followed else []
    return min((one for one in times if one is not None), default=None)


tasks: DocumentFlow[Found] = DocumentFlow(
    name=TASKS,
    title="Buying patterns to tasks of sellers",
    source=Source(read),
    plan=plan,
    triggers=(
        Poll(changed, shop_clock, lambda connection: connection.tasks.poll_minutes, lag=SETTLING),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
