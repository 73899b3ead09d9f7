"""The demo's story: orders are placed while things go wrong, delivered, polled for, healed, measured and compared."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from sync.demo.books import reconciled
from sync.demo.cash import CashRow
from sync.demo.figures import Price, latencies, mishaps, percentile
from sync.demo.load import Plan, make_calm, make_rough, place, place_measured
from sync.demo.paperwork import not_read_back, post_drafts
from sync.demo.reconciliation import Finding, Row
from sync.demo.stage import Stage
from sync.demo.systems import pause
from sync.mapping_tables.tables import ItemMapping
from sync.road.ledger import Claim
from sync.sandbox.terms import NOVELTY, UNIT, item_numbers

PATIENCE: Final = timedelta(seconds=120)
SETTLED: Final = timedelta(seconds=6.1)
"""A poll leaves out what the shop may still be committing: its last seconds."""


class Gauge(Protocol):
    """Shows how far something has come."""

    def reach(self, done: float) -> None:
        """So much is done in all."""
        ...


class Gauges(Protocol):
    """Makes gauges: what is shown, and how much there is."""

    def __call__(self, what: str, total: float) -> AbstractContextManager[Gauge]:
        """A gauge for the length of a block."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What came of it. `parked` as it was before it was healed; `seconds` from the first order to the last comparison."""

    orders: int
    seconds: Decimal
    rows: tuple[Row, ...]
    cash: tuple[CashRow, ...]
    findings: tuple[Finding, ...]
    parked: tuple[Claim, ...]
    prices: tuple[Price, ...]
    latency_ms: Mapping[str, int]
    mishaps: Mapping[str, int]
    polled: int
    read_back: int
    company_orders: int

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
                {"connection": c.connection, "key": c.key, "reason": c.reason, "remedy": c.remedy} for c in self.parked
            ],
            "requests_per_order": [price.as_json() for price in self.prices],
            "hint_to_posted_ms": dict(self.latency_ms),
            "mishaps": dict(self.mishaps),
            "found_by_polling": self.polled,
            "posted_numbers_read_back": self.read_back,
            "company_orders": self.company_orders,
        }


