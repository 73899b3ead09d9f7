"""Whether tasks can go their way: Dataverse lets our user make them, and the sellers who are named
are active users. Where no Dataverse is named, the console lists the tasks."""

from collections.abc import AsyncIterator, Iterator

from sync.checks.dataverse_rights import NOWHERE, rights
from sync.checks.finding import Finding, Probe, fault, ok
from sync.dataverse.client import DataverseClient
from sync.dataverse.customers import ACCOUNTS
from sync.dataverse.documents.task import KEYS
from sync.dataverse.tasks import USERS
from sync.dataverse.web_api import RowWrite, changed, set_path


def _client(probe: Probe) -> DataverseClient | None:
    return probe.dataverse if "tasks" in probe.settings.flows else None


async def tasks_can_be_written(probe: Probe) -> AsyncIterator[Finding]:
    """Our user has the privileges that tasks need."""
    client = _client(probe)
    if client is None:
        return
    tasks = probe.settings.tasks
    cases = any(rule.case for rule in tasks.rules.values())
    written = _written(leads=tasks.leads, cases=cases)
    async for found in rights(probe, client, _read(), written):
        yield found


def _read() -> Iterator[tuple[str, tuple[str]]]:
    yield "tasks", (KEYS["tasks"],)
    yield USERS, ("systemuserid",)
    yield ACCOUNTS, ("accountid",)


def _written(*, leads: bool, cases: bool) -> Iterator[tuple[str, RowWrite]]:
    """Nothing of these can be carried out: there is no row of that id."""
    yield "change tasks", changed("tasks", NOWHERE, {"subject": "check"})
    about = {"regardingobjectid_account_task@odata.bind": f"/{ACCOUNTS}({NOWHERE})"}
    yield "make tasks", RowWrite("POST", set_path("tasks"), {"subject": "check", **about})
    if leads:
        yield "change leads", changed("leads", NOWHERE, {"subject": "check"})
        owner = {"ownerid@odata.bind": f"/{USERS}({NOWHERE})"}
        yield "make leads", RowWrite("POST", set_path("leads"), {"lastname": "check", **owner})
    if cases:
        yield "change cases", changed("incidents", NOWHERE, {"title": "check"})
        whose = {"customerid_account@odata.bind": f"/{ACCOUNTS}({NOWHERE})"}
        yield "make cases", RowWrite("POST", set_path("incidents"), {"title": "check", **whose})


async def sellers_are_users(probe: Probe) -> AsyncIterator[Finding]:
    """Each seller who is named is one active user of Dataverse."""
    client, tasks = _client(probe), probe.settings.tasks
    if client is None:
        return
    named = {f"tasks.owners.{whom}": email for whom, email in tasks.owners.items()}
    named |= {f"tasks.rules.{name}.owner": rule.owner for name, rule in tasks.rules.items()}
    for place, email in named.items():
        found = await client.tasks.sellers(email) if email else []
        active = [one for one in found if not one.is_disabled]
        if email and len(active) != 1:
            what = "is disabled" if found and not active else "is no single user"
            remedy = f"Write an active user's primary e-mail address into {place}."
            yield fault(f"{place} {what} in Dataverse: its tasks would wait", remedy)
        elif email:
            yield ok(f"{place} is an active user")
