"""Which rules hold for which table. A new business area is a module with its `TableRules` and its
rows here."""

from collections.abc import Mapping
from typing import Final

from sandbox.dynamics import (
    account_files,
    demand_forecasts,
    free_text_invoices,
    payment_journal_lines,
    payment_journals,
    quotations,
    return_lines,
    returns,
    settled_invoices,
)
from sandbox.dynamics.contacts import CONTACTS
from sandbox.dynamics.customer_addresses import ADDRESSES
from sandbox.dynamics.customers import CUSTOMERS, GROUPS
from sandbox.dynamics.order_lines import LINES
from sandbox.dynamics.orders import HEADERS
from sandbox.dynamics.prospects import ACTIVITIES, PROSPECTS
from sandbox.dynamics.ruling import NO_RULES, TableRules

_RULES: Final[Mapping[str, TableRules]] = {
    "Activities": ACTIVITIES,
    account_files.TABLE: account_files.RULES,
    account_files.OF_RETURNS: account_files.RULES_OF_RETURNS,
    "ContactPersons": CONTACTS,
    "CustTable": CUSTOMERS,
    "CustomerPostalAddresses": ADDRESSES,
    "CustomerGroups": GROUPS,
    demand_forecasts.TABLE: demand_forecasts.RULES,
    "Prospects": PROSPECTS,
    "SalesTable": HEADERS,
    "SalesLine": LINES,
    free_text_invoices.HEADER: free_text_invoices.HEADERS,
    free_text_invoices.LINE: free_text_invoices.LINES,
    payment_journals.HEADER: payment_journals.HEADERS,
    payment_journals.LINE: payment_journal_lines.LINES,
    payment_journals.MARK: settled_invoices.MARKS,
    quotations.HEADER: quotations.HEADERS,
    quotations.LINE: quotations.LINES,
    returns.HEADER: returns.HEADERS,
    returns.LINE: return_lines.LINES,
}


def rules_of(table: str) -> TableRules:
    """The rules of a table; one that is only set up by hand has none but its key and types."""
    return _RULES.get(table, NO_RULES)
