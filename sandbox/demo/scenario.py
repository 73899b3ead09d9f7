"""The demo's story: orders are placed while things go wrong, delivered, polled for, healed,
measured and compared."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.demo.accounts import Sent, send_accounts
from sandbox.demo.activity import Active
from sandbox.demo.capturing import Captured, invoice_and_capture
from sandbox.demo.cash import CashRow
from sandbox.demo.changed import Changed, change_orders
from sandbox.demo.comparison import reconciled
from sandbox.demo.complaints import complain_and_answer
from sandbox.demo.credit import Credited, credit_in_the_end
from sandbox.demo.delivering import PATIENCE, delivered, posted_in
from sandbox.demo.environment import Environment, Pair
from sandbox.demo.figures import Price, incidents, latencies, percentile
from sandbox.demo.gauges import Gauges
from sandbox.demo.goods import Goods, goods_in_the_end
from sandbox.demo.invoicing import not_read_back, post_drafts
from sandbox.demo.load import Plan, make_calm, place_measured
from sandbox.demo.quotes import Negotiated, negotiate
from sandbox.demo.reconciliation import Finding, Row
from sandbox.demo.returned import SentBack, send_back
from sandbox.demo.shipping import Shipped, pack_and_ship
from sandbox.demo.systems import pause
from sandbox.demo.told import Told, told_in_the_end
from sync.engine.claim import Claim


@dataclass(frozen=True)
class Outcome:
    """The result. `parked` as it was before it was healed; `seconds` from the first order to
    the last comparison."""

    orders: int
    seconds: Decimal
    rows: tuple[Row, ...]
    cash: tuple[CashRow, ...]
    findings: tuple[Finding, ...]
    parked: tuple[Claim, ...]
    prices: tuple[Price, ...]
    latency_ms: Mapping[str, int]
    incidents: Mapping[str, int]
    polled: int
    read_back: int
    company_orders: int
    variants: int
    compared: int
    goods: Goods
    shipped: Shipped
    sent_back: SentBack
    captured: Captured
    changed: Changed
    sent: Sent
    credited: Credited
    negotiated: Negotiated
    active: Active
    told: Told

    def as_json(self) -> dict[str, Any]:
        """One document."""
        return {
            "ok": not self.findings,
            "orders": self.orders,
            "seconds": self.seconds,
            "reconciliation": [row.as_json() for row in self.rows],
            "receivables": [row.as_json() for row in self.cash],
            "findings": [finding.as_json() for finding in self.findings],
            "parked": [
                {"connection": c.connection, "key": c.key, "reason": c.reason, "remedy": c.remedy}
                for c in self.parked
            ],
            "requests_per_order": [price.as_json() for price in self.prices],
            "hint_to_posted_ms": dict(self.latency_ms),
            "mishaps": dict(self.incidents),
            "found_by_polling": self.polled,
            "posted_numbers_read_back": self.read_back,
            "company_orders": self.company_orders,
            "variants_ordered": self.variants,
            "documents_reconciled": self.compared,
            **self.goods.as_json(),
            "shipments": self.shipped.as_json(),
            "returns": self.sent_back.as_json(),
            "captures": self.captured.as_json(),
            "changed_orders": self.changed.as_json(),
            "accounts": self.sent.as_json(),
            "credit": self.credited.as_json(),
            "quotes": self.negotiated.as_json(),
            "activity": self.active.as_json(),
            **self.told.as_json(),
        }


async def run_scenario(
    environment: Environment, plan: Plan, gauges: Gauges, *, tamper: bool = False
) -> Outcome:
    """Run the story; nothing is left to deliver at its end. Raises `Stuck`.

    `tamper`: somebody changes an order and a payment in F&O behind everybody's back, to see that
    the comparison finds it.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    placed = await delivered(environment, plan, gauges)
    prices = await _measured(environment, plan, gauges)
    shipped, sent, negotiated = await _gone_on(environment)
    read_back, missing = await _posted_by_clerks(environment)
    sent_back = await send_back(environment, PATIENCE)
    captured, changed = await _captured_and_changed(environment)
    incidents_happened = await incidents(environment)
    if tamper:
        await _tampered(next(iter(environment.pairs.values())))
    goods, credited = await _shown_in_the_end(environment)
    books = await reconciled(environment)
    seconds = Decimal(f"{loop.time() - began:.1f}")
    active, told = await told_in_the_end(environment, plan.accounts, PATIENCE)
    played = (shipped, sent_back, captured, changed, sent, credited, negotiated, active, told)
    findings = (
        *placed.findings, *missing, *(found for price in prices for found in price.findings()),
        *goods.findings, *books.findings, *(found for one in played for found in one.findings),
    )  # fmt: skip
    return Outcome(
        orders=sum(row.orders for row in books.rows), seconds=seconds, rows=books.rows,
        cash=books.cash, findings=tuple(dict.fromkeys(findings)),
        parked=tuple(placed.parked), prices=tuple(prices), polled=placed.polled,
        variants=placed.variants,
        incidents=incidents_happened, read_back=read_back, company_orders=books.company_orders,
        compared=books.compared, goods=goods, shipped=shipped, sent_back=sent_back,
        captured=captured, changed=changed, sent=sent, credited=credited, negotiated=negotiated,
        active=active, told=told, latency_ms=await _latency(environment),
    )  # fmt: skip


