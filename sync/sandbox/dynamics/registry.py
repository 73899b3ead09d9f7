"""Which rules hold for which table. A new business area is a module with its `TableRules` and its rows here."""

from collections.abc import Mapping
from typing import Final

from sync.sandbox.dynamics.customers import ADDRESSES, CUSTOMERS, GROUPS
from sync.sandbox.dynamics.order_lines import LINES
from sync.sandbox.dynamics.orders import HEADERS
from sync.sandbox.dynamics.ruling import NO_RULES, TableRules

_RULES: Final[Mapping[str, TableRules]] = {
    "CustTable": CUSTOMERS,
    "CustomerPostalAddresses": ADDRESSES,
    "CustomerGroups": GROUPS,
    "SalesTable": HEADERS,
    "SalesLine": LINES,
}


def rules_of(table: str) -> TableRules:
    """The rules of a table; one that is only set up by hand has none but its key and types."""
    return _RULES.get(table, NO_RULES)
