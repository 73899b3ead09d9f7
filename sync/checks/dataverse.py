"""Whether cases can go their way: Dataverse answers, has the columns that are named, and lets our
user read and write."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from sync.checks.dataverse_rights import NOWHERE, rights
from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.config.connections import Connection
from sync.core.errors import NotProvided
from sync.dataverse.cases import NOTES, TABLE
from sync.dataverse.client import DataverseClient
from sync.dataverse.customers import ACCOUNTS, CONTACTS, ORDERS
from sync.dataverse.documents.case import COLUMNS
from sync.dataverse.web_api import RowWrite, changed, set_path

CASES: Final = frozenset({"cases", "case_states"})
USING: Final = CASES | {"tasks"}
NAME_COLUMN: Final = "Correct it in [connections.<name>.cases] by the column's logical name."


def _client(probe: Probe, flows: frozenset[str] = CASES) -> DataverseClient | None:
    is_for_quotes = flows == USING and probe.settings.quotes.target == "dataverse"
    wanted = flows | ({"quotes"} if is_for_quotes else frozenset())
    return probe.dataverse if wanted & set(probe.settings.flows) else None


async def dataverse_answers(probe: Probe) -> AsyncIterator[Finding]:
    """It takes our sign-in, and has the columns that the settings name."""
    client = _client(probe, USING)
    if client is None:
        return
    try:
        for table, column in _named(probe.settings):
            if column not in await client.columns_of(table):
                yield fault(f"Dataverse's table {table} has no column {column}", NAME_COLUMN)
            else:
                yield ok(f"{table}.{column} is there")
    except NotProvided as refusal:
        yield warn(f"columns of Dataverse are not looked at: {refusal.reason}", refusal.remedy)


def _named(settings: Connection) -> Iterator[tuple[str, str]]:
    cases = settings.cases
    if cases.account_column:
        yield "account", cases.account_column
    for column in settings.tasks.columns.values():
        yield "account", column
    if not CASES & {*settings.flows}:
        return
    yield "incident", "ticketnumber"
    if cases.key_column:
        yield "incident", cases.key_column
    if cases.contacts == "email":
        yield "contact", "emailaddress1"
    if cases.order_property:
        yield "incident", cases.order_property.lower()
        yield "salesorder", cases.order_column


async def cases_can_be_written(probe: Probe) -> AsyncIterator[Finding]:
    """Our user has the privileges that cases need."""
    client = _client(probe)
    if client is None:
        return
    async for found in rights(probe, client, _read(probe.settings), _written()):
        yield found


def _read(settings: Connection) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield TABLE, COLUMNS[:1]
    yield NOTES, ("annotationid",)
    yield ACCOUNTS, ("accountid",)
    if settings.cases.contacts == "email":
        yield CONTACTS, ("contactid",)
    if settings.cases.order_property:
        yield ORDERS, ("salesorderid",)


def _written() -> Iterator[tuple[str, RowWrite]]:
    """Nothing of these can be carried out: there is no row of that id."""
    yield "change cases", changed(TABLE, NOWHERE, {"title": "check"})
    customer = {"customerid_account@odata.bind": f"/{ACCOUNTS}({NOWHERE})"}
    yield "make cases", RowWrite("POST", set_path(TABLE), {"title": "check", **customer})
    about = {"objectid_incident@odata.bind": f"/{TABLE}({NOWHERE})"}
    yield "write notes", RowWrite("POST", set_path(NOTES), {"subject": "check", **about})


async def cases_have_a_key(probe: Probe) -> AsyncIterator[Finding]:
    """The environment itself refuses a second case of one record, where a column is named."""
    client, column = _client(probe), probe.settings.cases.key_column
    if client is None or not column:
        return
    try:
        is_there = frozenset({column}) in await client.active_keys("incident")
    except NotProvided as refusal:
        yield warn(f"keys of Dataverse are not looked at: {refusal.reason}", refusal.remedy)
        return
    if is_there:
        yield ok(f"incident.{column} is an alternate key")
    else:
        cure = "Add an alternate key of this column to the table Case, and wait until it is active."
        yield warn(f"incident.{column} is no active key: a second case is not refused", cure)


async def cases_find_their_customers(probe: Probe) -> AsyncIterator[Finding]:
    """Some account of Dataverse has a number by which customers are found."""
    client, column = _client(probe, USING), probe.settings.cases.account_column
    if client is None or not column:
        return
    rows = client.rows(ACCOUNTS, select=("accountid",), where=f"{column} ne null", top=1)
    if [one async for one in rows]:
        yield ok(f"accounts have {column}")
    else:
        what = f"no account of Dataverse has {column}: each case or task would wait"
        yield warn(what, 'Fill the column, or name somebody for all: cases.customers = { "*" = … }')
