"""Whether quotes can go their way in Dynamics 365 Sales, where `quotes.target` says so: the columns
are there, our user has the rights, and Sales calculates prices as it does in the standard."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from sync.checks.dataverse_rights import NOWHERE, rights
from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.core.errors import NotProvided
from sync.dataverse.client import DataverseClient
from sync.dataverse.currencies import CODE, CURRENCIES, KEY
from sync.dataverse.customers import ACCOUNTS
from sync.dataverse.documents.sales_quote import LONGEST
from sync.dataverse.sales_quote_rows import (
    COLUMNS,
    LINE_COLUMNS,
    LINES,
    ORDERS,
    QUOTES,
    header_changed,
    line_removed,
    revised,
)
from sync.dataverse.web_api import RowWrite, set_path

ORGANIZATIONS, MANDATORY = "organizations", "ispricelistmandatory"
CALCULATED: Final = "oobpricecalculationenabled"
BY_SALES: Final = (
    "Quotes of Dynamics 365 Sales need its solution in this environment; a table of the standard"
    " that lacks a column was customised. Otherwise leave out quotes.target."
)


def _client(probe: Probe) -> DataverseClient | None:
    settings = probe.settings
    is_on = "quotes" in settings.flows and settings.quotes.target == "dataverse"
    return probe.dataverse if is_on else None


async def sales_quotes_have_their_columns(probe: Probe) -> AsyncIterator[Finding]:
    """The tables have what is sent and read."""
    client = _client(probe)
    if client is None:
        return
    written = {name for name in LONGEST if name != "productdescription"}
    wanted = {"quote": {*COLUMNS, *written}, "quotedetail": {*LINE_COLUMNS, "description"}}
    try:
        for table, columns in wanted.items():
            there = await client.columns_of(table)
            lacking = sorted({_column(one) for one in columns} - there)
            if lacking:
                yield fault(f"Dataverse's table {table} has no {', '.join(lacking)}", BY_SALES)
            else:
                yield ok(f"the columns of {table} are there")
    except NotProvided as refusal:
        yield warn(f"columns of Dataverse are not looked at: {refusal.reason}", refusal.remedy)


def _column(name: str) -> str:
    """The logical name of a column; a lookup is read by another one."""
    return name.removeprefix("_").removesuffix("_value") if name.startswith("_") else name


async def sales_quotes_can_be_written(probe: Probe) -> AsyncIterator[Finding]:
    """Our user has the privileges that quotes need."""
    client = _client(probe)
    if client is None:
        return
    written = _written(revises=probe.settings.quotes.sales.revise)
    async for found in rights(probe, client, _read(), written):
        yield found


def _read() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield QUOTES, COLUMNS[:1]
    yield LINES, LINE_COLUMNS[:1]
    yield ORDERS, ("salesorderid", "_quoteid_value")
    yield CURRENCIES, (KEY, CODE)
    yield ACCOUNTS, ("accountid",)


def _written(*, revises: bool) -> Iterator[tuple[str, RowWrite]]:
    yield "change quotes", header_changed(NOWHERE, {"name": "check"})
    customer = {"customerid_account@odata.bind": f"/{ACCOUNTS}({NOWHERE})"}
    yield "make quotes", RowWrite("POST", set_path(QUOTES), {"name": "check", **customer})
    named = {"quoteid@odata.bind": f"/{QUOTES}({NOWHERE})"}
    line = {"productdescription": "check", "isproductoverridden": True, **named}
    yield "make lines of quotes", RowWrite("POST", set_path(LINES), line)
    yield "remove lines of quotes", line_removed(NOWHERE)
    if revises:
        yield "revise quotes", revised(NOWHERE)


async def sales_prices_are_calculated(probe: Probe) -> AsyncIterator[Finding]:
    """Sales itself calculates what lines come to, and takes them without a price list or with the
    one that is named."""
    client = _client(probe)
    if client is None:
        return
    columns = ("organizationid", MANDATORY, CALCULATED)
    rows = [row async for row in client.rows(ORGANIZATIONS, select=columns, top=1)]
    settings = rows[0] if rows else {}
    if settings.get(CALCULATED) is False:
        cure = "Use system pricing calculations (System Settings > Sales), or see how yours does."
        yield warn("prices in Dynamics 365 Sales are calculated by a plug-in", cure)
    else:
        yield ok("Dynamics 365 Sales calculates prices")
    if settings.get(MANDATORY) is False or probe.settings.quotes.sales.price_lists:
        yield ok("quotes are priced with the price lists that are named, or without one")
    else:
        cure = (
            "Make price lists optional (App Settings > Product Catalog Settings), or name one of"
            " each currency under quotes.sales.price_lists."
        )
        yield fault("Dynamics 365 Sales demands a price list, and none is named", cure)
