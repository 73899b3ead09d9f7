"""Whether F&O reckons the discount of a sales line as we do, as lines show that it has."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sync.checks.finding import Finding, Probe, fault, ok
from sync.dynamics.field_values import amount_of
from sync.dynamics.odata import Filter

MOST: Final = 100
"""Orders that are looked at in each legal entity."""
NEAR: Final = Decimal("0.05")
NUMBER, DISCOUNT = "SalesOrderNumber", "LineDiscountAmount"
NEWEST: Final = ("dataAreaId", f"{NUMBER} desc")
FIELDS: Final = (
    NUMBER, "OrderedSalesQuantity", "SalesPrice", "SalesPriceQuantity", DISCOUNT, "LineAmount",
    "LineDiscountPercentage", "MultilineDiscountAmount",
    "MultilineDiscountPercentage",
)  # fmt: skip
CURE: Final = (
    'Write discounts = "price" under orders in connections.toml before orders with discounts are'
    " posted, and correct those in F&O that have been."
)


async def discounts_are_reckoned_so(probe: Probe) -> AsyncIterator[Finding]:
    """`LineDiscountAmount` is taken off the price, which is that of `SalesPriceQuantity` units: it
    is documented nowhere, and where it is otherwise, each discount has another amount there."""
    if "orders" not in probe.settings.flows or probe.settings.orders.discounts == "price":
        return
    agreeing, others = 0, list[str]()
    async for row in _discounted(probe):
        ours, *rivals = _readings(row)
        amount = amount_of(row, "LineAmount")
        telling = [one for one in rivals if abs(ours - one) > 2 * NEAR]
        if telling and abs(amount - ours) <= NEAR:
            agreeing += 1
        elif any(abs(amount - one) <= NEAR for one in telling):
            others.append(str(row[NUMBER]))
    if others:
        what = f"F&O reckons the discount of lines otherwise than we do, as in {others[0]}"
        yield fault(f"{what} ({len(others)} of {len(others) + agreeing} lines)", CURE)
    elif agreeing:
        yield ok(f"F&O reckons the discount of lines as we do ({agreeing} lines looked at)")
    else:
        yield ok("no line in F&O shows yet how a discount is reckoned: check again when one does")


async def _discounted(probe: Probe) -> AsyncIterator[Mapping[str, Any]]:
    """Lines of the newest orders that have this discount alone."""
    settings, find = probe.settings.dynamics, probe.dynamics.find_by
    since = probe.clock.now() - timedelta(days=probe.days)
    for company in probe.companies:
        where = Filter.eq("dataAreaId", company) & Filter.ge("OrderCreationDateTime", since)
        orders = probe.dynamics.query(
            settings.order_headers, where=where, select=(NUMBER,), order_by=NEWEST, top=MOST
        )
        numbers = [str(row[NUMBER]) async for row in orders]
        lines = await find(settings.order_lines, NUMBER, *numbers, company=company, select=FIELDS)
        for row in lines:
            if row.get(DISCOUNT) and not any(amount_of(row, name) for name in FIELDS[6:]):
                yield row


def _readings(row: Mapping[str, Any]) -> Iterator[Decimal]:
    """What the line comes to: ours first; the discount off each unit, whatever the price is of; and
    off the whole line."""
    quantity, price, per, discount = (amount_of(row, name) for name in FIELDS[1:5])
    per = per or Decimal(1)
    yield quantity * (price - discount) / per
    yield quantity * (price / per - discount)
    yield quantity * price / per - discount