async def _gone_on(environment: Environment) -> tuple[Shipped, Sent, Negotiated]:
    """What is packed and sent while quotes are negotiated."""

    async def shipped_and_sent() -> tuple[Shipped, Sent]:
        shipped = await pack_and_ship(environment, PATIENCE)
        return shipped, await send_accounts(environment, PATIENCE)

    first, negotiated, _ = await asyncio.gather(
        shipped_and_sent(), negotiate(environment, PATIENCE),
        complain_and_answer(environment, PATIENCE),
    )  # fmt: skip
    return *first, negotiated


async def _captured_and_changed(environment: Environment) -> tuple[Captured, Changed]:
    return await asyncio.gather(
        invoice_and_capture(environment, PATIENCE), change_orders(environment, PATIENCE)
    )


async def _shown_in_the_end(environment: Environment) -> tuple[Goods, Credited]:
    return await asyncio.gather(
        goods_in_the_end(environment, PATIENCE), credit_in_the_end(environment, PATIENCE)
    )


async def _latency(environment: Environment) -> dict[str, int]:
    ordered = await latencies(environment)
    return {f"p{percent}": percentile(ordered, percent) for percent in (50, 99)}


async def _tampered(pair: Pair) -> None:
    await pair.ledger.overcharge(pair.token, Decimal(1))
    await pair.ledger.overpay(pair.token, Decimal(2))


async def _posted_by_clerks(environment: Environment) -> tuple[int, list[Finding]]:
    """F&O posts drafts; how many of their numbers came back, by business event or poll, and those
    that did not."""
    numbers = await asyncio.gather(*(post_drafts(pair) for pair in environment.pairs.values()))
    posted = dict(zip(environment.pairs, numbers, strict=True))

    while any([await pair.ledger.unfinished() for pair in environment.pairs.values()]):
        await pause()
    await environment.poll("posted_invoices")
    await environment.until_idle(within=PATIENCE)
    missing = await not_read_back(environment, posted)
    return sum(len(numbers) for numbers in posted.values()) - len(missing), missing


async def _measured(environment: Environment, plan: Plan, gauges: Gauges) -> list[Price]:
    """The price of an order of five lines by a known customer, many at once, with nothing going
    wrong from now on, and nothing else to do."""
    for pair in environment.pairs.values():
        await make_calm(pair)
    before, posted = await environment.host.requests(), await posted_in(environment)
    with gauges("Requests counted", plan.measured * len(environment.pairs)) as gauge:

        async def check_progress() -> None:
            gauge.reach(await posted_in(environment) - posted)

        async with asyncio.TaskGroup() as group:
            for pair in environment.pairs.values():
                group.create_task(place_measured(pair, plan.measured))
        await environment.until_idle(check_progress, within=PATIENCE)
    after, count = await environment.host.requests(), plan.measured
    counts = {name: (before.get(name, {}), after.get(name, {})) for name in environment.pairs}
    return [
        Price.between(pair.name, pair.numbers, count, *counts[pair.name])
        for pair in environment.pairs.values()
    ]