async def play(stage: Stage, plan: Plan, gauges: Gauges, *, tamper: bool = False) -> Outcome:
    """Run the story; nothing is left to deliver at its end. Raises `Stuck`.

    `tamper`: somebody changes an order and a payment in F&O behind everybody's back, to see that the comparison finds it.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    polled, parked, findings = await _delivered(stage, plan, gauges)
    read_back, missing = await _posted_by_clerks(stage)
    prices = await _measured(stage, plan, gauges)
    findings += missing + [finding for price in prices for finding in price.findings()]
    mishappened = await mishaps(stage)
    if tamper:
        pair = next(iter(stage.pairs.values()))
        await pair.ledger.overcharge(pair.token, Decimal(1))
        await pair.ledger.overpay(pair.token, Decimal(2))
    books = await reconciled(stage)
    seconds = Decimal(f"{loop.time() - began:.1f}")
    ordered = await latencies(stage)
    latency = {f"p{percent}": percentile(ordered, percent) for percent in (50, 99)}
    return Outcome(
        orders=sum(row.orders for row in books.rows), seconds=seconds, rows=books.rows, cash=books.cash,
        findings=tuple(dict.fromkeys([*findings, *books.findings])), parked=tuple(parked), prices=tuple(prices),
        latency_ms=latency, mishaps=mishappened, polled=polled, read_back=read_back, company_orders=books.company_orders,
    )  # fmt: skip


async def _delivered(stage: Stage, plan: Plan, gauges: Gauges) -> tuple[int, list[Claim], list[Finding]]:
    """(found by polling, parked before healing, what was parked and should not be or the other way round)."""
    for pair in stage.pairs.values():
        await make_rough(pair)
    with gauges("Orders posted", plan.orders) as gauge:

        async def watch() -> None:
            gauge.reach(await _posted(stage))

        unmapped = await _placed(stage, plan, watch)
        polled = await stage.poll()
        parked = await _parked(stage, unmapped, watch)
        findings = _unexpected(parked, unmapped)
        await heal(stage, unmapped)
        await stage.until_idle(watch, within=PATIENCE)
    return polled, parked, findings


async def _posted(stage: Stage) -> int:
    return sum([(await pair.ledger.rows()).get("SalesTable", 0) for pair in stage.pairs.values()])


async def _placed(stage: Stage, plan: Plan, watch: Any) -> dict[str, list[str]]:
    """Place the orders and wait until a poll can see them all."""
    placing = asyncio.create_task(place(stage, plan))
    while not placing.done():
        await watch()
        await pause()
    unmapped = await placing
    until = asyncio.get_running_loop().time() + SETTLED.total_seconds()
    while asyncio.get_running_loop().time() < until:
        await watch()
        await pause()
    return unmapped


async def _parked(stage: Stage, unmapped: Mapping[str, list[str]], watch: Any) -> list[Claim]:
    """What is parked once everything that should be is, or once nothing more can come."""
    expected = {(name, key) for name, keys in unmapped.items() for key in keys}
    while True:
        left = await stage.unfinished()
        parked = await stage.parked()
        if not left or expected <= {(claim.connection, claim.key) for claim in parked}:
            return parked
        await watch()
        await pause()


def _unexpected(parked: list[Claim], unmapped: Mapping[str, list[str]]) -> list[Finding]:
    expected = {(name, key) for name, keys in unmapped.items() for key in keys}
    there = {(claim.connection, claim.key) for claim in parked}
    findings = [Finding(name, key, "should be parked: its SKU is mapped nowhere") for name, key in expected - there]
    return findings + [
        Finding(claim.connection, claim.key, f"is parked: {claim.reason}")
        for claim in parked
        if (claim.connection, claim.key) not in expected
    ]


async def heal(stage: Stage, unmapped: Mapping[str, list[str]]) -> None:
    """Do what the remedy says: map the SKU, replay the orders."""
    for name, keys in unmapped.items():
        number = item_numbers()[NOVELTY.sku]
        await (await stage.engine.desks.open(name)).items.put(ItemMapping(NOVELTY.sku, number, unit=UNIT))
        await stage.engine.hints.accept("orders", name, keys, "replay")


async def _posted_by_clerks(stage: Stage) -> tuple[int, list[Finding]]:
    """F&O posts drafts; how many of their numbers came back, by business event or poll, and those that did not."""
    numbers = await asyncio.gather(*(post_drafts(pair) for pair in stage.pairs.values()))
    posted = dict(zip(stage.pairs, numbers, strict=True))

    async def nothing() -> None:
        return

    while any([await pair.ledger.unfinished() for pair in stage.pairs.values()]):
        await pause()
    await stage.poll("postings")
    await stage.until_idle(nothing, within=PATIENCE)
    missing = await not_read_back(stage, posted)
    return sum(len(numbers) for numbers in posted.values()) - len(missing), missing


async def _measured(stage: Stage, plan: Plan, gauges: Gauges) -> list[Price]:
    """The price of an order of five lines by a known customer, many at once, with nothing going wrong."""
    for pair in stage.pairs.values():
        await make_calm(pair)
    before, posted = await stage.host.requests(), await _posted(stage)
    with gauges("Requests counted", plan.measured * len(stage.pairs)) as gauge:

        async def watch() -> None:
            gauge.reach(await _posted(stage) - posted)

        async with asyncio.TaskGroup() as group:
            for pair in stage.pairs.values():
                group.create_task(place_measured(pair, plan.measured))
        await stage.until_idle(watch, within=PATIENCE)
    after = await stage.host.requests()
    return [
        Price.between(pair.name, pair.numbers, plan.measured, before.get(pair.name, {}), after.get(pair.name, {}))
        for pair in stage.pairs.values()
    ]
