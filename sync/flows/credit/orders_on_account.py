"""Orders on account of a shop, and which of them F&O has."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sync.commerce.models.order import utc
from sync.engine.claims_in_bulk import claims_of
from sync.engine.ledger import Ledger
from sync.engine.systems import Systems
from sync.flows.orders.in_dynamics import is_posted, was_entered_by_hand

ENDED_WITHIN: Final = timedelta(days=3)
"""For so long an order that is over may be on its way to F&O; later it is parked."""

Order = Mapping[str, Any]


@dataclass(frozen=True)
class ShopOrder:
    """An order on account. `is_exported`: F&O had its sales order before F&O was read, or somebody
    entered it there before this connection took over."""

    company: int
    row: Order
    is_exported: bool

    def is_before(self, day: date | None) -> bool:
        """Whether it was placed before a day; not where either is unknown."""
        placed = _placed(self.row)
        return day is not None and placed is not None and placed.date() < day


async def read_orders(systems: Systems, ledger: Ledger) -> list[ShopOrder]:
    """Those that are open, ended lately or are parked. One whose outcome is not known counts as not
    exported: then too little is left, and never too much."""
    client, settings = systems.commerce.company_credits, systems.settings
    rows = await client.open_orders(settings.store_ids, systems.clock.now() - ENDED_WITHIN)
    orders = {_key(row): row for row in rows}
    parked = [claim.key async for claim in ledger.parked(systems.name, "orders")]
    numbers = sorted({key.partition("@")[0] for key in parked if key not in orders})
    more = {_key(row): row for row in await client.orders_of(numbers)} if numbers else {}
    orders |= {key: more[key] for key in parked if key in more}
    mine = {key: row for key, row in orders.items() if _method(row) in settings.credit.on_account}
    claims = await claims_of(ledger.tables, systems.name, "orders", list(mine))
    start = settings.orders.placed_from
    known = {
        key for key, row in mine.items()
        if is_posted(claims[key]) or was_entered_by_hand(claims[key], _placed(row), start)
    }  # fmt: skip
    return [one async for one in _of_companies(systems, mine, known)]


async def _of_companies(
    systems: Systems, orders: Mapping[str, Order], known: set[str]
) -> AsyncIterator[ShopOrder]:
    """A shop may leave out of its list for which company an order is; the order itself says it."""
    for key, row in orders.items():
        company = company_in(row)
        if company is None:
            found = await systems.commerce.orders.by_id(int(row["entity_id"]))
            company = company_in(found or {})
        if company is not None:
            yield ShopOrder(company, row, key in known)


def company_in(row: Order) -> int | None:
    """The company that an order was placed for; None for none."""
    extension = row.get("extension_attributes")
    found = extension.get("company_order_attributes") if isinstance(extension, Mapping) else None
    number = found.get("company_id") if isinstance(found, Mapping) else None
    return int(str(number)) if str(number or "").isdecimal() else None


def _placed(row: Order) -> datetime | None:
    return utc(str(row.get("created_at") or ""))


def _key(row: Order) -> str:
    return f"{row.get('increment_id')}@{row.get('store_id')}"


def _method(row: Order) -> str:
    payment = row.get("payment")
    return str(payment.get("method") or "") if isinstance(payment, Mapping) else ""
