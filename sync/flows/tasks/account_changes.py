"""Which accounts are to be looked at: those that something happened to, and those that are due."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Final

from sync.commerce.filters import of_any
from sync.commerce.models.order import utc
from sync.commerce.polling import position_of
from sync.commerce.search import Node
from sync.config.connections.tasks import THRESHOLDS, RuleName
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.keys import whole_in
from sync.flows.returns.rma_records import open_rmas
from sync.flows.tasks.account_reading import COMPANY, CUSTOMER, GUEST

Looks = Callable[[Systems, datetime, datetime, str], AsyncIterator[Change]]
ORDERS: Final[tuple[Node, ...]] = (
    "entity_id", "updated_at", "customer_id",
    ("extension_attributes", ("company_order_attributes",)),
)  # fmt: skip


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """By kind of what happened, each kind in its own order. An account comes once for each."""
    begun, _, rest = after.partition("|")
    for place, look in enumerate(LOOKS):
        if begun and place < int(begun):
            continue
        inner = rest if begun and place == int(begun) else ""
        async for one in look(systems, since, until, inner):
            yield Change(one.key, one.changed_at, position=f"{place}|{one.position}")


async def _due(
    systems: Systems, _since: datetime, until: datetime, after: str
) -> AsyncIterator[Change]:
    async for account, at in systems.accounts_due(until, after):
        yield Change(account, at, position=f"{at:%Y%m%d%H%M%S}|{account}")


async def _orders(
    systems: Systems, since: datetime, until: datetime, after: str
) -> AsyncIterator[Change]:
    only = of_any("store_id", systems.settings.store_ids)
    rows = systems.commerce.changed("orders", since, until, fields=ORDERS, only=only, after=after)
    async for row in rows:
        at, customer = utc(str(row.get("updated_at"))), whole_in(row.get("customer_id"))
        bought = (row.get("extension_attributes") or {}).get("company_order_attributes") or {}
        company = whole_in(bought.get("company_id"))
        if at is not None and (company or customer):
            key = f"{COMPANY}|{company}" if company else f"{CUSTOMER}|{customer}"
            yield Change(key, at, position=position_of(row))


async def _carts(
    systems: Systems, since: datetime, until: datetime, after: str
) -> AsyncIterator[Change]:
    """Those that have been idle for as long as a rule says."""
    tasks = systems.settings.tasks
    rules = [rule for rule in OF_CARTS if rule in tasks.rules]
    hours = [tasks.rules[rule].threshold for rule in rules]
    waits = [
        timedelta(hours=THRESHOLDS[rule] if told is None else told)
        for rule, told in zip(rules, hours, strict=True)
    ]
    if not waits:
        return
    wait = min(waits)
    rows = systems.commerce.carts.idle(
        since - wait, until - wait, stores=systems.settings.store_ids,
        guests=bool(tasks.guest_consent), after=after,
    )  # fmt: skip
    async for row in rows:
        at = utc(str(row.get("updated_at")))
        customer = whole_in((row.get("customer") or {}).get("id"))
        is_guest = row.get("customer_is_guest") is True
        if at is not None and (customer or is_guest):
            key = f"{GUEST}|{row['id']}" if is_guest else f"{CUSTOMER}|{customer}"
            yield Change(key, at + wait, position=position_of(row, "id"))


OF_CARTS: Final[tuple[RuleName, ...]] = ("cart", "quote")


async def _customers(
    systems: Systems, since: datetime, until: datetime, after: str
) -> AsyncIterator[Change]:
    if "registration" not in systems.settings.tasks.rules:
        return
    websites = await systems.websites.ours()
    rows = systems.commerce.customers.changed(since, until, websites=websites, after=after)
    async for row in rows:
        at = utc(str(row.get("updated_at")))
        if at is not None:
            yield Change(f"{CUSTOMER}|{row['id']}", at, position=position_of(row, "id"))


async def _companies(
    systems: Systems, _since: datetime, until: datetime, _after: str
) -> AsyncIterator[Change]:
    """Those that wait for approval, once a day: the list has no time of change."""
    if "company_request" not in systems.settings.tasks.rules:
        return
    day = until.replace(hour=0, minute=0, second=0, microsecond=0)
    for row in await systems.commerce.companies.having("status", "0"):
        yield Change(f"{COMPANY}|{row['id']}", day)


async def _returns(
    systems: Systems, since: datetime, until: datetime, after: str
) -> AsyncIterator[Change]:
    if "return" not in systems.settings.tasks.rules:
        return
    async for row, _, at in open_rmas(systems, since, after):
        if customer := whole_in(row.get("customer_id")):
            yield Change(f"{CUSTOMER}|{customer}", min(at, until), position=str(row["entity_id"]))


LOOKS: Final[tuple[Looks, ...]] = (_due, _orders, _carts, _customers, _companies, _returns)
