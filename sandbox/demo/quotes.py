"""Quotes in the demo: buyers of companies ask for some, F&O's office or sellers price, send, lose,
cancel or confirm them, and buyers order, change or close what they are offered. In the end both
sides match, each order is of what was agreed, and templates show their sales agreements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.agreements import agree, not_as_agreed
from sandbox.demo.environment import QUOTES, Environment, Pair
from sandbox.demo.offices import act, is_in_sales, quotations
from sandbox.demo.reconciliation import Finding
from sync.core.money import ZERO

LIVES: Final = (
    "ordered", "ordered", "changed", "closed", "offered", "offered", "lost", "cancelled",
    "confirmed", "asked",
)  # fmt: skip
"""What becomes of the quotes of each shop."""
IN_THE_END: Final[Mapping[str, tuple[str, str]]] = {
    "ordered": ("ordered", "Lost"), "changed": ("ordered", "Lost"), "closed": ("closed", "Lost"),
    "offered": ("submitted_by_admin", "Sent"), "lost": ("declined", "Lost"),
    "cancelled": ("declined", "Cancelled"), "confirmed": ("declined", "Confirmed"),
    "asked": ("created", "Created"),
}  # fmt: skip
"""Statuses in Commerce and in F&O, or Dynamics 365 Sales."""
OFFERED: Final = ("ordered", "changed", "closed", "offered")
SKUS: Final = ("SIMPLE-001", "SIMPLE-006")
Quotes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Negotiated:
    """How all quotes ended."""

    quotes: int
    orders: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "quotes": self.quotes, "orders": self.orders, "differences": len(self.findings)
        }  # fmt: skip


async def negotiate(environment: Environment, within: timedelta) -> Negotiated:
    """Live all lives at once, and compare. Raises `Stuck`."""
    wanted = {"count": len(LIVES), "skus": SKUS}
    asked = {
        name: await pair.shop.ask("POST", "/sandbox/quotes", wanted)
        for name, pair in environment.pairs.items()
    }
    await _notified(environment, asked, QUOTES, within)
    await agree(environment, asked, {
        name: await _accounts(environment, name, quotes) for name, quotes in asked.items()
    })  # fmt: skip
    for name, pair in environment.pairs.items():
        await _decided(pair, asked[name])
    await _notified(environment, asked, QUOTES, within)
    for name, pair in environment.pairs.items():
        await _done(pair, asked[name], {"changed": "resubmit", "closed": "close"})
    await _notified(environment, asked, QUOTES[:1], within)
    for name, pair in environment.pairs.items():
        await _office(pair, asked[name], {"changed": "quotation_sent"})
    await _notified(environment, asked, QUOTES, within)
    for name, pair in environment.pairs.items():
        await _done(pair, asked[name], {"ordered": "order", "changed": "order"})
        await _office(pair, asked[name], dict.fromkeys(
            ("ordered", "changed", "closed"), "quotation_lost"
        ))  # fmt: skip
    await _notified(environment, asked, QUOTES, within)
    found = [await _compared(pair, asked[name]) for name, pair in environment.pairs.items()]
    found += [await not_as_agreed(pair, asked[name]) for name, pair in environment.pairs.items()]
    findings = tuple(finding for one in found for finding in one)
    ordered = sum(IN_THE_END[life][0] == "ordered" for life in LIVES) * len(asked)
    return Negotiated(sum(map(len, asked.values())), ordered, findings)


async def _notified(
    environment: Environment, asked: Mapping[str, Quotes], flows: Sequence[str], within: timedelta
) -> None:
    """Both flows look at them, as a poll would have them do later."""
    for flow in flows:
        for name, quotes in asked.items():
            keys = [str(one["id"]) for one in quotes]
            await environment.engine.intake.accept(flow, name, keys, "poll")
        await environment.until_idle(within=within)


async def _accounts(environment: Environment, name: str, quotes: Quotes) -> list[str]:
    """F&O's account of each company that asks."""
    ledger = environment.engine.ledger
    return [(await ledger.claim(name, "companies", str(one["company"]))).number for one in quotes]


async def _decided(pair: Pair, quotes: Quotes) -> None:
    """The office answers each in its own way."""
    ways = {
        **dict.fromkeys(OFFERED, "quotation_sent"), "lost": "quotation_lost",
        "cancelled": "quotation_cancelled", "confirmed": "quotation_confirmed",
    }  # fmt: skip
    await _office(pair, quotes, ways)


async def _office(pair: Pair, quotes: Quotes, ways: Mapping[str, str]) -> None:
    known = await quotations(pair)
    for quote, life in zip(quotes, LIVES, strict=True):
        if life in ways:
            await act(pair, ways[life], known[_reference(quote)].number)


async def _done(pair: Pair, quotes: Quotes, deeds: Mapping[str, str]) -> None:
    for quote, life in zip(quotes, LIVES, strict=True):
        if life in deeds:
            await pair.shop.ask("POST", f"/sandbox/quotes/{quote['id']}/{deeds[life]}")


def _reference(quote: Mapping[str, Any]) -> str:
    return f"Q{quote['store_id']}-{quote['id']}"


async def _compared(pair: Pair, asked: Quotes) -> list[Finding]:
    """Quotes that do not stand as their lives end, or do not show what was approved."""
    known = await quotations(pair)
    field, shown = ("SalesOrderName", "net") if is_in_sales(pair) else ("QuotationNumber", "goods")
    now = {one["id"]: one for one in await pair.shop.ask("GET", "/sandbox/quotes")}
    orders = {row.get("CustomersOrderReference"): row for row in await pair.ledger.sales_orders()}
    findings = list[Finding]()
    for quote, life in zip(asked, LIVES, strict=True):
        one, quotation = now[quote["id"]], known[_reference(quote)]
        number, approved = quotation.number, quotation.amount
        stands = (one["status"], quotation.status)
        if stands != IN_THE_END[life]:
            findings.append(Finding(pair.name, f"quote {one['id']}", f"{life}: is {stands}"))
        goods = Decimal(one[shown]) if life in OFFERED and life != "closed" else approved
        if goods != approved or (approved <= ZERO and (life in OFFERED or not is_in_sales(pair))):
            what = f"shows {goods}, approved are {approved}"
            findings.append(Finding(pair.name, f"quote {one['id']}", what))
        if one["order"]:
            order = orders.get(f"{one['store_id']}-{one['order']}", {})
            if order.get(field) != number:
                what = f"its order {one['order']} does not carry {number}"
                findings.append(Finding(pair.name, f"quote {one['id']}", what))
    return findings
