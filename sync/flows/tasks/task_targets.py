"""Where a task goes in Dataverse: to which seller, about which account, or as which lead."""

from datetime import datetime, timedelta
from typing import Any, Final

from sync.buying.reasons import Reason
from sync.core.errors import Never
from sync.dataverse.client import DataverseClient
from sync.dataverse.documents.task import LONGEST_SUBJECT, LONGEST_TEXT, Table, Task
from sync.dataverse.web_api import id_of
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.flows.targets import dataverse_of
from sync.flows.tasks.account_reading import COMPANY, GUEST
from sync.flows.tasks.task_writes import TaskWrite
from sync.flows.tasks.wanted import Looked, Wanted

WEB: Final = 8
"""`leadsourcecode` of a lead: the web, in the standard."""
HIGH, NORMAL = 2, 1
"""`prioritycode` of a task."""
URGENT_CASE, NORMAL_CASE, PROBLEM, WEB_CASE = 1, 2, 2, 3
"""`prioritycode`, `casetypecode` and `caseorigincode` of a case, in the standard."""


async def write_of(
    wanted: Wanted, reason: Reason, owner: str, at: datetime, systems: Systems
) -> TaskWrite | None:
    """None where the connection names no Dataverse: the console lists the task then. What was begun
    as a lead stays one, though the buyer gets an account meanwhile: it may have been made. Raises
    `Never` for a seller or an account that is not there once."""
    dataverse, shop = systems.dataverse, systems.settings.commerce.url
    if dataverse is None:
        return None
    seller = await _seller(owner, wanted.looked, dataverse)
    account_id = await _account_id(wanted.looked, dataverse, systems)
    lead_id = _lead_id(wanted.looked, systems)
    begun = wanted.kept.row_id if wanted.is_taken and wanted.kept is not None else ""
    if not account_id or begun == lead_id:
        task = Task("leads", lead_id, _lead(wanted, reason))
    elif wanted.look.settings.rules[wanted.rule].case:
        task = Task("incidents", id_of("alert", shop, wanted.key), _case(wanted, reason))
        task.body["customerid_account@odata.bind"] = f"/accounts({account_id})"
    else:
        task = Task("tasks", id_of("task", shop, wanted.key), _task(wanted, reason, at))
        task.body["regardingobjectid_account_task@odata.bind"] = f"/accounts({account_id})"
    task.body["ownerid@odata.bind"] = f"/systemusers({seller})"
    return _as_write(task, dataverse, systems)


async def end_of(wanted: Wanted, delivery: Delivery) -> TaskWrite | None:
    """What ends it; None where nothing was made there. Raises `Later` while that may be under
    way."""
    dataverse, held = delivery.systems.dataverse, delivery.held(TaskWrite.kind)
    row_id = held.number if held is not None else ""
    if held is None and delivery.claim.intent is not None and wanted.kept is not None:
        delivery.wait_until_settled()
        row_id = wanted.kept.row_id
    if dataverse is None or not row_id:
        return None
    sent = await delivery.last_sent(TaskWrite.kind) or {}
    table = _table_of(row_id, wanted, delivery.systems)
    task = Task(table, row_id, sent.get("row") or {}, True, wanted.looked.is_erased)
    if held is None and await dataverse.tasks.get(task) is None:
        return None
    return _as_write(task, dataverse, delivery.systems)


def _lead_id(looked: Looked, systems: Systems) -> str:
    return id_of("lead", systems.settings.commerce.url, looked.account.key)


def _table_of(row_id: str, wanted: Wanted, systems: Systems) -> Table:
    """Ids of ours tell what they are of."""
    if row_id == _lead_id(wanted.looked, systems):
        return "leads"
    alert = id_of("alert", systems.settings.commerce.url, wanted.key)
    return "incidents" if row_id == alert else "tasks"


def _as_write(task: Task, dataverse: DataverseClient, systems: Systems) -> TaskWrite:
    section = systems.settings.dataverse
    assert section is not None
    return TaskWrite(task, dataverse, dataverse_of(section))


async def _seller(owner: str, looked: Looked, dataverse: DataverseClient) -> str:
    """The id of the user who gets it. Raises `Never` for one who is not there or not active: the
    task would lie where nobody looks."""
    found = await dataverse.tasks.sellers(owner)
    active = [one.row_id for one in found if not one.is_disabled]
    if len(active) == 1:
        return active[0]
    what = "is there more than once" if active else "is disabled" if found else "is no user"
    raise Never(
        f"the seller of account {looked.name} {what} in Dataverse",
        remedy="Name an active user's primary e-mail in tasks.owners, or as the rule's owner, in"
        " connections.toml; then replay.",
    )


async def _account_id(looked: Looked, dataverse: DataverseClient, systems: Systems) -> str:
    """The account in Dataverse; empty where it is to be a lead. Raises `Never` where neither."""
    column, number = systems.settings.cases.account_column, looked.number
    found = await dataverse.customers.accounts(column, number) if number and column else []
    if len(found) == 1:
        return found[0].row_id
    if not found and (looked.look.settings.leads or looked.account.kind == GUEST):
        return ""
    many = "several active accounts" if found else "no active account"
    raise Never(
        f"account {looked.name}: Dataverse has {many} with its number in {column}",
        remedy="Give one account its number in Dataverse, or write tasks.leads = true; then"
        " replay.",
    )


def _task(wanted: Wanted, reason: Reason, at: datetime) -> dict[str, Any]:
    rule = wanted.look.settings.rules[wanted.rule]
    end = at + timedelta(days=rule.due_days)
    return {
        "subject": f"{reason.title}: {wanted.looked.number}"[:LONGEST_SUBJECT],
        "description": description_of(wanted, reason),
        "scheduledend": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "prioritycode": HIGH if rule.urgent else NORMAL,
    }  # fmt: skip


def _case(wanted: Wanted, reason: Reason) -> dict[str, Any]:
    rule = wanted.look.settings.rules[wanted.rule]
    return {
        "title": f"{reason.title}: {wanted.looked.number}"[:LONGEST_SUBJECT],
        "description": description_of(wanted, reason), "casetypecode": PROBLEM,
        "caseorigincode": WEB_CASE, "prioritycode": URGENT_CASE if rule.urgent else NORMAL_CASE,
    }  # fmt: skip


def _lead(wanted: Wanted, reason: Reason) -> dict[str, Any]:
    account = wanted.looked.account
    company = {"companyname": account.name} if account.kind == COMPANY else {}
    return {
        "subject": reason.title, "description": description_of(wanted, reason),
        "lastname": account.name.strip() or account.email, "emailaddress1": account.email,
        "leadsourcecode": WEB, **company,
    }  # fmt: skip


def description_of(wanted: Wanted, reason: Reason) -> str:
    """The reason, the score with its parts, why we may, and where to read on."""
    look, account = wanted.look, wanted.looked.account
    parts, settings = wanted.looked.score, look.settings
    told = ", ".join(f"{name} {points}" for name, points in parts.items())
    consent = settings.guest_consent if account.kind == GUEST else settings.consent
    lines = [
        reason.words, f"Score {sum(parts.values())} of 100: {told or 'nothing yet'}.",
        f"Purpose: follow-up by the account's seller. Consent: {consent}.",
    ]  # fmt: skip
    if settings.console_url:
        lines.append(f"{settings.console_url}/accounts?account={account.key}")
    return "\n".join(lines)[:LONGEST_TEXT]
