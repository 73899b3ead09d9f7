"""Invoices in the demo that F&O posts first: of orders that a gateway has authorised. The shop ends
with the same invoices, captured, and F&O with their payments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.invoicing_and_refunds import ONLINE
from sandbox.demo.environment import CAPTURES, Environment, Pair
from sandbox.demo.reconciliation import Finding, shop_number
from sandbox.demo.shipping import OPEN
from sandbox.demo.systems import pause
from sync.config.connections import NumberMode

MOST: Final = 8
"""Orders of a shop that F&O invoices first."""
OPEN_THERE: Final = frozenset({"Backorder", "Delivered"})
Order = Mapping[str, Any]


@dataclass(frozen=True)
class Captured:
    """What was invoiced in the shops because F&O had invoiced it."""

    invoices: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"invoices": self.invoices, "differences": len(self.findings)}


async def invoice_and_capture(environment: Environment, within: timedelta) -> Captured:
    """F&O posts invoices; then both sides are compared. Raises `Stuck`."""
    pairs = [one for one in environment.pairs.values() if one.numbers is NumberMode.OURS]
    posted = {pair.name: await _posted(pair) for pair in pairs}
    while any([await pair.ledger.unfinished() for pair in pairs]):
        await pause()
    await environment.poll(CAPTURES)
    await environment.until_idle(within=within)
    findings = [found for pair in pairs for found in await _compared(pair, posted[pair.name])]
    return Captured(sum(len(one) for one in posted.values()), tuple(findings))


async def _posted(pair: Pair) -> list[str]:
    """The numbers of the orders that F&O has invoiced before the shop."""
    numbers = {
        shop_number(row.get("CustomersOrderReference", "")): row["SalesOrderNumber"]
        for row in await pair.ledger.sales_orders()
        if row["SalesOrderStatus"] in OPEN_THERE and row["lines"]
    }
    found = [
        order for order in await pair.shop.entered()
        if order["method"] in ONLINE and order["state"] in OPEN and not order["invoices"]
        and str(order["increment_id"]) in numbers
    ][:MOST]  # fmt: skip
    for order in found:
        number = numbers[str(order["increment_id"])]
        await pair.ledger.post("sales_order", number, tax=order["tax"])
    return [str(order["increment_id"]) for order in found]


async def _compared(pair: Pair, numbers: list[str]) -> list[Finding]:
    """Each was invoiced whole, once."""
    orders = {str(order["increment_id"]): order for order in await pair.shop.entered()}
    return [
        Finding(pair.name, number, "was invoiced in Dynamics, and the shop shows another sum")
        for number in numbers
        if [Decimal(one["grand_total"]) for one in orders[number]["invoices"]]
        != [Decimal(orders[number]["grand_total"])]
    ]
