"""Whether prices can be published: the shop's base currency, its customer groups, F&O's price
groups."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.codes import codes_of
from sync.checks.finding import Finding, Probe, fault, ok
from sync.commerce.filters import Op, where
from sync.commerce.search import LARGEST_PAGE, Search
from sync.config.connections import Connection
from sync.dynamics.price_agreements import (
    AGREEMENTS,
    CUSTOMERS,
    DISCOUNT_FIELDS,
    DISCOUNTS,
    FIELDS,
    GROUP_FIELDS,
    PRICE_FIELDS,
    RELEASED,
)
from sync.dynamics.unit_conversions import FACTORS, GENERAL, OF_PRODUCTS, PAIR

CURRENCY: Final = "directory/currency"
GROUPS: Final = "customerGroups/search"
PRICE_GROUPS: Final = ("PriceCustomerGroups", "GroupCode")


def price_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that publishing prices reads."""
    if "prices" not in settings.flows:
        return {}
    prices = settings.prices
    found = {
        RELEASED: ("dataAreaId", *PRICE_FIELDS), AGREEMENTS: ("dataAreaId", *FIELDS),
        GENERAL: (*PAIR, *FACTORS), OF_PRODUCTS: ("ProductNumber", *PAIR, *FACTORS),
    }  # fmt: skip
    more = {DISCOUNTS: ("dataAreaId", *DISCOUNT_FIELDS)} if prices.line_discounts else {}
    customers = {CUSTOMERS: ("dataAreaId", *GROUP_FIELDS)} if prices.customers else {}
    return {**found, **more, **customers}


async def currency_is_the_shops(probe: Probe) -> AsyncIterator[Finding]:
    """Prices of released products have no currency: it is the legal entity's, and must be the
    shop's base currency."""
    if "prices" not in probe.settings.flows:
        return
    found = await probe.commerce.get(CURRENCY)
    base, ours = str(found.get("base_currency_code") or ""), probe.settings.prices.currency
    if base == ours:
        yield ok(f"the base currency of the shop is {base}")
    else:
        yield fault(
            f"prices.currency is {ours}, the base currency of the shop is {base}",
            "Correct currency in [connections.<name>.prices]; where the legal entity keeps its"
            " books in another currency, its sales prices cannot be shown.",
        )


async def price_groups_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """Every price group and every customer group that prices name is there."""
    prices = probe.settings.prices
    groups = prices.groups
    if "prices" not in probe.settings.flows or not (groups or prices.customers):
        return
    company = probe.settings.legal_entity
    if company in probe.known.absent:
        return
    known = await codes_of(probe, PRICE_GROUPS, company)
    codes = [*groups.values(), *prices.customers.values()]
    search = Search(page_size=LARGEST_PAGE).having(where("code", Op.IN, codes))
    page = await probe.commerce.search(GROUPS, search)
    there = {str(row.get("code")).casefold() for row in page.items}
    for group, code in groups.items():
        if group.casefold() not in known:
            yield fault(f"{company} has no price group {group}", "Correct prices.groups.")
        elif code.casefold() not in there:
            cure = "Correct prices.groups, or add the group (Customers > Customer Groups)."
            yield fault(f"the shop has no customer group {code}", cure)
        else:
            yield ok(f"price group {group} is customer group {code}")
    accounts = await probe.dynamics.price_agreements.groups_of(company, list(prices.customers))
    for account, code in prices.customers.items():
        if account.casefold() not in accounts:
            yield fault(f"{company} has no customer {account}", "Correct prices.customers.")
        elif code.casefold() not in there:
            cure = "Correct prices.customers, or add the group (Customers > Customer Groups)."
            yield fault(f"the shop has no customer group {code}", cure)
        else:
            yield ok(f"customer {account} is customer group {code}")


async def website_is_the_store_views(probe: Probe) -> AsyncIterator[Finding]:
    """The store view by which prices of one website are written is one of that website."""
    prices = probe.settings.prices
    if "prices" not in probe.settings.flows or not prices.website:
        return
    views = {int(one["id"]): one.get("website_id") for one in await probe.commerce.store_views()}
    if views.get(prices.store_view) == prices.website:
        yield ok(f"store view {prices.store_view} is of website {prices.website}")
    else:
        yield fault(
            f"store view {prices.store_view} is not of website {prices.website}",
            "Correct website and store_view in [connections.<name>.prices].",
        )
