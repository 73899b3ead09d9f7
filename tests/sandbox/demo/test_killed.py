"""The host is killed again and again in the middle of the demo's load: nothing lost, nothing
doubled, no half order."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from sandbox.demo.comparison import reconciled
from sandbox.demo.delivering import SETTLED
from sandbox.demo.environment import Environment, Pair
from sandbox.demo.load import make_calm, make_rough
from sandbox.demo.starting import running_environment
from sandbox.demo.systems import pause
from sync.config.connections import NumberMode

PATIENCE = timedelta(minutes=30)
"""Far more than a slow machine needs."""
NOT_ENTERED = ("F&O has no price", "the shop has no shared catalog")
"""Nobody has entered prices or made catalogs here, and a poll may have told of it."""
TIMING: Mapping[str, int] = {
    "commit_horizon_seconds": 1,
    "send_within_seconds": 3,
    "write_timeout_seconds": 4,
}
"""A killed host's write is looked for when it can come no more: after as long as all of these
together."""


@pytest.mark.parametrize(
    ("numbers", "kills"),
    [
        (NumberMode.OURS, 2),
        pytest.param(NumberMode.OURS, 10, marks=pytest.mark.long),
        pytest.param(NumberMode.THEIRS, 10, marks=pytest.mark.long),
    ],
)
async def test_a_host_killed_again_and_again_loses_nothing_and_doubles_nothing(
    tmp_path: Path, numbers: NumberMode, kills: int
) -> None:
    chance = Random(f"kills {numbers}")
    async with running_environment(
        tmp_path, seed=11, connections={"outdoor": numbers}, timing=TIMING
    ) as environment:
        (pair,) = environment.pairs.values()
        await make_rough(pair)
        for _ in range(kills):
            await pair.shop.place(7)
            await until_posted(environment, pair, await posted(pair) + chance.randrange(1, 6))
            await environment.kill_host()
            await pair.shop.place(1)
            await environment.start_host()
        await make_calm(pair)
        await everything_is_delivered(environment)
        books = await reconciled(environment)
        found = [one.what for one in books.findings]
        assert not [what for what in found if not any(one in what for one in NOT_ENTERED)]
        assert sum(row.orders for row in books.rows) == kills * 8
        assert sum(row.sales_orders for row in books.rows) == kills * 8
        assert all(row.difference == 0 for row in books.rows)
        assert sum(row.dynamics.invoices for row in books.cash) > 0
        assert all(row.difference == 0 for row in books.cash)


async def posted(pair: Pair) -> int:
    return (await pair.ledger.rows()).get("SalesTable", 0)


async def until_posted(environment: Environment, pair: Pair, count: int) -> None:
    """So many orders are in D365, or as many as webhooks told of: those of lost ones wait for a
    poll."""
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while await posted(pair) < count and await environment.unfinished():
            await pause(0.01)


async def everything_is_delivered(environment: Environment) -> None:
    """Webhooks that met a dead host never come again: a poll finds their orders."""

    await asyncio.sleep(SETTLED.total_seconds())
    await environment.poll()
    await environment.until_idle(within=PATIENCE)
