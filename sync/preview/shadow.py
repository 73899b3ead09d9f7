"""A shadow run: what would have been posted for the orders of a time, beside what people entered
for them in F&O by hand. Both systems are read; nothing is written."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sync.commerce.models.numbered_document import number_of
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.groups import in_groups
from sync.core.money import CENT, ZERO, rounded
from sync.core.skipped import Skipped
from sync.dynamics.documents.sales_order import SalesOrder
from sync.engine.systems import Systems
from sync.flows.keys import elsewhere
from sync.flows.orders.orders import orders
from sync.flows.orders.sales_order_writes import SalesOrderWrite
from sync.preview.entered import (
    GROSS,
    NUMBER,
    EnteredOrders,
    FieldDifference,
    Row,
    amount_of,
    differences,
    entered_orders,
    goods_of,
    goods_wanted,
)
from sync.preview.planning import Planning

AT_ONCE: Final = 20
"""Orders that are planned together, so that what they look for shares requests."""
ENTERED_BY: Final = timedelta(days=7)
"""How long after an order people may have entered it."""
ENTERED_BEFORE: Final = timedelta(days=1)
"""F&O's clock may be behind Commerce's."""


class Outcome(StrEnum):
    """What a shadow run says of an order."""

    EQUAL = "equal"
    DIFFERS = "differs"
    NOT_ENTERED = "not entered"
    PARKED = "parked"
    SKIPPED = "skipped"


WHY: Final[Mapping[str, str]] = {
    "OrderingCustomerAccountNumber":
        "another account: `python -m sync map customers match` finds those that buyers have",
    "InvoiceCustomerAccountNumber":
        "another account is invoiced: set it for the account in D365, or see"
        " `customers.invoice_accounts_of`",
    "CurrencyCode": "another currency",
    GROSS: "prices with tax on one side only: see `prices_include_tax` of the store",
    "line": "an item on one side only: another item in `map items`, or a charge that was entered"
        " for the whole order",
    "OrderedSalesQuantity": "another quantity: it was typed differently, or in another unit",
    "LineAmount": "another amount: D365 found a price of its own, or it was typed differently",
}  # fmt: skip
"""Why a field differs, in words: what to look at first."""


@dataclass(frozen=True)
class Shadow:
    """One order. `numbers`: the sales orders that people entered. `ours`, `entered`: what all lines
    come to, without what tax is on top; None where there is nothing, or amounts cannot be
    compared."""

    key: str
    outcome: Outcome
    reason: str = ""
    remedy: str = ""
    numbers: Sequence[str] = ()
    differences: Sequence[FieldDifference] = ()
    ours: Decimal | None = None
    entered: Decimal | None = None
    currency: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "key": self.key, "outcome": str(self.outcome), "reason": self.reason,
            "remedy": self.remedy, "numbers": [*self.numbers],
            "differences": [one.as_json() for one in self.differences],
            "ours": _text(self.ours), "entered": _text(self.entered), "currency": self.currency,
        }  # fmt: skip


@dataclass
class ShadowSummary:
    """How many orders came out in which way, what both sides come to where both have one, and how
    many orders differ in a field."""

    outcomes: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    sums: dict[str, list[Decimal]] = field(default_factory=dict)

    def add(self, one: Shadow) -> None:
        """Count an order."""
        self.outcomes[str(one.outcome)] += 1
        self.fields.update({difference.field for difference in one.differences})
        if one.ours is not None and one.entered is not None:
            sums = self.sums.setdefault(one.currency, [ZERO, ZERO])
            sums[0] += one.ours
            sums[1] += one.entered

    @property
    def is_equal(self) -> bool:
        """Whether every order that is posted was entered just so."""
        return not self.outcomes.keys() - {Outcome.EQUAL, Outcome.SKIPPED}

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        totals = [
            {"currency": currency, "ours": _text(ours), "entered": _text(entered),
             "difference": _text(ours - entered)}
            for currency, (ours, entered) in sorted(self.sums.items())
        ]  # fmt: skip
        return {
            "orders": dict(sorted(self.outcomes.items())), "totals": totals,
            "fields": dict(self.fields.most_common()),
        }  # fmt: skip


async def shadow(
    systems: Systems, since: datetime, until: datetime, stores: Collection[int] | None = None
) -> AsyncIterator[Shadow]:
    """Each order that was placed from `since` until before `until`, in the order of their ids.

    Raises what the clients raise where a system is not reached. Whatever an order holds ends as an
    outcome of that order.
    """
    settings = systems.settings
    start, end = since - ENTERED_BEFORE, until + ENTERED_BY
    entered = {
        company: await entered_orders(systems.dynamics, settings, company, start, end)
        for company in settings.legal_entities
    }
    async for page in systems.commerce.orders.made(since, until, fields=(), stores=stores):
        ours = [row for row in page if not elsewhere(row.get("store_id"), systems)]
        for rows in in_groups(ours, AT_ONCE):
            for found in await asyncio.gather(*(_of(row, systems, entered) for row in rows)):
                yield found


async def _of(
    row: Mapping[str, Any], systems: Systems, entered: Mapping[str, EnteredOrders]
) -> Shadow:
    key = f"{number_of(row)}@{row.get('store_id')}"
    there = [one for orders_ in entered.values() for one in orders_.of(number_of(row))]
    numbers = [str(one[NUMBER]) for one in there]
    try:
        order = Order.read(row)
        plan = await Planning(systems, order).plan(orders, order.key, order, "preview")
    except Never as error:
        return Shadow(key, Outcome.PARKED, error.reason, error.remedy, numbers)
    if isinstance(plan, Skipped):
        return Shadow(key, Outcome.SKIPPED, str(plan), numbers=numbers)
    document = next(one.order for one in plan.writes if isinstance(one, SalesOrderWrite))
    if not there:
        return _not_entered(key, document)
    return await _compared(key, document, there, systems)


def _not_entered(key: str, document: SalesOrder) -> Shadow:
    reason = "no sales order of D365 has its number as reference or requisition"
    remedy = "See whether it was entered under another number, later, or invoiced and deleted."
    return Shadow(key, Outcome.NOT_ENTERED, reason, remedy, currency=_currency(document))


async def _compared(
    key: str, document: SalesOrder, there: Sequence[Row], systems: Systems
) -> Shadow:
    settings, currency = systems.settings, _currency(document)
    wanted = goods_wanted(document, settings.dynamics.rounding.get(currency, CENT))
    company = str(there[0]["dataAreaId"])
    goods = await goods_of(systems.dynamics, settings, company, there)
    found = differences(document, there, wanted, goods)
    numbers = [str(one[NUMBER]) for one in there]
    fields = dict.fromkeys(one.field for one in found)
    ours, entered = (None, None) if GROSS in fields else (amount_of(wanted), amount_of(goods))
    outcome = Outcome.DIFFERS if found else Outcome.EQUAL
    reason = "; ".join(WHY[name] for name in fields)
    return Shadow(key, outcome, reason, "", numbers, found, ours, entered, currency)


def _currency(document: SalesOrder) -> str:
    return str(document.header["CurrencyCode"])


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{rounded(amount):.2f}"
