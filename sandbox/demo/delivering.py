"""The first part of the demo's story: orders are placed while things go wrong, and delivered,
polled for and healed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sandbox.demo.environment import Environment
from sandbox.demo.gauges import Gauges
from sandbox.demo.goods import first_goods, more_goods
from sandbox.demo.load import Placed, Plan, make_rough, place
from sandbox.demo.reconciliation import Finding
from sandbox.demo.systems import pause
from sandbox.demo.variants import not_as_bought
from sandbox.terms import NOVELTY, UNIT, item_numbers
from sync.engine.claim import Claim
from sync.mapping_tables.tables import ItemMapping

PATIENCE: Final = timedelta(seconds=120)
SETTLED: Final = timedelta(seconds=6.1)
"""A poll leaves out what the shop may still be committing: its last seconds."""


@dataclass(frozen=True)
class Delivered:
    """How many records polling found, what was parked before it was healed, how many orders were of
    variants, and what is off: of these, or parked and should not be, or the other way round."""

    polled: int
    parked: list[Claim]
    variants: int
    findings: list[Finding]


async def delivered(environment: Environment, plan: Plan, gauges: Gauges) -> Delivered:
    """Have orders placed and delivered. Raises `Stuck`."""
    for pair in environment.pairs.values():
        await make_rough(pair)
    await first_goods(environment, PATIENCE)
    with gauges("Orders posted", plan.orders) as gauge:

        async def check_progress() -> None:
            gauge.reach(await posted_in(environment))

        placed = await _placed(environment, plan, check_progress)
        unmapped = {name: one.unmapped for name, one in placed.items()}
        await more_goods(environment)
        polled = await environment.poll()
        parked = await _parked(environment, unmapped, check_progress)
        findings = _unexpected(parked, unmapped)
        await heal(environment, unmapped)
        await environment.until_idle(check_progress, within=PATIENCE)
    bought = {name: one.variants for name, one in placed.items()}
    findings += await not_as_bought(environment, bought)
    return Delivered(polled, parked, sum(map(len, bought.values())), findings)


async def posted_in(environment: Environment) -> int:
    """Sales orders of all ledgers."""
    return sum(
        [(await pair.ledger.rows()).get("SalesTable", 0) for pair in environment.pairs.values()]
    )


async def _placed(environment: Environment, plan: Plan, check_progress: Any) -> dict[str, Placed]:
    """Place the orders and wait until a poll can see them all."""
    placing = asyncio.create_task(place(environment, plan))
    while not placing.done():
        await check_progress()
        await pause()
    placed = await placing
    until = asyncio.get_running_loop().time() + SETTLED.total_seconds()
    while asyncio.get_running_loop().time() < until:
        await check_progress()
        await pause()
    return placed


async def _parked(
    environment: Environment, unmapped: Mapping[str, list[str]], check_progress: Any
) -> list[Claim]:
    """What is parked once everything that should be is, or once nothing more can come."""
    expected = {(name, key) for name, keys in unmapped.items() for key in keys}
    while True:
        left = await environment.unfinished()
        parked = await environment.parked()
        if not left or expected <= {(claim.connection, claim.key) for claim in parked}:
            return parked
        await check_progress()
        await pause()


def _unexpected(parked: list[Claim], unmapped: Mapping[str, list[str]]) -> list[Finding]:
    expected = {(name, key) for name, keys in unmapped.items() for key in keys}
    there = {(claim.connection, claim.key) for claim in parked}
    findings = [
        Finding(name, key, "should be parked: its SKU is mapped nowhere")
        for name, key in expected - there
    ]
    return findings + [
        Finding(claim.connection, claim.key, f"is parked: {claim.reason}")
        for claim in parked
        if (claim.connection, claim.key) not in expected
    ]


async def heal(environment: Environment, unmapped: Mapping[str, list[str]]) -> None:
    """Do what the remedy says: map the SKU, replay the orders."""
    for name, keys in unmapped.items():
        number = item_numbers()[NOVELTY.sku]
        await (await environment.engine.systems_pool.open(name)).items.put(
            ItemMapping(NOVELTY.sku, number, unit=UNIT)
        )
        await environment.engine.intake.accept("orders", name, keys, "replay")
