"""Who buys for a company: its users, and who has ordered for it and may have left since.

Commerce filters neither list by company, for both name it in an extension attribute. So both are
read whole, of each row as little as it takes. A list may leave out an attribute that the record
itself has (magento2 issue 25410), or the shop may hide it: then nobody would be found, and nothing
would say so. Each list is therefore held against a record that must name a company.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, where
from sync.commerce.search import Direction, Search, Sort
from sync.engine.systems import Systems
from sync.flows.keys import whole_in

USER: Final = "company_attributes"
ORDERED: Final = "company_order_attributes"


@dataclass(frozen=True)
class Buyers:
    """Customers by id, and the lists that do not tell who else there may be."""

    customers: frozenset[int]
    untold: tuple[str, ...] = ()


async def buyers_for(company: int, administrator: int | None, systems: Systems) -> Buyers:
    """Who is a user of `company`, or has ordered for it. `administrator`: the customer who must be
    among its users, where Commerce names one."""
    users, rows = await _listed(systems, "customers/search", "id", "id", USER)
    untold = ["customers"] if not users and administrator in rows else []
    found = {customer for customer, of in users if of == company}
    orders, _ = await _listed(systems, "orders", "entity_id", "customer_id", ORDERED)
    found |= {customer for customer, of in orders if of == company}
    known = found | ({administrator} if administrator else set())
    if not orders and await _ordered_for_any(known, systems):
        untold.append("orders")
    return Buyers(frozenset(found - {0}), tuple(untold))


def company_of(row: Mapping[str, Any], attribute: str) -> int | None:
    """The company that an extension attribute names."""
    extension = row.get("extension_attributes")
    named = extension.get(attribute) if isinstance(extension, dict) else None
    return whole_in(named.get("company_id")) if isinstance(named, dict) else None


async def _listed(
    systems: Systems, path: str, key: str, customer: str, attribute: str
) -> tuple[set[tuple[int, int]], set[int]]:
    """(customer, company) of the rows that name a company, and the customers of all rows."""
    search = Search(
        sorts=(Sort("entity_id"),),
        page_size=systems.commerce.settings.page_size,
        fields=(
            *dict.fromkeys((key, customer)),
            ("extension_attributes", ((attribute, ("company_id",)),)),
        ),
    )
    named, all_rows = set[tuple[int, int]](), set[int]()
    async for page in systems.commerce.pages(path, search, key=key):
        for row in page.items:
            whose, company = whole_in(row.get(customer)) or 0, company_of(row, attribute)
            all_rows.add(whose)
            if company is not None:
                named.add((whose, company))
    return named, all_rows


async def _ordered_for_any(customers: set[int], systems: Systems) -> bool:
    """Whether the newest order of one of them, read by itself, names a company."""
    newest = (Sort("entity_id", Direction.DESC),)
    for customer in sorted(customers):
        search = Search(sorts=newest, page_size=1, fields=("entity_id",)).having(
            where("customer_id", Op.EQ, customer)
        )
        page = await systems.commerce.search("orders", search)
        for row in page.items:
            try:
                order = await systems.commerce.get(path_of("orders", int(row["entity_id"])))
            except NotThere:  # deleted since it was listed
                continue
            if company_of(order, ORDERED) is not None:
                return True
    return False
